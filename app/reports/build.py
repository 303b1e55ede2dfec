"""From a Sheet to a Report: calls every statistic by name, top to bottom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from typing import Any

from app.domain.verdict import BY_MEAN
from app.reports.agreement import agreement
from app.reports.calibrated import calibrated_lines, calibration_lines
from app.reports.inference import chosen_afterwards, difference_lines, equivalence_line, heterogeneity_lines, tested
from app.reports.length import length_lines, unmeasured
from app.reports.lines import axis_lines, headline, policy_lines, slice_lines, stratum_lines
from app.reports.losses import losses
from app.reports.methods import methods
from app.reports.monitoring import sequence_lines
from app.reports.position import position_lines
from app.reports.reading import Reading, read
from app.reports.report import Losses, RateLine, Report, Results
from app.reports.sentences import SINGLE_ORDER
from app.reports.sheet import Parameters, Sheet
from app.reports.strengths import strengths
from app.reports.trust import judge_lines

DEFAULTS = Parameters()
UNKNOWN_OF_JUDGES = {"sees_images": None, "images_sent": None}  # where verdicts were made elsewhere


def build(sheet: Sheet, parameters: Parameters = DEFAULTS) -> Report:
    """Every number of a report. Raises Invalid, naming the parameter that does not fit the sheet."""
    reading = read(sheet, parameters)
    with ThreadPoolExecutor(1) as beside:  # numpy lets another thread compute while it counts
        heterogeneity = beside.submit(heterogeneity_lines, reading)
        sequences = beside.submit(sequence_lines, reading)
        placed = beside.submit(position_lines, reading)
        lines = tested(reading, headline(reading), axis_lines(reading), slice_lines(reading))
        models, fit = strengths(reading)
        policies, strata, lost = policy_lines(reading), stratum_lines(reading), losses(reading)
        positions = placed.result()
    judges = judge_lines(reading, positions)
    results = Results(
        parameters=asdict(parameters) | {"policy": reading.policy.name.value},
        provenance=_provenance(reading),
        headline=lines.headline,
        policies=policies,
        axes=lines.axes,
        slices=lines.slices,
        strata=strata,
        models=models,
        fit=fit,
        position=positions,
        judges=judges,
        losses=lost,
        methods=methods(reading, lost, positions, fit),
        warnings=_warnings(reading, lost, lines.headline),
        equivalence=equivalence_line(reading, lines.headline),
        heterogeneity=heterogeneity.result(),
        differences=difference_lines(reading),
        agreement=agreement(reading, judges),
        calibrated=calibrated_lines(reading),
        calibration=calibration_lines(reading),
        length=length_lines(reading),
        sequences=sequences.result(),
    )
    return Report(envelope=dict(sheet.envelope), results=results)


def _provenance(reading: Reading) -> dict[str, Any]:
    sheet = reading.sheet
    judges = [{field.name: getattr(judge, field.name) for field in fields(judge)} for judge in sheet.judges]
    return {
        "judges": [judge | UNKNOWN_OF_JUDGES if sheet.imported else judge for judge in judges],
        "rubric": dict(sheet.rubric),
        "prompt_hash": sheet.prompt_hash,
        "primary_axis": sheet.primary_axis,
        "policy": dict(sheet.policy),
        "orders": [order.name for order in sheet.orders],
        "repeats": sheet.repeats,
        "seed": sheet.seed,
        "judges_saw_answers": None if sheet.imported else sheet.judges_saw_answers,
        "judges_saw_reference": None if sheet.imported else sheet.judges_saw_reference,
    }


def _single_order(sheet: Sheet) -> str:
    """Names judges where others showed both orders."""
    single = [judge.name for judge in sheet.judges if judge.single_order]
    return f"{SINGLE_ORDER} for {', '.join(single)}" if 0 < len(single) < len(sheet.judges) else SINGLE_ORDER


def _warnings(reading: Reading, lost: Losses, line: RateLine | None) -> list[str]:
    """What a reader must know that no single number says."""
    sheet, tag, control = reading.sheet, reading.parameters.slice_by, reading.parameters.control
    pending, rate = lost.missing_pairs["pending"], line.win_rate if line else None
    split = rate.undecided if rate and reading.policy.name not in BY_MEAN else 0
    unseen = [axis for axis in sheet.axes if not reading.assessed(axis)]
    told = {
        f"preliminary: {pending} pairs are still pending": pending > 0,
        f"policy {reading.policy.name} was chosen after submit (post hoc)": reading.post_hoc,
        f"the judges split on {split} pairs of the headline, which the rate leaves out": split > 0,
        _single_order(sheet): len(sheet.orders) == 1 or any(judge.single_order for judge in sheet.judges),
        f"not assessed, since no judge saw an image: {', '.join(unseen)}": bool(unseen),
        f"no pair has the tag {tag}: no slices": tag not in sheet.tags and tag != DEFAULTS.slice_by,
        f"not controlled for {control}: the {control} of a trace is not known": unmeasured(reading),
        f"slices by {tag} were chosen after submit: exploratory": tag in sheet.tags and chosen_afterwards(reading),
    }
    return [text for text, applies in told.items() if applies]
