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

_CODE = r"(?P<code>`[^`\n]*`)"
_PAIRS = re.compile(
    rf"{_CODE}|(?<![\w*~])(?P<stars>\*{{1,3}}|~~)(?=[^\s*~])(?P<starred>[^*~\n]*[^\s*~\\])(?P=stars)"
    r"(?![\w*~])|(?<!\w)(?P<lines>_{1,3})(?=[^\s_])(?P<lined>[^_\n]*[^\s_\\])(?P=lines)(?!\.?\w)"
)
MOST_NESTED = 3


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


def without_pairs(text: str) -> str:
    """A text of Markdown without the marks that stand in pairs around words of it.

    One alone stays, as "5* per cent" has it, and so does code.
    """
    for _ in range(MOST_NESTED):
        shorter = _PAIRS.sub(
            lambda found: found["code"] or found["starred"] or found["lined"], text
        )
        if shorter == text:
            break
        text = shorter
    return text


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
