"""The citable sentence: one rate in words, never a percentage without its denominator and interval.

A preference is claimed only when the interval leaves 50 % out; otherwise the sentence says "no clear preference".
The numbers always belong to the first-named model, `model_a`.
"""

from __future__ import annotations

from app.domain.verdict import BY_MEAN, PolicyName
from app.reports import numbers
from app.stats.win_rate import Rate

HALF = 0.5

NOT_CALIBRATED = "not calibrated"
COUNTING = {
    PolicyName.HALF: "ties and inconsistent count half",
    PolicyName.DROP: "ties count half, inconsistent left out",
    PolicyName.AVERAGE: "mean score of the two orders",
    PolicyName.DEBIAS: "sign of the debiased log-odds, ties count half",
    PolicyName.DEBIAS_SOFT: f"debiased probability, {NOT_CALIBRATED}",
    PolicyName.SINGLE: "one order per pair, ties count half",
}
SINGLE_ORDER = "single order: position bias not removable"
FINISHED = "verdicts came finished: no policy of orders applies to them"
SOFT = "soft verdicts count as given"
SOFT_VOTES = "soft verdicts vote by the side they lean to"
NOT_ASSESSED = "not assessed: no judge saw an image"


def counting(policy: PolicyName, *, soft: bool, panel: bool = False) -> str:
    """What a policy counts; `soft`: finished verdicts between win, tie and loss are among them, of a `panel` or not."""
    by_mean = policy in BY_MEAN
    told = COUNTING[policy] + " and of all judges" * (panel and policy is PolicyName.AVERAGE)
    return f"{SOFT_VOTES if panel and not by_mean else SOFT}; {told}" if soft else told


def citation(model_a: str, model_b: str, rate: Rate, counting: str) -> str:
    """The sentence of the contract. `counting`: what the policy counts, see COUNTING."""
    over = numbers.pairs(rate.n_pairs)
    if rate.n_decided < rate.n_pairs - rate.missing:
        over += f", {numbers.whole(rate.n_decided)} of them decided"
    if rate.estimate is None or rate.low is None or rate.high is None:
        return f"{model_a} against {model_b}: nothing decided over {over}: {_endings(rate)}"
    if rate.low > HALF:
        finding = f"{model_a} preferred to {model_b}: win rate"
    elif rate.high < HALF:
        finding = f"{model_b} preferred to {model_a}: win rate of {model_a}"
    else:
        finding = f"no clear preference between {model_a} and {model_b}: win rate of {model_a}"
    interval = f"{numbers.level_percent(rate.level)} CI {'-'.join(numbers.ends(rate.low, rate.high))}, {rate.method}"
    return f"{finding} {numbers.percent(rate.estimate)} ({interval}; {counting}) over {over}: {_endings(rate)}"


def _endings(rate: Rate) -> str:
    """Shares of all pairs; undecided only where there are any, since one judge cannot leave a pair undecided."""
    told = {word: count for word, count in numbers.counts(rate).items() if count or word != "undecided"}
    return ", ".join(f"{word} {numbers.percent(count / max(rate.n_pairs, 1))}" for word, count in told.items())
