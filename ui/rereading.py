"""Pages that are being read again in front of a person, and how far that is."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from ingest.pipeline import Progress, Report
from rag.intake import Stage
from ui.progress import render_bar


@dataclass(slots=True)
class Again:
    """Pages of a document of a library that are being read again, and how far that is."""

    library_id: str
    pages: frozenset[int]
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Pages that nobody else reads again meanwhile, and whom to tell how far that is."""

    pages: tuple[int, ...]
    report: Report


@dataclass(slots=True)
class Rereading:
    """What is read again in this process. Safe from many threads."""

    _going: dict[str, list[Again]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def claimed(self, library_id: str, document_id: str, numbers: Iterable[int]) -> Iterator[Claim]:
        """Those of the pages that nobody reads again at this moment, claimed meanwhile."""
        with self._lock:
            taken = self._pages(document_id)
            free = tuple(number for number in numbers if number not in taken)
            own = Again(library_id, frozenset(free))
            if free:
                self._going.setdefault(document_id, []).append(own)

        def report(progress: Progress) -> None:
            own.progress = progress

        try:
            yield Claim(free, report)
        finally:
            if free:
                self._end(document_id, own)

    def pages(self, document_id: str) -> frozenset[int]:
        """The pages of a document that are being read again."""
        with self._lock:
            return self._pages(document_id)

    def going(self, library_id: str) -> dict[str, Again]:
        """What is being read again in a library, by document; of each what was begun last."""
        with self._lock:
            last = {id_: each[-1] for id_, each in self._going.items()}
        return {id_: again for id_, again in last.items() if again.library_id == library_id}

    def _pages(self, document_id: str) -> frozenset[int]:
        return frozenset().union(*(each.pages for each in self._going.get(document_id, ())))

    def _end(self, document_id: str, own: Again) -> None:
        with self._lock:
            left = [each for each in self._going[document_id] if each is not own]
            if left:
                self._going[document_id] = left
            else:
                del self._going[document_id]


def sign_of(going: Mapping[str, Again]) -> str:
    """A word that changes with what is being read again, not with how far it is."""
    return ".".join(f"{id_}:{min(again.pages)}" for id_, again in sorted(going.items()))


def again_words(again: Again) -> str:
    """How far reading again is, in words."""
    told = again.progress
    if told is None or not told.total:
        return "reading again"
    if told.stage is Stage.OCR:
        return f"reading again, OCR page {min(told.done + 1, told.total):,} of {told.total:,}"
    return f"reading again, page {told.done:,} of {told.total:,}"


def render_again_work(again: Again) -> str:
    """How far reading again is, with a bar."""
    told = again.progress
    share = told.done / told.total if told is not None and told.total else 0.0
    return (
        f'<div class="work again"><p><span>{again_words(again)}</span></p>{render_bar(share)}</div>'
    )
