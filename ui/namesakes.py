"""What tells documents of one name apart: what they came in, their folders, when they were added.

Only those are told apart that would otherwise be shown alike; all others keep their bare names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import PurePosixPath

from rag.domain import Document
from rag.intake import WITHIN
from rag.store.aliases import Arrival
from rag.store.catalog import Catalog
from ui.times import written_day, written_time

Signs = Mapping[str, str]  # by the documents' ids, in words
NO_SIGNS: Signs = {}
_Sign = Callable[[Document], str]


def signs_of(catalog: Catalog, library_id: str) -> dict[str, str]:
    """What tells the documents of a library apart that are called alike."""
    documents = catalog.documents(library_id)
    if not any(len(alike) > 1 for alike in _alike(documents)):
        return {}
    places = {
        sha256: container.name
        for sha256, container in catalog.containers.places(library_id).items()
    }
    return signs(documents, places, catalog.aliases.arrivals(library_id))


def signs(
    documents: Iterable[Document], places: Mapping[str, str], arrivals: Mapping[str, Arrival]
) -> dict[str, str]:
    """What tells documents apart whose titles are alike, in words; nothing of any other.

    Their names where these differ; else what they came in (`places`, by their hashes), their
    folders, the day or the minute at which they were added, the first of these that differs for
    all; their ids where nothing does.
    """
    return dict(_told(documents, places, arrivals))


def with_sign(title: str, document: Document, apart: Signs) -> str:
    """A title in plain text, and behind it what tells the document apart, if anything has to."""
    sign = apart.get(document.id, "")
    return f"{title} ({sign})" if sign and sign != title else title


def render_sign(document: Document, apart: Signs) -> str:
    """What tells a document apart, as HTML to be set behind its title; nothing for nothing."""
    sign = apart.get(document.id, "")
    return f' <small class="apart">{escape(sign)}</small>' if sign else ""


def _alike(documents: Iterable[Document]) -> list[list[Document]]:
    """Documents that are shown by one title, together."""
    by_title: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_title[document.title or document.name].append(document)
    return list(by_title.values())


def _told(
    documents: Iterable[Document], places: Mapping[str, str], arrivals: Mapping[str, Arrival]
) -> Iterator[tuple[str, str]]:
    for titled in _alike(documents):
        by_name: dict[str, list[Document]] = defaultdict(list)
        for document in titled:
            by_name[document.name].append(document)
        for name, named in by_name.items():
            if len(named) > 1:
                yield from _told_of_one_name(named, places, arrivals)
            elif len(titled) > 1:
                yield named[0].id, name


def _told_of_one_name(
    named: Sequence[Document], places: Mapping[str, str], arrivals: Mapping[str, Arrival]
) -> Iterator[tuple[str, str]]:
    def added(document: Document, written: Callable[[float], str]) -> str:
        return f"added {written(arrivals[document.id].added_at)}"

    def place(document: Document) -> str:
        return f"in {places[document.sha256]}" if document.sha256 in places else ""

    folders = _folders([arrivals[each.id].place for each in named])
    folder = {each.id: f"in {name}" for each, name in zip(named, folders, strict=True) if name}
    kinds: list[_Sign] = [
        lambda document: place(document) or added(document, written_day),
        lambda document: folder.get(document.id, ""),
        lambda document: added(document, written_day),
        lambda document: added(document, written_time),
    ]
    for kind in kinds:
        told = [kind(document) for document in named]
        if all(told) and len(set(told)) == len(named):
            yield from zip((each.id for each in named), told, strict=True)
            return
    yield from ((each.id, each.id) for each in named)


def _folders(places: Sequence[str]) -> list[str]:
    """Of each path the fewest of its last folders that differ for all; "" where none is known.

    A whole path is never shown: it says more of a machine than of a document.
    """
    parts = [
        () if WITHIN in place else tuple(p for p in PurePosixPath(place).parts[:-1] if p != "/")
        for place in places
    ]
    for count in range(1, max((len(each) for each in parts), default=0) + 1):
        tails = ["/".join(each[-count:]) for each in parts]
        if len(set(tails)) == len(tails):
            return tails
    return [""] * len(places)
