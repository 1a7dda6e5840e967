"""Rows of tables among the sentences of passages, and those that name their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Protocol

from rag import raised
from rag.domain import Span
from rag.pipe_rows import cells_in, is_pipe_row, is_rule, without_marks

BORDER = " | "
# What names the columns of a table whose cells only spaces part, and what stands in those.
_PERIOD = re.compile(r"(?:[CF]Y ?)?(?:19|20)\d\d(?:[/–-]\d\d(?:\d\d)?)?|[QH][1-4]")
_FIGURE = re.compile(r"[-+–−(]?[$€£¥]?\(?\d[\d.,]*\)?%?|[-–—−]")
_ALONE = frozenset("$€£¥%)")
# A cell that holds a value: a number alone, with its sign and unit, but no year.
_VALUE = re.compile(r"[-+(]?[$€£¥]? ?(?!(?:19|20)\d\d$)\d[\d., ]*\)?%?")


class Placed(Protocol):
    """Where a sentence stands: in which of some passages, and where in its text."""

    @property
    def passage(self) -> int:
        """The position of the passage."""

    @property
    def span(self) -> Span:
        """The characters of its text."""


def heads_of(sentences: Sequence[Placed], texts: Sequence[str]) -> dict[int, int]:
    """For the position of each row below a head that of the head: the first row, without a value.

    `texts` are those of the passages. Rows follow each other line by line, with as many cells as
    the head has, or fewer where the last ones are empty; the rule that Markdown has below a head
    is no row. Where only spaces part the cells, years and quarters alone are a head.
    """
    heads = _below_periods(sentences, texts)
    first = 0
    for above, below in pairwise(range(len(sentences))):
        if not _goes_on(sentences[first], sentences[above], sentences[below], texts):
            first = below
        elif _names_columns(texts[sentences[first].passage], sentences[first].span):
            heads[below] = first
    return heads


def _below_periods(sentences: Sequence[Placed], texts: Sequence[str]) -> dict[int, int]:
    """The rows "Crane hour 86 91 97" below "2022 2023 2024", by as many figures as periods."""
    heads: dict[int, int] = {}
    head, columns = 0, 0
    for below, sentence in enumerate(sentences):
        row = _text(texts[sentence.passage], sentence.span)
        if columns and not _is_next(sentences[below - 1], sentence, texts):
            columns = 0
        tokens = [token for token in row.split() if token not in _ALONE]
        if len(tokens) > 1 and all(map(_PERIOD.fullmatch, tokens)):
            head, columns = below, len(tokens)
        elif columns and _trailing_figures(tokens) == columns:
            heads[below] = head
    return heads


def _trailing_figures(tokens: Sequence[str]) -> int:
    """How many figures a line ends in, after its label; 0 for one without a label."""
    reversed_figures = takewhile(_FIGURE.fullmatch, reversed(tokens))
    figures = sum(1 for _ in reversed_figures)
    return figures if figures < len(tokens) else 0


def _goes_on(first: Placed, above: Placed, below: Placed, texts: Sequence[str]) -> bool:
    if not _is_next(above, below, texts):
        return False
    text = texts[above.passage]
    head, row = (_text(text, each.span) for each in (first, below))
    return 1 < len(cells_of(row, like=head)) <= len(cells_of(head))


def _is_next(above: Placed, below: Placed, texts: Sequence[str]) -> bool:
    if above.passage != below.passage:
        return False
    between = texts[above.passage][above.span.end : below.span.start]
    return between.count("\n") == 1 or (between.count("\n") == 2 and is_rule(between))


def _names_columns(text: str, span: Span) -> bool:
    return not any(
        _VALUE.fullmatch(raised.without_marks(cell.strip(" *")))
        for cell in cells_of(_text(text, span))
    )


def cells_of(row: str, like: str = "") -> list[str]:
    """The cells of a row, of a Markdown table or of one that was read from another kind of file.

    Pipes at both ends are those of Markdown, unless another row of the table, which it is `like`,
    has none: then its first and its last cell are empty.
    """
    if is_pipe_row(row) and is_pipe_row(like or row):
        return cells_in(without_marks(row))
    return f" {row.strip()} ".split(BORDER)


def _text(text: str, span: Span) -> str:
    return text[span.start : span.end]
