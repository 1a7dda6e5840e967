"""The blocks of a Markdown text: paragraphs, list items, table rows, headings, code."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.domain import Span
from rag.sentences import split_sentences

MOST_LINES = 400  # of a paragraph
WRAPPED_LINE = 60  # characters: a line as long that ends in no stop goes on in the next
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_QUOTED = re.compile(r"\A(?: {0,3}> ?)+")
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*\Z)|~{3,})")
_RULE = re.compile(r"\s*(?:([-*_])(?:\s*\1){2,}|=+|-+)\s*")
_HEADING = re.compile(r"\s{0,3}#{1,6}(?:\s|\Z)")
_ITEM = re.compile(r"(\s*)(?:[-*+•‣▪●○◦–]|\(?\d{1,3}[.)]|\(?[a-z]\))\s+(?:\[[ xX]\]\s+)?(?=\S)")
_DIVIDER = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?")
_ONLY_MARKERS = re.compile(r"(?:\s*\[\d+\])+[\s.]*")
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*(?:\s*\[\d+\])*\s*\Z")
_BROKEN = re.compile(r"(?: {2}|\\|<br ?/?>)\Z")
_GOING_ON = re.compile(
    r"(?:[,;–-]|\b(?:and|or|of|the|to|in|et|ou|de|la|le|und|oder|der|die|y|o))\Z"
)


class Kind(StrEnum):
    """What a block is. A `head` names the columns of the `row`s below its `divider`."""

    PROSE = "prose"
    ITEM = "item"
    HEADING = "heading"
    HEAD = "head"
    DIVIDER = "divider"
    ROW = "row"
    RULE = "rule"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """A block and its content, without bullets, marks of headings and white space around it.

    `starts` are where its lines start, of code the first; `end` is where the last one ends, its
    line feed included. It is `closed` by a blank line or a fence, and `quoted` behind `>`.
    """

    kind: Kind
    span: Span
    indent: int
    starts: tuple[int, ...]
    end: int
    closed: bool = False
    quoted: bool = False


def blocks_of(text: str) -> list[Block]:
    """The blocks of a text in order."""
    blocks: list[Block] = []
    fence = ""
    for match in _LINE.finditer(text):
        body = match.group().rstrip("\r\n")
        if fence:
            stop = match.start() + len(match.group().rstrip())
            span = Span(blocks[-1].span.start, max(stop, blocks[-1].span.end))
            blocks[-1] = replace(blocks[-1], span=span, end=match.end())
            if body.strip().startswith(fence) and not body.strip().strip(fence[0]):
                fence = ""
                blocks[-1] = replace(blocks[-1], closed=match.group().endswith("\n"))
        elif not _QUOTED.sub("", body, count=1).strip():
            if blocks and match.group().endswith("\n"):
                blocks[-1] = replace(blocks[-1], closed=True)
        else:
            opened = _FENCE.match(body)
            fence = opened[1] if opened else ""
            _add(blocks, text, match, Kind.CODE if opened else None)
    return blocks


def _add(blocks: list[Block], text: str, line: re.Match[str], kind: Kind | None) -> None:
    """Add a line that is not blank: to the last block, or as one of its own."""
    block = _block(line, kind)
    previous = blocks[-1] if blocks and not blocks[-1].closed else None
    if previous is not None and previous.kind in (Kind.PROSE, Kind.ITEM):
        if block.kind is Kind.RULE and _is_title(text, previous):
            underlined = replace(previous, kind=Kind.HEADING)
            blocks[-1] = replace(_longer(underlined, line), span=previous.span)
            return
        fits = previous.quoted == block.quoted and len(previous.starts) < MOST_LINES
        if block.kind is Kind.PROSE and fits:
            before = text[previous.starts[-1] : previous.end].rstrip("\r\n")
            if _goes_on(before, text[block.span.start : block.span.end]):
                blocks[-1] = _longer(previous, line)
                return
    if block.kind is Kind.DIVIDER and previous is not None and previous.kind is Kind.ROW:
        first = len(blocks) < 2 or blocks[-2].closed or not is_table(blocks[-2])
        blocks[-1] = replace(previous, kind=Kind.HEAD if first else Kind.ROW)
    blocks.append(block)


def _block(line: re.Match[str], kind: Kind | None) -> Block:
    """A line as a block."""
    start = line.start()
    body = line.group().rstrip()
    quoted = _QUOTED.match(body)
    if quoted and kind is None:
        start += quoted.end()
        body = body[quoted.end() :]
    item = _ITEM.match(body)
    indent = len(body) - len(body.lstrip())
    kind = kind or _kind(body, item)
    if kind is Kind.ITEM and item:
        start += item.end()
    elif kind is Kind.HEADING:
        start += len(body) - len(body.lstrip(" \t#"))
    else:
        start += indent
    stop = line.start() + len(line.group().rstrip())
    return Block(
        kind,
        Span(min(start, stop), stop),
        indent,
        (line.start(),),
        line.end(),
        quoted=bool(quoted),
    )


def is_table(block: Block) -> bool:
    """Whether a block is a line of a table."""
    return block.kind in (Kind.HEAD, Kind.DIVIDER, Kind.ROW)


def _kind(body: str, item: re.Match[str] | None) -> Kind:
    bare = body.strip()
    if _RULE.fullmatch(body):
        return Kind.RULE
    if _HEADING.match(body):
        return Kind.HEADING
    if bare.startswith("|") and bare.count("|") > 1:
        return Kind.DIVIDER if _DIVIDER.fullmatch(bare) else Kind.ROW
    return Kind.ITEM if item else Kind.PROSE


def _longer(block: Block, line: re.Match[str]) -> Block:
    span = Span(block.span.start, line.start() + len(line.group().rstrip()))
    return replace(block, span=span, starts=(*block.starts, line.start()), end=line.end())


def _is_title(text: str, block: Block) -> bool:
    """Whether a paragraph with a line drawn under it is a heading: one line, no full stop."""
    line = text[block.span.start : block.span.end]
    one = len(block.starts) == 1 and len(split_sentences(line)) == 1
    return one and block.kind is Kind.PROSE and not _ENDED.search(line)


def _goes_on(before: str, after: str) -> bool:
    """Whether a line is continued by the next one of the same paragraph."""
    if _ONLY_MARKERS.fullmatch(after):
        return True
    ended = _ENDED.search(before)
    before = before.rstrip() if not _BROKEN.search(before) else ""
    if not before or before.endswith((":", "：")):
        return False
    if after[0].islower():
        return True
    return not ended and (bool(_GOING_ON.search(before)) or len(before) >= WRAPPED_LINE)


def flat(text: str, block: Block) -> str:
    """The content of a block on one line, each character where it was in the block."""
    pieces = []
    begin = block.span.start
    for start in (*block.starts[1:], block.span.end):
        line = text[begin : min(start, block.span.end)]
        marks = _QUOTED.match(line) if block.quoted and begin != block.span.start else None
        blank = " " * marks.end() if marks else ""
        pieces.append(blank + line[len(blank) :].replace("\n", " ").replace("\r", " "))
        begin = start
    return "".join(pieces)


def paired(blocks: list[Block]) -> Iterator[tuple[Block, Block | None]]:
    """Each block with the one after it."""
    return itertools.zip_longest(blocks, blocks[1:])
