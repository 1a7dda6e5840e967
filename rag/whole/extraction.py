"""Filling in the fields of a JSON schema from a document, each with its quote."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.citations import quote_for
from rag.domain import Document, Passage, Quote, Scope, Source, ToolCall, Verdict
from rag.errors import InvalidReplyError, NotFoundError, ToolError
from rag.retrieval import LONGEST_QUESTION
from rag.whole.pages import pages_of
from rag.whole.picking import Picker
from rag.whole.prompts import EXTRACT, compose_fitted
from rag.whole.resources import Resources
from rag.whole.schemas import Field, example, wrong_with
from rag.whole.sheet import Sheet, step
from rag.whole.values import locate, says

WHOLE_CHARACTERS = 16_000  # of a document that is shown whole for every field
OF_A_LIST = 3  # times as many passages are read for a list
LONGEST_REASON = 300  # characters
NOT_SAID = "the document does not say it"


@dataclass(frozen=True, slots=True)
class Found:
    """The value of one field with its quote; `value` is None where there is none.

    `reason` is a phrase wherever the verdict is not `supported`; `failed` says that the model gave
    nothing that can be used.
    """

    value: Any = None
    quote: Quote | None = None
    verdict: Verdict | None = None
    reason: str = ""
    failed: bool = False


Filled = Found | dict[str, Any] | list[Any]  # of the same, nested as the schema is


@dataclass(frozen=True, slots=True)
class Extraction:
    """A form that was filled in from a document."""

    document: Document
    form: Field
    fields: dict[str, Filled]

    @property
    def values(self) -> dict[str, Any]:
        """The values alone, as the schema nests them."""
        return {name: plain(filled) for name, filled in self.fields.items()}

    @property
    def leaves(self) -> list[tuple[str, Found]]:
        """Each value with what it is called in words, in their order."""
        parts = {part.name: part for part in self.form.parts}
        return [
            leaf
            for name, filled in self.fields.items()
            for leaf in _leaves(filled, parts[name].label)
        ]

    @property
    def failed(self) -> bool:
        """Whether the model gave nothing that can be used for some field."""
        return any(found.failed for _, found in self.leaves)


def extract(
    document: Document, form: Field, resources: Resources, sheet: Sheet
) -> Generator[ToolCall, None, Extraction]:
    """Fill in a form from a document; what it does not say stays empty and says so.

    Args:
        document: to be read.
        form: see `read_schema`.
        resources: what the work draws on.
        sheet: keeps what the model's replies cost.

    Raises:
        NotFoundError: the document has no text.
        ProviderError: the model's server failed.
    """
    resources.chat.connect()
    pages = pages_of(resources.catalog, document)
    if not pages:
        raise NotFoundError(f"{document.name} has no text to read.")
    reader = _Reader(document, pages, resources, sheet)
    leaves = list(_asked_one_by_one(form))
    filled: dict[tuple[str, ...], Filled] = {}
    for number, (path, field) in enumerate(leaves, start=1):
        yield step(number, f"looked for {field.label} ({number} of {len(leaves)})")
        filled[path] = reader.read(field)
    return Extraction(document, form, _nested(form, filled, ()))


def _asked_one_by_one(
    field: Field, path: tuple[str, ...] = ()
) -> Generator[tuple[tuple[str, ...], Field], None, None]:
    """The fields that are looked for, those of objects inside objects too, with their paths."""
    for part in field.parts:
        here = (*path, part.name)
        if part.kind == "object":
            yield from _asked_one_by_one(part, here)
        else:
            yield here, part


def _nested(
    form: Field, filled: Mapping[tuple[str, ...], Filled], path: tuple[str, ...]
) -> dict[str, Filled]:
    return {
        part.name: _nested(part, filled, (*path, part.name))
        if part.kind == "object"
        else filled[(*path, part.name)]
        for part in form.parts
    }


class _Reader:
    """Looks for the fields of one document."""

    def __init__(
        self, document: Document, pages: Sequence[Passage], resources: Resources, sheet: Sheet
    ) -> None:
        self._document = document
        self._pages = pages
        self._texts = {page.page: page.text for page in pages}
        self._resources = resources
        self._sheet = sheet
        self._picker = Picker(resources.scorer)

    def read(self, field: Field) -> Filled:
        """What the document says for a field."""
        if not self._resources.card.instructable:
            return self._picked(field)
        sources = [Source(at, each) for at, each in enumerate(self._passages(field), start=1)]
        shape = json.dumps(example(field), ensure_ascii=False)
        several = (
            " Give every one there is, an empty list if none." if field.kind == "array" else ""
        )
        request = f"Find in the document: {field.asked}.{several} Reply with JSON like: {shape}"
        prompt = compose_fitted(EXTRACT, sources, request, self._resources.card)
        passages = [source.passage for source in prompt.sources]
        try:
            return self._sheet.structured(prompt, lambda said: self._checked(said, field, passages))
        except InvalidReplyError as error:
            return Found(reason=str(error), failed=True)

    def _passages(self, field: Field) -> Sequence[Passage]:
        """Where a field may be filled from: the whole document if it is short."""
        if sum(len(page.text) for page in self._pages) <= WHOLE_CHARACTERS:
            return self._pages
        count = self._resources.passages * (OF_A_LIST if field.kind == "array" else 1)
        names = f" {' '.join(part.label for part in field.items.parts)}" if field.items else ""
        question = f"{field.asked}{names}"[:LONGEST_QUESTION]
        return self._resources.retriever.search(question, self._scope, count)

    @property
    def _scope(self) -> Scope:
        catalog, document = self._resources.catalog, self._document
        return catalog.scope(document.library_id, frozenset({document.id}))

    def _picked(self, field: Field) -> Filled:
        """What can be picked without a language model."""
        if field.kind == "array":
            return Found(reason="filling in a list takes a language model")
        resources = self._resources
        found = resources.retriever.retrieve(
            field.asked[:LONGEST_QUESTION], self._scope, resources.passages
        )
        picked = None
        if not found.evidence.is_below(resources.bar, instructable=False):
            picked = self._picker.pick(field, found.passages)
        if picked is None:
            return Found(reason=NOT_SAID)
        value, quote = picked
        reason = "picked from the quote without a language model"
        return Found(value, quote, Verdict.PARTLY, reason)

    def _checked(
        self, said: object, field: Field, passages: Sequence[Passage]
    ) -> tuple[Filled, list[str]]:
        """What a reply gives for a field, and what the model should mend in it."""
        faults: list[str] = []
        filled = self._filled(_unwrapped(said, field), field, passages, faults)
        return filled, list(dict.fromkeys(faults))[:10]

    def _filled(
        self, said: object, field: Field, passages: Sequence[Passage], faults: list[str]
    ) -> Filled:
        if field.kind == "array" and field.items is not None:
            if not isinstance(said, list):
                raise ToolError(f"For {field.label!r} a JSON list was asked for.")
            items = [self._filled(each, field.items, passages, faults) for each in said]
            return [item for item in items if not _is_empty(item)]
        if not isinstance(said, dict):
            raise ToolError(f"For {field.label!r} a JSON object was asked for.")
        if field.kind == "object":
            return {
                part.name: self._filled(said.get(part.name, {}), part, passages, faults)
                for part in field.parts
            }
        return self._one(said, field, passages, faults)

    def _one(
        self,
        said: Mapping[str, Any],
        field: Field,
        passages: Sequence[Passage],
        faults: list[str],
    ) -> Found:
        """One value with its quote, or why there is none."""
        value = said.get("value")
        if value is None:
            return Found(reason=str(said.get("reason") or NOT_SAID)[:LONGEST_REASON])
        if isinstance(value, float) and value.is_integer() and field.kind == "integer":
            value = int(value)
        fault = wrong_with(value, field)
        if fault:
            faults.append(f"The value for {field.label!r} is wrong: {fault}.")
            return Found(reason=f"the model gave a wrong value: {fault}", failed=True)
        quote = self._quote(said, passages)
        if quote is None:
            faults.append(f"The quote for {field.label!r} stands in no source: copy it exactly.")
            return Found(reason=f"the model gave {value!r} with a quote that stands nowhere")
        verdict, reason = says(quote.text, value, field, self._texts[quote.page])
        if verdict is Verdict.UNSUPPORTED:
            faults.append(f"For {field.label!r}, {reason}: quote the words that say it, or null.")
            return Found(reason=f"the model gave {value!r}, but {reason}")
        return Found(value, quote, verdict, reason)

    def _quote(self, said: Mapping[str, Any], passages: Sequence[Passage]) -> Quote | None:
        """The exact words that a reply quotes, wherever they stand."""
        words, number = said.get("quote"), said.get("source")
        if not isinstance(words, str) or not words.strip():
            return None
        named = isinstance(number, int) and 1 <= number <= len(passages)
        first = number - 1 if named and isinstance(number, int) else 0
        quote = locate(words, passages, first)
        if quote is not None or not named:
            return quote
        near, verdict = quote_for(words, passages[first])
        return near if verdict is None else None


def _unwrapped(said: object, field: Field) -> object:
    """A reply without an object that some models put around what was asked for."""
    if isinstance(said, dict) and len(said) == 1:
        (inside,) = said.values()
        if field.kind == "array" and isinstance(inside, list):
            return inside
        if field.kind != "object" and isinstance(inside, dict):
            return inside
    if isinstance(said, list) and len(said) == 1 and field.kind != "array":
        return said[0]
    return said


def _is_empty(filled: Filled) -> bool:
    """Whether nothing was found of an item of a list, and nothing went wrong."""
    return all(found.value is None and not found.failed for _, found in _leaves(filled, ""))


def plain(filled: Filled) -> Any:
    """The values of what was filled in, alone."""
    if isinstance(filled, Found):
        return filled.value
    if isinstance(filled, list):
        return [plain(item) for item in filled]
    return {name: plain(each) for name, each in filled.items()}


def _leaves(filled: Filled, label: str) -> list[tuple[str, Found]]:
    if isinstance(filled, Found):
        return [(label, filled)]
    if isinstance(filled, list):
        return [
            leaf
            for number, item in enumerate(filled, start=1)
            for leaf in _leaves(item, f"{label} {number}".strip())
        ]
    return [
        leaf
        for name, each in filled.items()
        for leaf in _leaves(each, f"{label}, {name.replace('_', ' ')}" if label else name)
    ]
