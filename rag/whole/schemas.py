"""The fields of a JSON schema, and whether a value is of the type that a field asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rag.errors import QuestionError
from rag.whole.dates import as_date

Kind = Literal["string", "number", "integer", "boolean", "object", "array"]
KINDS: tuple[Kind, ...] = ("string", "number", "integer", "boolean", "object", "array")
MOST_FIELDS = 200
DEEPEST = 4
_WORDS = re.compile(r"[_\-\s]+|(?<=[a-zà-þ0-9])(?=[A-ZÀ-Þ])")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    `label` is its name in words, under that of the object it is in; `choices` are the only values
    it may have, none where any will do; `parts` are the fields of an object, and `items` is what
    an array consists of. `lowest` and `highest` bound a number.
    """

    name: str
    label: str
    kind: Kind
    description: str = ""
    is_date: bool = False
    choices: tuple[Any, ...] = ()
    parts: tuple[Field, ...] = ()
    items: Field | None = None
    lowest: float | None = None
    highest: float | None = None

    @property
    def asked(self) -> str:
        """What is looked for, in words."""
        return f"{self.label}: {self.description}" if self.description else self.label


def read_schema(schema: object) -> Field:
    """The form that a JSON schema describes: an object with the properties to be filled in.

    Read are types, descriptions, `enum`, `const`, `format: date`, `minimum` and `maximum`, `$ref`
    into its own `$defs`, and what is optional by `anyOf` with null.

    Raises:
        QuestionError: it is no such thing; the message says what to mend.
    """
    if not isinstance(schema, Mapping):
        raise QuestionError("The schema is no JSON object. It should have a type and properties.")
    reader = _Reader(schema)
    form = reader.read("", "", schema, 0)
    if form.kind != "object":
        raise QuestionError(
            'The schema must be of an object: {"type": "object", "properties": {…}}.'
        )
    return form


class _Reader:
    """Reads the parts of one schema, and counts its fields."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._count = 0

    def read(self, name: str, above: str, schema: object, depth: int) -> Field:
        self._count += 1
        if depth > DEEPEST or self._count > MOST_FIELDS:
            raise QuestionError(
                f"The schema is too large: {MOST_FIELDS} fields and {DEEPEST} levels at most."
            )
        found = self._resolved(schema, name)
        kind = _kind(found, name)
        words = " ".join(_WORDS.sub(" ", name).split()).lower()
        label = f"{above}, {words}" if above and words else above or words
        description = found.get("description") or found.get("title") or ""
        parts: tuple[Field, ...] = ()
        items: Field | None = None
        if kind == "object":
            parts = self._parts(found, name, label, depth)
        if kind == "array":
            items = self.read("", label, found.get("items", {"type": "string"}), depth + 1)
        choices = found.get("enum") or ([found["const"]] if "const" in found else [])
        return Field(
            name,
            label,
            kind,
            str(description).strip(),
            found.get("format") == "date",
            tuple(choices) if isinstance(choices, list) else (),
            parts,
            items,
            _number(found.get("minimum")),
            _number(found.get("maximum")),
        )

    def _parts(
        self, schema: Mapping[str, Any], name: str, label: str, depth: int
    ) -> tuple[Field, ...]:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            where = f" of {name!r}" if name else ""
            raise QuestionError(f"The schema{where} has no properties. Name the fields in it.")
        return tuple(
            self.read(str(key), label, value, depth + 1) for key, value in properties.items()
        )

    def _resolved(self, schema: object, name: str) -> Mapping[str, Any]:
        """A part of the schema with its reference followed and null left out."""
        for _ in range(DEEPEST):
            if not isinstance(schema, Mapping):
                break
            if "$ref" in schema:
                schema = {**self._referred(str(schema["$ref"])), **_without(schema, "$ref")}
                continue
            options = schema.get("anyOf") or schema.get("oneOf")
            if not isinstance(options, list):
                return schema
            real = [each for each in options if each != {"type": "null"}]
            if len(real) != 1 or not isinstance(real[0], Mapping):
                raise QuestionError(f"The field {name!r} may be several things. Give it one type.")
            schema = {**real[0], **_without(schema, "anyOf", "oneOf")}
        raise QuestionError(f"The schema of the field {name!r} cannot be read.")

    def _referred(self, reference: str) -> Mapping[str, Any]:
        found: object = self._root
        if not reference.startswith("#/"):
            raise QuestionError(f"The schema refers to {reference!r}, which is not in it.")
        for key in reference[2:].split("/"):
            found = found.get(key) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise QuestionError(f"The schema refers to {reference!r}, which is not in it.")
        return found


def _without(schema: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keys}


def _kind(schema: Mapping[str, Any], name: str) -> Kind:
    said = schema.get("type")
    names = [each for each in (said if isinstance(said, list) else [said]) if each != "null"]
    if said is None:
        names = ["object" if "properties" in schema else "array" if "items" in schema else "string"]
    for kind in KINDS:
        if names == [kind]:
            return kind
    where = f"the field {name!r}" if name else "the schema"
    raise QuestionError(f"The type of {where} must be one of: {', '.join(KINDS)}.")


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isinstance(value, int | float) else None


def wrong_with(value: object, field: Field) -> str:
    """Why a value is none that the field may have; empty where it is one."""
    fault = _wrong_type(value, field)
    if fault:
        return fault
    if field.choices and value not in field.choices:
        return f"{value!r} is none of: {', '.join(map(repr, field.choices))}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if field.lowest is not None and value < field.lowest:
            return f"{value} is less than {field.lowest:g}"
        if field.highest is not None and value > field.highest:
            return f"{value} is more than {field.highest:g}"
    return ""


def _wrong_type(value: object, field: Field) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if field.kind == "boolean" and not isinstance(value, bool):
        return f"{value!r} is neither true nor false"
    if field.kind in ("number", "integer"):
        if not is_number or (isinstance(value, float) and not math.isfinite(value)):
            return f"{value!r} is no number"
        if field.kind == "integer" and isinstance(value, float) and not value.is_integer():
            return f"{value!r} is no whole number"
    if field.kind == "string":
        if not isinstance(value, str) or not value.strip():
            return f"{value!r} is no text"
        if field.is_date and as_date(value) is None:
            return f"{value!r} is no day written YYYY-MM-DD"
    return ""


def example(field: Field) -> object:
    """The shape of the JSON that a model is to give for a field."""
    if field.kind == "object":
        return {part.name: example(part) for part in field.parts}
    if field.kind == "array" and field.items is not None:
        return [example(field.items)]
    what = "YYYY-MM-DD" if field.is_date else str(field.kind)
    if field.choices:
        what = " or ".join(str(choice) for choice in field.choices)
    return {"value": what, "source": 1, "quote": "…"}
