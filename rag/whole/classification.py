"""Sorting texts and documents into given classes, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.domain import Document, DocumentState, Passage, Quote, Source, Span
from rag.errors import InvalidReplyError, NotFoundError, QuestionError, ToolError
from rag.folding import encodable, flowing
from rag.protocols import Vectors
from rag.sentences import split_sentences
from rag.verification import quote_of
from rag.whole.central import central_quotes
from rag.whole.pages import pages_of, part_of
from rag.whole.prompts import CLASSIFY, CLASSIFY_MULTI, compose_fitted
from rag.whole.resources import Resources
from rag.whole.sheet import Sheet
from rag.whole.values import locate

MOST_CLASSES = 100
WHOLE_CHARACTERS = 12_000  # of a text that is shown whole to a model
BEGINNING = 4_000  # characters of a longer one, before its central sentences
MOST_SENTENCES = 60  # of a text that are compared without a model
BEST_SENTENCES = 3  # of them that count beside the whole
NEAR = 0.15  # the least similarity of a class without a model
MARGIN = 0.03  # by which it must be nearer than the next one
NEARLY_AS_GOOD = 0.05  # how much farther than the nearest a further class may be, of several
TELLING, TELLING_WORDS = 0.2, 6  # how much a sentence of so many words is preferred as a quote
LONGEST_REASON = 300  # characters
UNDECIDED = "undecided: no class is clearly nearer than the others"
NONE_FITS = "no class fits"


@dataclass(frozen=True, slots=True)
class Class:
    """A class to sort into; examples are texts that belong to it."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The class in words."""
        return f"{self.name}: {self.description}" if self.description else self.name


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be sorted: a text, or the pages of a document."""

    name: str
    passages: tuple[Passage, ...]
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """A class that fits, and why. `score` and `margin` are similarities, None with a model."""

    name: str
    reason: str
    quote: Quote | None = None
    score: float | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """The classes of one item, the best first; where there are none, `reason` says why.

    `failed` says that the model gave nothing that can be used.
    """

    item: Item
    fits: tuple[Fit, ...]
    reason: str = ""
    failed: bool = False


def read_classes(given: object) -> list[Class]:
    """The classes that are given in one of several ways.

    They are a list of names or of objects with `name`, `description` and `examples`, an object from
    names to descriptions, or a text with a name a line or between commas.

    Raises:
        QuestionError: there are fewer than two, or two of one name; the message says what to mend.
    """
    if isinstance(given, str):
        given = [_from_line(line) for line in _lines(given)]
    if isinstance(given, Mapping):
        inside = given.get("classes")
        rows = [{"name": name, "description": about} for name, about in given.items()]
        given = inside if isinstance(inside, list) else rows
    if not isinstance(given, Sequence):
        raise QuestionError('The classes are no list. Give names, such as "invoice, complaint".')
    classes = [_class(each) for each in given]
    names = [each.name.casefold() for each in classes]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise QuestionError(f"The class {twice!r} is named twice. Give each class one name.")
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise QuestionError(
            f"Sorting takes 2 to {MOST_CLASSES} classes, and {len(classes)} "
            f"{'is' if len(classes) == 1 else 'are'} given."
        )
    return classes


def _lines(text: str) -> list[str]:
    """A class a line, or where there is one line between commas or semicolons."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        mark = ";" if ";" in lines[0] else ","
        lines = [part.strip() for part in lines[0].split(mark) if part.strip()]
    return lines


def _from_line(line: str) -> dict[str, str]:
    name, _, description = line.lstrip("-*• ").partition(":")
    return {"name": name, "description": description}


def _class(given: object) -> Class:
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise QuestionError('A class needs a name: "invoice", or {"name": …, "description": …}.')
    name = flowing(encodable(given["name"]))
    if not name:
        raise QuestionError("A class has an empty name. Give each class a name.")
    examples = given.get("examples") or ()
    if isinstance(examples, str):
        examples = [examples]
    about = flowing(encodable(str(given.get("description") or "")))
    return Class(name, about, tuple(encodable(str(each)) for each in examples))


def item_of_text(text: str, name: str = "the text") -> Item:
    """A text of the user's own, which is in no library."""
    text = encodable(text)
    nowhere = Document(
        "", "", name, name, "text/plain", "", len(text), DocumentState.READY, "", 1, False
    )
    return Item(name, (Passage(nowhere, 1, "", 0, len(text), text, (), 0.0, ()),))


def item_of_document(document: Document, resources: Resources) -> Item:
    """A document as it is sorted: the whole if it is short, else its beginning and its best.

    Raises:
        NotFoundError: it has no text.
    """
    pages = pages_of(resources.catalog, document)
    if not pages:
        raise NotFoundError(f"{document.name} has no text to read.")
    if sum(len(page.text) for page in pages) <= WHOLE_CHARACTERS:
        return Item(document.name, tuple(pages), document)
    quotes = central_quotes(document, resources)
    by_number = {page.page: page for page in pages}
    chosen: list[Passage] = []
    left = BEGINNING
    for page in pages:
        if left > 0:
            spans = split_sentences(page.text)
            end = max((span.end for span in spans if span.end <= left), default=left)
            chosen.append(part_of(page, Span(0, end)) if spans else page)
            left -= len(chosen[-1].text)
    for quote in quotes:
        page = by_number[quote.page]
        chosen.append(part_of(page, Span(quote.start, quote.end)))
    return Item(document.name, tuple(chosen), document)


class Sorter:
    """Sorts items into classes, by a language model or by what is nearest in meaning."""

    def __init__(
        self, classes: Sequence[Class], resources: Resources, *, most: int | None = 1
    ) -> None:
        """Take the classes; `most` is how many of them one item may have, None for any number."""
        self._classes = classes
        self._resources = resources
        self._most = most
        self._vectors: Vectors | None = None

    def sort(self, item: Item, sheet: Sheet) -> Sorted:
        """The classes of an item.

        Raises:
            NotFoundError: it has no text.
            ProviderError: the model's server failed.
        """
        if not any(passage.text.strip() for passage in item.passages):
            raise NotFoundError(f"There is nothing to sort in {item.name}.")
        if not self._resources.card.instructable:
            return self._nearest(item)
        sources = [Source(at, each) for at, each in enumerate(item.passages, start=1)]
        listed = "\n".join(f"- {each.said}" for each in self._classes)
        examples = [
            f"“{flowing(text)[:LONGEST_REASON]}” is of the class {each.name}."
            for each in self._classes
            for text in each.examples[:2]
        ]
        request = "\n".join([f"The classes:\n{listed}", *examples, "Sort the text."])
        system = CLASSIFY if self._most == 1 else CLASSIFY_MULTI
        prompt = compose_fitted(system, sources, request, self._resources.card)
        passages = [source.passage for source in prompt.sources]
        try:
            fits, reason = sheet.structured(prompt, lambda said: self._read(said, passages))
        except InvalidReplyError as error:
            return Sorted(item, (), str(error), failed=True)
        return Sorted(item, fits, reason)

    def _read(
        self, said: object, passages: Sequence[Passage]
    ) -> tuple[tuple[tuple[Fit, ...], str], list[str]]:
        """The classes that a reply gives, why there are none, and what is to be mended."""
        rows = [said]
        if isinstance(said, dict) and isinstance(said.get("classes"), list):
            rows = said["classes"]
        elif isinstance(said, list):
            rows = said
        known = {each.name.casefold(): each.name for each in self._classes}
        fits: dict[str, Fit] = {}
        reason = NONE_FITS
        for row in rows:
            row = {"class": row} if isinstance(row, str) else row
            if not isinstance(row, dict):
                raise ToolError("A JSON object with the member “class” was asked for.")
            name = row.get("class")
            why = flowing(encodable(str(row.get("reason") or "")))[:LONGEST_REASON]
            if name is None:
                reason = why or NONE_FITS
                continue
            found = known.get(flowing(str(name)).casefold().strip(" \"'“”."))
            if found is None:
                raise ToolError(
                    f"{str(name)[:80]!r} is none of the classes: {', '.join(known.values())}."
                )
            fits.setdefault(found, Fit(found, why, _quote(row, passages)))
        return (tuple(fits.values())[: self._most], reason if not fits else ""), []

    def _nearest(self, item: Item) -> Sorted:
        """The classes nearest in meaning, if one is clearly nearer than the next."""
        spans = [
            (passage, span)
            for passage in item.passages
            for span in split_sentences(passage.text)
            if flowing(passage.text[span.start : span.end])
        ][:MOST_SENTENCES]
        texts = [flowing(passage.text[span.start : span.end]) for passage, span in spans]
        vectors = self._resources.scorer.vectors(texts)
        similar = vectors @ self._class_vectors().T  # sentences by classes
        best = np.sort(similar, axis=0)[-BEST_SENTENCES:].mean(axis=0)
        centre = vectors.mean(axis=0)
        whole = (centre / (np.linalg.norm(centre) or 1.0)) @ self._class_vectors().T
        scores = (best + whole) / 2
        order = [int(at) for at in np.argsort(-scores)]
        top, second = float(scores[order[0]]), float(scores[order[1]])
        fits = []
        for at in order[: self._most]:
            score = float(scores[at])
            if score < NEAR or score < top - NEARLY_AS_GOOD:
                break
            near = similar[:, at] + np.array([_telling(text) for text in texts])
            passage, span = spans[int(near.argmax())]
            name = self._classes[at].name
            why = f"nearest in meaning: {score:.2f}, the next one {second:.2f}"
            fits.append(Fit(name, why, quote_of(passage, span), score, top - second))
        if self._most == 1 and top - second < MARGIN:
            fits = []
        told = f"{UNDECIDED} ({self._classes[order[0]].name} {top:.2f}, "
        told += f"{self._classes[order[1]].name} {second:.2f})"
        return Sorted(item, tuple(fits), "" if fits else told)

    def _class_vectors(self) -> Vectors:
        """A vector for each class: of its name and description, drawn towards its examples."""
        if self._vectors is None:
            rows = []
            for each in self._classes:
                texts = [each.name, each.said, *each.examples]
                mean = self._resources.scorer.vectors(texts).mean(axis=0)
                rows.append(mean / (np.linalg.norm(mean) or 1.0))
            self._vectors = np.stack(rows)
        return self._vectors


def _telling(text: str) -> float:
    """What a sentence is preferred by as a quote to a heading or a few words."""
    return TELLING * (len(text.split()) >= TELLING_WORDS)


def _quote(row: Mapping[str, Any], passages: Sequence[Passage]) -> Quote | None:
    """The exact words that a reply quotes; None where they stand nowhere."""
    words, number = row.get("quote"), row.get("source")
    if not isinstance(words, str) or not words.strip() or not passages:
        return None
    first = number - 1 if isinstance(number, int) and 1 <= number <= len(passages) else 0
    return locate(words, passages, first)
