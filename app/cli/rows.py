"""Makes an item and a trace of one row, whatever its columns are called and however flat it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

Record = dict[str, Any]

ITEM_FIELDS = ("id", "question", "options", "images", "tags", "cluster")
TRACE_FIELDS = ("item", "model", "trace", "answer", "sample", *ITEM_FIELDS)
# Where a table cell can only hold text, these hold JSON.
NESTED = ("options", "images", "tags")


@dataclass(frozen=True, slots=True)
class Columns:
    """--map: our name of a column -> the name a file has for it; both may reach inward with dots."""

    names: Mapping[str, str]

    @classmethod
    def parse(cls, texts: Sequence[str], known: Sequence[str] = TRACE_FIELDS) -> Columns:
        """From texts such as "trace=reasoning,item.id=qid"; `known`: our names. Raises BadParameter."""
        names: dict[str, str] = {}
        for part in filter(None, (part.strip() for text in texts for part in text.split(","))):
            ours, equals, theirs = (piece.strip() for piece in part.partition("="))
            if not (ours and equals and theirs):
                raise typer.BadParameter(f"{part!r} is not of the form ours=theirs, e.g. {known[0]}=theirs")
            if ours.partition(".")[0] not in known:
                raise typer.BadParameter(f"there is no {ours!r}; there are {', '.join(known)}")
            if ours in names:
                raise typer.BadParameter(f"{ours} is given twice: it can be one column only", param_hint="--map")
            names[ours] = theirs
        return cls(names)

    @property
    def theirs(self) -> tuple[str, ...]:
        return tuple(self.names.values())

    def renamed(self, record: Record) -> Record:
        """The record under our names; what is not renamed stays."""
        taken = {ours: _reached(record, theirs) for ours, theirs in self.names.items()}
        kept = {name: value for name, value in record.items() if name not in self.theirs and name not in taken}
        return kept | {name: value for name, value in taken.items() if value is not None}


def shaped(record: Record, folder: Path) -> tuple[Record, Record]:
    """The item's fields and the trace's of a record under our names. `folder`: where paths of images start.

    Flat columns are nested: `item.question` (or, without an `item`, just `question`) becomes a field of the item.
    """
    nested = _nested(record)
    item = nested.pop("item", {})
    item = dict(item) if isinstance(item, dict) else {"id": item}
    for name in ITEM_FIELDS:
        if name in nested and name not in item:
            item[name] = nested.pop(name)
    return _plain_item(item, folder), nested


def _reached(record: Record, name: str) -> Any:
    """The value of a column, or of a field inside one when the name has dots."""
    value: Any = record
    if name in record:
        return record[name]
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _nested(record: Record) -> Record:
    """{"item.id": 1} -> {"item": {"id": 1}}."""
    found: Record = {}
    for name, value in record.items():
        head, dot, rest = name.partition(".")
        if not dot:
            found[name] = {**value, **found[name]} if isinstance(value, dict) and name in found else value
            continue
        inner = found.setdefault(head, {})
        if isinstance(inner, dict):
            inner[rest] = value
    return {
        name: _nested(value) if name == "item" and isinstance(value, dict) else value for name, value in found.items()
    }


def _plain_item(item: Record, folder: Path) -> Record:
    """Numbers that are names become text, JSON in cells becomes what it says, images become objects."""
    plain = {name: _unfolded(value) if name in NESTED else value for name, value in item.items() if value is not None}
    for name in ("id", "answer", "cluster"):
        if isinstance(plain.get(name), int | float) and not isinstance(plain[name], bool):
            plain[name] = str(plain[name])
    if "images" in plain and not isinstance(plain["images"], list):
        plain["images"] = [plain["images"]]
    return with_whole_paths(plain, folder)


def with_whole_paths(item: Record, folder: Path) -> Record:
    """The item with the paths of its images starting at `folder`, where the file that names them lies."""
    images = item.get("images")
    return {**item, "images": [_image(image, folder) for image in images]} if isinstance(images, list) else item


def _unfolded(value: Any) -> Any:
    """A cell that holds a JSON object or list, as that."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _image(image: Any, folder: Path) -> Any:
    """{"data"}, {"url"}, {"sha256"} or an absolute {"path"}; a bare text is whichever of them it looks like."""
    if isinstance(image, str):
        kind = "data" if image.startswith("data:") else "url" if image.startswith(("http://", "https://")) else "path"
        image = {kind: image}
    if isinstance(image, dict) and isinstance(image.get("path"), str):
        return {**image, "path": str(folder / image["path"])}
    return image
