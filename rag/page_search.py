"""Where words stand in pages, letter by letter: a phrase, or a regular expression."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import regex

from rag.domain import Document, Page
from rag.errors import ToolError

LONGEST_PATTERN = 300  # characters
SECONDS = 3.0  # for all pages together; an expression can take for ever
AROUND = 200  # characters before and after that are shown

_BREAK = regex.compile(r"\n\s*\n|(?<=[.!?])\s")


def compiled(pattern: str, *, is_regex: bool) -> regex.Pattern[str]:
    """What to look for: an expression as it is, a phrase with any white space and in any case.

    Raises:
        ToolError: it is empty, too long, or no expression.
    """
    if not pattern.strip():
        raise ToolError("There is nothing to look for.")
    if len(pattern) > LONGEST_PATTERN:
        raise ToolError(f"The pattern is longer than {LONGEST_PATTERN} characters.")
    if not is_regex:
        pattern = r"\s+".join(regex.escape(word) for word in pattern.split())
    try:
        return regex.compile(pattern, regex.IGNORECASE)
    except regex.error as error:
        raise ToolError(f"The expression cannot be read: {error}.") from error


def places(
    pattern: regex.Pattern[str], pages: Iterable[tuple[Document, Page]]
) -> Iterator[tuple[Document, Page, int, int]]:
    """Every place at which it stands, with the text around it: its page, start and end.

    Places whose surroundings touch are one.

    Raises:
        ToolError: looking takes too long.
    """
    until = time.monotonic() + SECONDS
    for document, page in pages:
        before: tuple[int, int] | None = None
        for start, end in _found(pattern, page.text, until):
            around = _around(page.text, start, end)
            if before is not None and around[0] <= before[1]:
                before = before[0], max(before[1], around[1])
                continue
            if before is not None:
                yield document, page, *before
            before = around
        if before is not None:
            yield document, page, *before


def _found(pattern: regex.Pattern[str], text: str, until: float) -> Iterator[tuple[int, int]]:
    left = until - time.monotonic()
    try:
        if left <= 0:
            raise TimeoutError
        yield from (found.span() for found in pattern.finditer(text, timeout=left) if found[0])
    except TimeoutError as error:
        raise ToolError(
            "Looking takes too long. Use a simpler pattern, or one document."
        ) from error


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """From the beginning of the sentence to its end, as far as these are near."""
    first, last = max(start - AROUND, 0), min(end + AROUND, len(text))
    for gap in _BREAK.finditer(text, first, start):
        first = gap.end()
    after = _BREAK.search(text, end, last)
    last = after.start() if after else last
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last
