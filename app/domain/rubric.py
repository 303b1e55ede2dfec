"""A rubric: versioned instructions and the axes that get a verdict each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of judging; `needs_image` axes are "not assessed" by a judge that saw none."""

    name: str
    title: str
    instruction: str
    needs_image: bool = False


@dataclass(frozen=True, slots=True)
class Rubric:
    """Instructions for a judge. `overall` is always among the axes."""

    name: str
    version: int
    title: str
    guidance: str
    axes: tuple[Axis, ...]

    def axis(self, name: str) -> Axis:
        """The axis of that name; KeyError when there is none."""
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise KeyError(name)

    @property
    def axis_names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    def hash(self) -> str:
        """SHA-256 (hex) over the whole content; two rubrics of one name and version must agree on it."""
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
