"""What all wire shapes have in common: strictness on the way in, tolerance on the way out, and text types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

LARGEST_INT = 2**31 - 1
LARGEST_BIGINT = 2**63 - 1
# PostgreSQL stores no NUL. Long texts are searched for it in one go (pairs.py), short ones by their form.
NOT_BLANK = r"\S"
LINE_FORM = r"^[^\x00]*[^\s\x00][^\x00]*$"
TEXT_FORM = r"^[^\x00]*$"
# Names stand in addresses, so no slash, no control characters.
NAME_FORM = r"^[^/\x00-\x1f\x7f]+$"
FORMS = {
    NOT_BLANK: "must not be blank",
    LINE_FORM: "must not be blank or hold a NUL character",
    TEXT_FORM: "must not hold a NUL character",
    NAME_FORM: "must not hold a slash or control characters",
}


def example(value: Any) -> ConfigDict:
    """The part of a shape's configuration that shows what it looks like in the API's description."""
    return ConfigDict(json_schema_extra={"example": value})


class Input(BaseModel):
    """What users send: an unknown field is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Output(BaseModel):
    """What users get: a client tolerates the fields a newer server adds."""

    model_config = ConfigDict(extra="ignore", frozen=True, from_attributes=True)


Filled = Annotated[str, StringConstraints(pattern=NOT_BLANK)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE_FORM)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NAME_FORM)]
Sentence = Annotated[str, StringConstraints(max_length=2_000, pattern=TEXT_FORM)]
Seed = Annotated[int, Field(strict=True, ge=0, le=LARGEST_BIGINT)]
Count = Annotated[int, Field(strict=True, ge=0, le=LARGEST_INT)]
JsonObject = dict[str, JsonValue]


def compact(value: Any) -> str:
    """A field's path for people: ("item", "images", 0, "data") -> "item.images.0.data", cut short and printable.

    Parts in parentheses are names of union members and say nothing to a user.
    """
    parts = [str(part) for part in value if not str(part).startswith("(")]
    path = ".".join(parts)
    return "".join(character if character.isprintable() else "?" for character in path[:200])
