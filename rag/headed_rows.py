"""Rows of tables among the sentences of passages, and those that name their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.domain import Span
from rag.evidence import Sentence

BORDER = " | "
# A cell that holds a value: a number alone, with its sign and unit, but no year.
_VALUE = re.compile(r"[-+(]?[$€£¥]? ?(?!(?:19|20)\d\d$)\d[\d., ]*\)?%?")


def heads_of(sentences: Sequence[Sentence], texts: Sequence[str]) -> dict[int, int]:
    """For the position of each row below a head that of the head: the first row, without a value.

    `texts` are those of the passages. Rows follow each other line by line, with as many cells.
    """
    heads: dict[int, int] = {}
    first = 0
    for above, below in pairwise(range(len(sentences))):
        if not _goes_on(sentences[above], sentences[below], texts):
            first = below
        elif _names_columns(texts[sentences[first].passage], sentences[first].span):
            heads[below] = first
    return heads


def _goes_on(above: Sentence, below: Sentence, texts: Sequence[str]) -> bool:
    if above.passage != below.passage:
        return False
    text = texts[above.passage]
    borders = [len(_cells(text, each.span)) for each in (above, below)]
    lines = text[above.span.end : below.span.start].count("\n")
    return lines == 1 and borders[0] == borders[1] > 1


def _names_columns(text: str, span: Span) -> bool:
    return not any(_VALUE.fullmatch(cell.strip()) for cell in _cells(text, span))


def _cells(text: str, span: Span) -> list[str]:
    return text[span.start : span.end].strip(" |").split(BORDER)
