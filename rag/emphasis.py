"""The marks by which Markdown emphasises words, which are no part of what a text says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.domain import Span

# Between figures they are signs of arithmetic: 5**2.
MARKS = re.compile(
    r"(?:\*{2,3}|~~)(?!\d)|(?<!\d)(?:\*{2,3}|~~)(?=\d)|`+"
    r"|(?<![\w*])[*_]{1,3}(?=\S)|(?<=[^\s*])[*_]{1,3}(?![\w*])"
)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text without marks of emphasis: its character `i` is the original's at `offsets[i]`."""

    text: str
    offsets: range | tuple[int, ...]

    def original(self, span: Span) -> Span:
        """The same words, none of them cut, where they stand in the original."""
        if span.end <= span.start:
            return span
        return Span(self.offsets[span.start], self.offsets[span.end - 1] + 1)


def without_emphasis(text: str) -> str:
    """A text without `*`, `_`, `**`, `~~` and backticks around words; "snake_case" stays."""
    return MARKS.sub("", text)


def plain(text: str) -> Plain:
    """A text without marks of emphasis, and where its characters stood.

    A text that holds nothing else stays as it is.
    """
    kept: list[int] = []
    done = 0
    for mark in MARKS.finditer(text):
        kept += range(done, mark.start())
        done = mark.end()
    kept += range(done, len(text))
    bare = "".join([text[at] for at in kept]) if done else ""
    return Plain(bare, tuple(kept)) if bare.strip() else Plain(text, range(len(text)))
