"""Whether a judge is kin to the models it compares: what makes it prefer its own (docs/statistics.md, section 19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.reports.sheet import JudgeFacts, Sheet


def kinship(metadata: Mapping[str, Any], judge: JudgeFacts) -> list[str] | None:
    """What the judge has to do with the models and what they learnt from; None when the submitter told nothing."""
    known = _known(metadata)
    if known is None:
        return None
    own = {name.lower() for name in (judge.family, judge.served_model, judge.name) if name}
    return [told for told, names in known if own & {name.lower() for name in names}]


def flag(sheet: Sheet) -> str:
    """For the headline: which judges are kin to what; empty when none is known to be."""
    found = [(judge.name, kinship(sheet.metadata, judge)) for judge in sheet.judges]
    told = "; ".join(f"{name}: {', '.join(related)}" for name, related in found if related)
    return f"self-preference possible: {told}" if told else ""


def _known(metadata: Mapping[str, Any]) -> list[tuple[str, Sequence[str]]] | None:
    """Ties and the names they lead to, from model_families, trained_on_outputs_of and item_source_models."""
    families, trained = metadata.get("model_families"), metadata.get("trained_on_outputs_of")
    sources = metadata.get("item_source_models")
    if not any(isinstance(value, dict | list) for value in (families, trained, sources)):
        return None
    known = [(f"of one family with {model}", _names(family)) for model, family in _entries(families)]
    known += [(f"{model} was trained on its outputs", _names(teachers)) for model, teachers in _entries(trained)]
    return [*known, ("it made or filtered the items", _names(sources))]


def _entries(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _names(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [name for name in listed if isinstance(name, str)]
