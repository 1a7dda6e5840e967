"""What a model may narrow a search by, checked against what the question may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveInt

from rag.domain import Document, Scope, Source
from rag.errors import ToolError
from rag.narrowing import Narrowing
from rag.shelf import Shelf

MOST_NAMED = 50  # documents or sources in one call

Kind = Literal["pdf", "word", "slides", "table", "web", "mail", "picture", "text"]
Names = Annotated[list[str], Field(max_length=MOST_NAMED)]
Kinds = Annotated[list[Kind], Field(max_length=MOST_NAMED)]
Numbers = Annotated[list[PositiveInt], Field(max_length=MOST_NAMED)]

KINDS: tuple[Kind, ...] = get_args(Kind)
_SHOWN: tuple[tuple[str, Kind], ...] = (  # by what a media type holds, the first that is found
    ("pdf", "pdf"),
    ("wordprocessing", "word"),
    ("rtf", "word"),
    ("presentation", "slides"),
    ("spreadsheet", "table"),
    ("excel", "table"),
    ("csv", "table"),
    ("tab-separated", "table"),
    ("html", "web"),
    ("rfc822", "mail"),
    ("outlook", "mail"),
    ("image/", "picture"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """A call's own words: nothing in them is known to exist."""

    documents: Sequence[str] = ()
    exclude: Sequence[str] = ()
    kinds: Sequence[Kind] = ()
    first_page: int | None = None
    last_page: int | None = None
    without_sources: Sequence[int] = ()


def kind_of(document: Document) -> Kind:
    """What kind of file a document is, in a word."""
    return next((kind for held, kind in _SHOWN if held in document.media_type), "text")


def narrowed(
    filters: Filters, scope: Scope, shelf: Shelf, sources: Sequence[Source]
) -> tuple[Scope, Narrowing]:
    """The scope with no documents but those that are asked for, and the limits within them.

    `sources` are those that the model was shown so far.

    Raises:
        ToolError: something that is named is not there, or nothing is left; it says what there is.
    """
    without = tuple(_source(number, sources).passage for number in set(filters.without_sources))
    narrowing = Narrowing(filters.first_page or 1, filters.last_page, without)
    if not (filters.documents or filters.exclude or filters.kinds or narrowing.has_pages):
        return scope, narrowing
    left = _chosen(filters, shelf)
    if filters.first_page is not None or filters.last_page is not None:
        _check_pages(filters, left)
    ids = frozenset(document.id for document in left)
    return Scope(scope.library_id, ids, scope.principal), narrowing


def _chosen(filters: Filters, shelf: Shelf) -> list[Document]:
    named = _named(filters.documents, shelf) or shelf.documents()
    excluded = {document.id for document in _named(filters.exclude, shelf)}
    left = [document for document in named if document.id not in excluded]
    of_kinds = [document for document in left if kind_of(document) in filters.kinds]
    if filters.kinds and left and not of_kinds:
        there = [kind for kind in KINDS if kind in {kind_of(document) for document in left}]
        raise ToolError(f"None is of the kind {_or(filters.kinds)}; there is {_or(there)}.")
    left = of_kinds if filters.kinds else left
    if not left:
        raise ToolError("No document is left to search. Exclude less.")
    return left


def _check_pages(filters: Filters, documents: Sequence[Document]) -> None:
    if len(documents) != 1:
        raise ToolError("Pages are those of one document: name it in `documents`, and no other.")
    (document,) = documents
    first, last = filters.first_page or 1, filters.last_page
    if first > document.page_count or (last is not None and last < first):
        raise ToolError(
            f"{document.name} has the pages 1 to {document.page_count}; "
            "`last_page` must not come before `first_page`."
        )


def _named(names: Iterable[str], shelf: Shelf) -> list[Document]:
    found = [shelf.named(name) for name in dict.fromkeys(names)]
    return list({document.id: document for document in found}.values())


def _source(number: int, sources: Sequence[Source]) -> Source:
    for source in sources:
        if source.number == number:
            return source
    shown = f"the sources are 1 to {len(sources)}" if sources else "none was shown yet"
    raise ToolError(f"There is no source {number}; {shown}.")


def _or(kinds: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(kinds))
