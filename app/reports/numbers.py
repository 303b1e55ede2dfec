"""How numbers look: the one place that turns rates, counts and strengths into text, for every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.stats.win_rate import Rate

NOTHING = "–"  # an en dash: this number does not exist
LEAST_P = 0.001
MOST_DIGITS = 16
WHOLE = 100.0


def whole(count: int) -> str:
    """1234567 -> "1,234,567"."""
    return f"{count:,}"


def percent(share: float | None) -> str:
    """0.7841 -> "78.4 %"; never printed without `interval` beside it."""
    return NOTHING if share is None else f"{_hundredths(share, 1)} %"


def level_percent(level: float) -> str:
    """0.95 -> "95 %": a confidence level, as short as it can be said, but never 100 %."""
    digits = next((some for some in range(6, MOST_DIGITS) if float(f"{100 * level:.{some}g}") < WHOLE), MOST_DIGITS)
    return f"{100 * level:.{digits}g} %"


def interval(low: float | None, high: float | None) -> str:
    """(0.759, 0.807) -> "75.9–80.7", in percent."""
    return "no interval" if low is None or high is None else "–".join(ends(low, high))


def ends(low: float, high: float) -> tuple[str, str]:
    """(0.759, 0.807) -> ("75.9", "80.7"), in percent: with more digits where different ends would look the same."""
    return _apart(_hundredths, low, high, 1)


def rate(value: Rate | None) -> str:
    """A rate with its interval, "78.4 % (75.9–80.7)": what stands in every table cell."""
    if value is None or value.estimate is None:
        return NOTHING
    return f"{percent(value.estimate)} ({interval(value.low, value.high)})"


def share(value: Mapping[str, float | int | None]) -> str:
    """A share {estimate, low, high, n} with interval and denominator: "96.7 % (83.3–99.4), n = 30"."""
    count = whole(int(value.get("n") or 0))
    if value.get("estimate") is None:
        return f"{NOTHING}, n = {count}"
    return f"{percent(value['estimate'])} ({interval(value.get('low'), value.get('high'))}), n = {count}"


def points(value: Mapping[str, float | int | None] | None) -> str:
    """A difference of shares {estimate, low, high, n} in points: "+12.0 (+3.1 to +20.9), n = 40"."""
    if value is None:
        return NOTHING
    count = whole(int(value["n"] or 0))
    low, estimate, high = (None if end is None else 100 * end for end in map(value.get, ("low", "estimate", "high")))
    if estimate is None:
        return f"{NOTHING}, n = {count}"
    return f"{signed(estimate, 1)} ({signed_interval(low, high, 1)}), n = {count}"


def pairs(count: int) -> str:
    """1 pair, 336 pairs."""
    return f"{whole(count)} pair{'s' * (count != 1)}"


def over(value: Rate) -> str:
    """What a rate is over: "336 pairs", "267 of 336 pairs" where the rest is not decided."""
    total = pairs(value.n_pairs)
    return total if value.n_decided == value.n_pairs else f"{whole(value.n_decided)} of {total}"


def bounds(value: Rate | None) -> str:
    """The rate with every missing pair given to B, and to A: "75.8–80.8 %"."""
    if value is None or value.bounds is None:
        return NOTHING
    return f"{interval(*value.bounds)} %"


def record(value: Rate) -> str:
    """The identity, spelled out: "7 won + 2 lost + 1 tied + ... = 10 pairs"."""
    parts = " + ".join(f"{whole(count)} {word}" for word, count in counts(value).items())
    return f"{parts} = {whole(value.n_pairs)} pairs"


def counts(value: Rate) -> dict[str, int]:
    """How the pairs ended, in the words users meet, in the order of the identity."""
    return {
        "won": value.wins,
        "lost": value.losses,
        "tied": value.ties,
        "inconsistent": value.inconsistent,
        "undecided": value.undecided,
        "missing": value.missing,
    }


def signed(value: float | None, digits: int = 2) -> str:
    """0.531 -> "+0.53", with a true minus sign; strengths and biases."""
    return NOTHING if value is None else f"{value:+z.{digits}f}".replace("-", "−")


def signed_interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """(0.2, None) -> "+0.20 to ∞": a strength's interval may be open to one side, or unknown."""
    if low is None and high is None:
        return "no interval"
    if low is None or high is None:
        return f"{'−∞' if low is None else signed(low, digits)} to {'∞' if high is None else signed(high, digits)}"
    return " to ".join(_apart(signed, low, high, digits))


def p_value(p: float | None) -> str:
    """0.0123 -> "0.012", 0.0002 -> "<0.001"."""
    if p is None:
        return NOTHING
    return "<0.001" if p < LEAST_P else f"{p:.3f}"


def _apart(said: Callable[[float, int], str], low: float, high: float, digits: int) -> tuple[str, str]:
    """Both ends, in as few digits as tell them apart, at least `digits`; equal ends look equal."""
    if low == high:
        return said(low, digits), said(high, digits)
    told = ((said(low, more), said(high, more)) for more in range(digits, MOST_DIGITS))
    return next((ends for ends in told if ends[0] != ends[1]), (said(low, digits), said(high, digits)))


def _hundredths(fraction: float, digits: int) -> str:
    return f"{100 * fraction:.{digits}f}"
