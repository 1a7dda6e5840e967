"""Parts of an answer marked in its text, whatever Markdown they stand in.

A part is held by private characters beside its first and its last word, which Markdown reads as
letters, and becomes elements once the rest is HTML: around words only, so that no chip, no cell and
no emphasis is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from rag.domain import Span

BEGIN, THEN, END = "\ue000", "\ue001", "\ue002"
HELD = re.compile(f"{BEGIN}(\\d+){THEN}|{END}")
PIECES = re.compile(f"(<[^>]*>|{BEGIN}\\d+{THEN}|{END})")
# What stands before the first word of a part.
BEFORE = re.compile(r"(?:\s|[-*+>#|]|\d{1,9}[.)]\s)*(?:_|[^\w<&])*")
MARKER = re.compile(r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
LONGEST_MARKER, LONGEST_TARGET = 20, 2_000  # characters
TARGET = re.compile(r"\]\([^)\s]*\)")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer to be marked: its class, and its key, to which its first words lead.

    `said` is read out after it.
    """

    span: Span
    name: str
    key: str
    said: str


def words_of(text: str, span: Span) -> Span | None:
    """From the first to the last word of a part of a text; None where it has none."""
    before = BEFORE.match(text, span.start, span.end)
    start = before.end() if before else span.start
    end = _end_of_words(text, span)
    if start >= end or not text[start].isalnum():
        return None
    return Span(start, end)


def _end_of_words(text: str, span: Span) -> int:
    """Where the last word of a part ends: before its markers, and the target of a link."""
    end = span.end
    while end > span.start and not text[end - 1].isalnum():
        marker = text.rfind("[", max(span.start, end - LONGEST_MARKER), end)
        target = text.rfind("](", max(span.start, end - LONGEST_TARGET), end)
        if text[end - 1] == "]" and marker >= 0 and MARKER.fullmatch(text, marker, end):
            end = marker
        elif text[end - 1] == ")" and target >= 0 and TARGET.fullmatch(text, target, end):
            end = target
        else:
            end -= 1
    return end


def end_of(text: str, span: Span) -> int:
    """Where something can be added to a part of a text: after its last word, outside of links."""
    words = words_of(text, span)
    if words is None:
        return span.end
    target = TARGET.match(text, words.end)
    return target.end() if target else words.end


def hold(text: str, parts: Sequence[Part]) -> tuple[str, Callable[[Span], Span]]:
    """A text with its parts held, and where its spans are then; parts never overlap."""
    held: dict[int, str] = {}
    done = 0
    for number, part in enumerate(parts):
        words = words_of(text, part.span)
        if words is None or words.start < done:
            continue
        held[words.start] = held.get(words.start, "") + f"{BEGIN}{number}{THEN}"
        held[words.end] = END
        done = words.end
    pieces, position = [], 0
    for at, holder in sorted(held.items()):
        pieces += [text[position:at], holder]
        position = at

    def moved(span: Span) -> Span:
        by = sum(len(holder) for at, holder in held.items() if at <= span.start)
        return Span(span.start + by, span.end + by)

    return "".join([*pieces, text[position:]]), moved


def underline(html: str, parts: Sequence[Part]) -> str:
    """The HTML with the words of every held part marked."""
    return "".join(_marked(html, parts))


def _marked(html: str, parts: Sequence[Part]) -> Iterator[str]:
    part: Part | None = None
    begun = linked = False
    for piece in PIECES.split(html):
        if piece.startswith("<"):
            linked = piece.startswith("<a ") or (linked and piece != "</a>")
            yield piece
        elif piece.startswith(BEGIN):
            part, begun = parts[int(piece[1:-1])], False
        elif piece == END and part is not None:
            yield f'<span class="sr"> ({escape(part.said)})</span>' if part.said else ""
            part = None
        elif part is None or not piece.strip():
            yield piece
        elif begun or linked:
            yield f'<span class="{part.name}" data-part="{part.key}">{piece}</span>'
        else:
            begun = True
            start = f'<a class="{part.name}" href="#{part.key}" data-part="{part.key}">'
            yield f"{start}{piece}</a>"


def without_holders(html: str) -> str:
    """The HTML as it is without what holds parts."""
    return HELD.sub("", html)
