"""Rows of tables among the sentences of passages, and those that name their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.domain import Span
from rag.evidence import Sentence
from rag.pipe_rows import cells_in, is_pipe_row, is_rule, without_marks

BORDER = " | "
# A cell that holds a value: a number alone, with its sign and unit, but no year.
_VALUE = re.compile(r"[-+(]?[$€£¥]? ?(?!(?:19|20)\d\d$)\d[\d., ]*\)?%?")


def heads_of(sentences: Sequence[Sentence], texts: Sequence[str]) -> dict[int, int]:
    """For the position of each row below a head that of the head: the first row, without a value.

    `texts` are those of the passages. Rows follow each other line by line, with as many cells as
    the head has, or fewer where the last ones are empty; the rule that Markdown has below a head
    is no row.
    """
    heads: dict[int, int] = {}
    first = 0
    for above, below in pairwise(range(len(sentences))):
        if not _goes_on(sentences[first], sentences[above], sentences[below], texts):
            first = below
        elif _names_columns(texts[sentences[first].passage], sentences[first].span):
            heads[below] = first
    return heads


def _goes_on(first: Sentence, above: Sentence, below: Sentence, texts: Sequence[str]) -> bool:
    if above.passage != below.passage:
        return False
    text = texts[above.passage]
    head, row = (_text(text, each.span) for each in (first, below))
    between = text[above.span.end : below.span.start]
    is_next = between.count("\n") == 1 or (between.count("\n") == 2 and is_rule(between))
    return is_next and 1 < len(cells_of(row, like=head)) <= len(cells_of(head))


def _names_columns(text: str, span: Span) -> bool:
    return not any(_VALUE.fullmatch(cell.strip(" *")) for cell in cells_of(_text(text, span)))


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
