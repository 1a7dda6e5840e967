"""Where pages say a claim when a sentence goes on from one page to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.alignment import Alignment, Nearest, align
from rag.domain import Span
from rag.pieces import pieces_of
from rag.sentences import split_sentences

# What stands between the two halves: page numbers, running heads and feet, notes.
LINES_BETWEEN = 5
LEAST_WORDS = 3
WORTH_JOINING = 0.02  # of strength, more than what one page has
_ENDED = re.compile(r"[.!?…:;][\"'”’»)\]]*\Z")
_WORD = re.compile(r"[^\W\d_]{2,}")


def align_across(
    claim: str, pages: Sequence[str], nearest: Nearest | None = None
) -> tuple[tuple[int, Span], ...]:
    """The parts of the pages, one at least, that carry a claim: positions in `pages` and spans.

    The pages follow each other. There are two parts where the end of a page and the beginning of
    the next say the claim together better than any page alone; then the sentence is whole in them.
    """
    alone = [align(claim, page, nearest) for page in pages]
    at = max(range(len(alone)), key=lambda each: (alone[each].found, alone[each].strength))
    best = alone[at].strength if alone[at].found else 0.0
    parts: tuple[tuple[int, Span], ...] = ((at, alone[at].span),)
    for first in range(len(pages) - 1):
        for end, beginning in _halves(pages[first], pages[first + 1]):
            joined = _joined(claim, pages[first], end, pages[first + 1], beginning)
            if joined.found and joined.strength > best + WORTH_JOINING:
                best = joined.strength
                parts = ((first, _without_foot(pages[first], end, claim)), (first + 1, beginning))
    return parts


def _halves(page: str, following: str) -> Iterator[tuple[Span, Span]]:
    """What may be the two halves of a sentence: the nearest first."""
    ends = [
        span
        for span in reversed(split_sentences(page)[-LINES_BETWEEN:])
        if not _ENDED.search(page[span.start : span.end]) and _has_words(page, span)
    ]
    beginnings = [
        span for span in split_sentences(following)[:LINES_BETWEEN] if _has_words(following, span)
    ]
    for end in ends:
        for beginning in beginnings:
            yield end, beginning


def _without_foot(page: str, end: Span, claim: str) -> Span:
    """The first half without last lines that have no telling word of the claim."""
    said = {each.key for each in pieces_of(claim).words if not each.small}
    while True:
        line = page.rfind("\n", end.start, end.end) + 1
        if not line or not said.isdisjoint(
            each.key for each in pieces_of(page[line : end.end]).words if not each.small
        ):
            return end
        end = Span(end.start, end.start + len(page[end.start : line].rstrip()))


def _has_words(page: str, span: Span) -> bool:
    return len(_WORD.findall(page, span.start, span.end)) >= LEAST_WORDS


def _joined(claim: str, page: str, end: Span, following: str, beginning: Span) -> Alignment:
    """How well two halves say a claim; not at all where one of them has no part in it."""
    first, second = page[end.start : end.end], following[beginning.start : beginning.end]
    found = align(claim, f"{first}\n{second}")
    if found.span.start >= len(first) or found.span.end <= len(first) + 1:
        return Alignment(found.span, found=False)
    return found
