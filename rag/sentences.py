"""Where the sentences, list items and table rows of a text begin and end."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rag.abbreviations import ends_nothing
from rag.domain import Span
from rag.markers import is_fence
from rag.page_numbers import is_page_number
from rag.pipe_rows import is_rule
from rag.wrapping import (
    NARROW,
    Paragraph,
    goes_further,
    is_alone,
    is_running,
    is_unfinished,
    may_lead_on,
    paragraph_of,
    tells_dates,
    without_dates,
)

# Possessive, and never begun inside a run of stops: a megabyte of dots is read once.
_END = re.compile(
    r"(?<![.!?…।॥؟۔។။።])[.!?…।॥؟۔។။።]++[\"'”’»)\]]*+(?:\[\d+\])*+(?=\s|$)|[。！？]++[」』”’）】]*+(?:\[\d+\])*+"
)
_ITEM = re.compile(r"[ \t]*+(?:[-*•‣▪●○◦\ue000-\uf8ff]|\(?\d{1,3}[.)]|\(?[a-z][.)]|#{1,6}|\|)[ \t]")
_NUMBER_OF_ITEM = re.compile(r"\s*+\(?(?:\d{1,3}|[a-z])\.")
_FOLLOWING = re.compile(r"\s*+(\S)")
_CELL = re.compile(r"\(?[$€£¥]?\s?\(?\d[\d,.]*\)?%?|—|–")
_AMOUNT = re.compile(r"[$€£¥₹]\s*\n\s*\d")  # over the end of a line
_BORDER = " | "  # between the cells of a table that was read as one
_LABELLED = re.compile(r"\s*+(?:[^\s:]++ ?){1,4}(?<! ):[ \t]+\S")  # "Valid until: 30 June"
_SURE_ENDS = ("!", "?", "。", "！", "？")  # even where the next word is in small letters
_ENOUGH_CELLS = 2
_SMALL = (  # what no line of a table or heading ends in
    "of to by and in for with from at the a an was were is are than or that as on about compared "
    "de du des la le les et à en pour par avec dans un une est sont que sur au aux "
    "von zu und mit für der die das den dem des ein eine einer im am auf bei ist sind als "
    "y el los las con por del al una es son"
)
_GOES_ON = frozenset(_SMALL.split())
# A line ends early, and with it a paragraph, when the next word would have fitted: lines of running
# text differ in length by less than this share of the long ones. One that goes on in lower case
# must be shorter still.
_ROOM_LEFT = 0.8
_SHORT_LINE = 0.5
_AT_ENDS = 2  # lines at either end of a text, among which may be the number of its page
_LOOKED_BACK = 400  # characters of a block, for the sentence that it has begun


def is_labelled(line: str) -> bool:
    """Whether a line gives something under a label of few words: "Valid until: 30 June"."""
    return bool(_LABELLED.match(line))


def split_sentences(text: str) -> list[Span]:
    """The sentences of a text, each without the white space around it.

    A table row, a list item and a heading on a line of its own are sentences too; a sentence that
    goes over several lines is one. The number of a page at an end of the text is by itself.
    """
    spans: list[Span] = []
    for start, end in _blocks(text):
        spans += _sentences(text, start, end)
    return spans


def _blocks(text: str) -> list[tuple[int, int]]:
    """Runs of lines that belong together."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\r\n]+", text)]
    if not lines:
        return []
    long = sorted(end - start for start, end in lines)[int(len(lines) * 0.9)]
    blocks: list[tuple[int, int]] = []
    for run in _paragraphs(text, lines, _page_numbers(text, lines) if long >= NARROW else ()):
        written = [text[slice(*line)] for line in run]
        paragraph = paragraph_of(written)
        blocks.append(run[0])
        for (before, after), line in zip(itertools.pairwise(written), run[1:], strict=True):
            said = partial(_begun, text, blocks[-1])
            goes_on = may_lead_on(before, after) and goes_further(before, after, said)
            goes_on = goes_on or _AMOUNT.search(f"{before[-9:]}\n{after[:9]}") is not None
            if not goes_on and _breaks(before, after, said, paragraph, long):
                blocks.append(line)
            else:
                blocks[-1] = (blocks[-1][0], line[1])
    return blocks


def _page_numbers(text: str, lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lines at the ends of a text of long ones that number its page.

    What a line that ends in a colon introduces is none.
    """
    return [
        lines[place]
        for place in sorted({*range(len(lines))[:_AT_ENDS], *range(len(lines))[-_AT_ENDS:]})
        if is_page_number(text[slice(*lines[place])])
        and not (place and text[slice(*lines[place - 1])].rstrip().endswith(":"))
    ]


def _paragraphs(
    text: str, lines: Sequence[tuple[int, int]], apart: Sequence[tuple[int, int]]
) -> Iterator[list[tuple[int, int]]]:
    """Runs of lines without a blank one between them, those that stand `apart` by themselves."""
    run = [lines[0]]
    for previous, line in itertools.pairwise(lines):
        gap = text[previous[1] : line[0]].replace("\r\n", "\n")
        if (
            line in apart
            or previous in apart
            or len(gap) > 1
            or not text[slice(*previous)].strip()
            or not text[slice(*line)].strip()
        ):
            yield run
            run = []
        run.append(line)
    yield run


def _begun(text: str, block: tuple[int, int]) -> str:
    """The last sentence of a block, or what of it stands near its end."""
    near = text[max(block[0], block[1] - _LOOKED_BACK) : block[1]]
    begin = 0
    for match in _END.finditer(near):
        inside = ends_nothing(near, match.start(), match.end(), len(near))
        if near[match.end() :].strip() and not inside:
            begin = match.end()
    return near[begin:].strip()


def _breaks(
    before: str, after: str, said: Callable[[], str], paragraph: Paragraph, long: int
) -> bool:
    """Whether the second of two lines of a paragraph begins anew."""
    if _ITEM.match(after) or _are_rows(before, after):
        return True
    is_told = tells_dates(before, after)
    if _is_row(before) and not (is_told and not _is_row(without_dates(before))):
        return True
    if any(is_rule(line) or is_fence(line) for line in (before, after)):
        return True
    is_row = _is_row(after) and not (is_told and not _is_row(without_dates(after)))
    if is_row and before.split()[-1] not in _GOES_ON:
        return True
    if before.rstrip().endswith((",", "\x02", "\ufffe", "-", "–")):
        return False
    if before.split()[-1] in _GOES_ON:
        return False
    next_word = after.split(maxsplit=1)[0]
    if is_alone(before, after, paragraph):
        return True
    if is_unfinished(before, after, paragraph):
        return False
    if after.lstrip()[0].islower():
        is_short = len(before) + len(next_word) < _SHORT_LINE * long and len(before) < len(after)
        return is_short and not is_running(said())
    return len(before) + len(next_word) < _ROOM_LEFT * long


def _is_row(line: str) -> bool:
    """Whether a line reads like the row of a table: several figures, and little after them."""
    if line.count("|") >= _ENOUGH_CELLS or line.count("\t") >= _ENOUGH_CELLS:
        return True
    words = line.split()
    figures = [position for position, word in enumerate(words) if _CELL.fullmatch(word)]
    if len(figures) < _ENOUGH_CELLS:
        return False
    tail = words[figures[0] :]
    return len(figures) >= 0.5 * sum(word not in "$€£%)" for word in tail)


def _are_rows(first: str, second: str) -> bool:
    """Whether two lines are built alike: in as many cells, labelled, or with as many figures."""
    if first.count(_BORDER) == second.count(_BORDER) > 0:
        return True
    if is_labelled(first) and is_labelled(second):
        return True
    places = [
        [position for position, word in enumerate(line.split()) if _CELL.fullmatch(word)]
        for line in (first, second)
    ]
    return (
        len(places[0]) == len(places[1]) >= _ENOUGH_CELLS
        and places[0][0] == places[1][0]
        and not first.rstrip().endswith((".", ",", ";", ":"))
    )


def _sentences(text: str, start: int, end: int) -> list[Span]:
    spans = []
    begin = start
    for match in _END.finditer(text, start, end):
        if ends_nothing(text, match.start(), match.end(), end):
            continue
        if _NUMBER_OF_ITEM.fullmatch(text, begin, match.end()):
            continue
        following = _FOLLOWING.match(text, match.end(), end)
        if following and following[1].islower() and not match.group().startswith(_SURE_ENDS):
            continue
        spans.append(trimmed(text, begin, match.end()))
        begin = match.end()
    spans.append(trimmed(text, begin, end))
    return [span for span in spans if span.start < span.end]


def trimmed(text: str, start: int, end: int) -> Span:
    """A part of a text without the white space at its ends; one of nothing else ends early."""
    piece = text[start:end]
    return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))
