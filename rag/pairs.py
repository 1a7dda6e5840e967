"""Checking rows of claim and passage: one JSON line in, one out, however many there are."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from rag.batch import BYTE_ORDER_MARK, Row, parsed
from rag.domain import Verdict
from rag.folding import encodable
from rag.verification import Check, Verifier

TOGETHER = 64  # rows that are checked at once, and kept in memory
LONGEST_CLAIM, LONGEST_PASSAGE = 8_000, 100_000  # characters
LONGEST_ROW = 1_000_000  # characters
PIECE = 65_536  # characters of a list that are read at a time
_LIST = re.compile(r"\[\s*(?:\{|$)")
_BETWEEN = re.compile(r"[\s,]*")
_TOO_LONG = f"This row is too long: {LONGEST_ROW:,} characters are read at most."

Id = str | int | float


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim, and the passage that is to say it."""

    id: Id
    claim: str
    passage: str


@dataclass(frozen=True, slots=True)
class BadPair:
    """A row that is no pair: its id, and in one sentence what is wrong with it."""

    id: Id
    reason: str


def read_pairs(stream: TextIO) -> Iterator[Pair | BadPair]:
    """The rows of a file: a JSON object a line, or a list of them.

    Blank lines are no rows; rows without an id are numbered from 1. The stream should be opened
    with `errors="surrogateescape"`, so that a row that is not UTF-8 costs itself alone.
    """
    lines = (line for line in _lines(stream) if line is None or line.strip())
    first = next(lines, "")
    if first and _LIST.match(first.strip()):
        rows = _listed(first, stream)
    else:
        rows = (_row_of(line) for line in itertools.chain([first] if first != "" else [], lines))
    for number, row in enumerate(rows, start=1):
        yield BadPair(str(number), row) if isinstance(row, str) else _pair_of(row, number)


def check_pairs(pairs: Iterator[Pair | BadPair], verifier: Verifier) -> Iterator[Row]:
    """A row for each, in their order; that of a bad one has an `error`, and null as its verdict."""
    while batch := list(itertools.islice(pairs, TOGETHER)):
        good = [pair for pair in batch if isinstance(pair, Pair)]
        checks = iter(verifier.check_texts([(pair.claim, pair.passage) for pair in good]))
        for pair in batch:
            yield _row(pair, next(checks)) if isinstance(pair, Pair) else _failed(pair)


def _row(pair: Pair, check: Check) -> Row:
    verdict = Verdict.UNSUPPORTED if check.verdict is Verdict.UNCITED else check.verdict
    span = check.span
    reason = "" if verdict is Verdict.SUPPORTED else check.reason
    quote = pair.passage[span.start : span.end]
    return {"id": pair.id, "verdict": verdict, "quote": quote, "reason": reason}


def _failed(pair: BadPair) -> Row:
    return {"id": pair.id, "verdict": None, "quote": "", "reason": "", "error": pair.reason}


def _lines(stream: TextIO) -> Iterator[str | None]:
    """The lines of a stream, None for one that is too long to be kept."""
    while line := stream.readline(LONGEST_ROW):
        if len(line) < LONGEST_ROW or line.endswith(("\n", "\r")):
            yield line.removeprefix(BYTE_ORDER_MARK)
            continue
        while line and not line.endswith(("\n", "\r")):
            line = stream.readline(LONGEST_ROW)
        yield None


def _row_of(line: str | None) -> Row | str:
    """The object on a line, or why it is none."""
    if line is None:
        return _TOO_LONG
    try:
        row = parsed(line.strip())
    except json.JSONDecodeError as error:
        return f"This line is not JSON: {error.msg} (character {error.pos + 1})."
    except (ValueError, RecursionError) as error:
        return f"This line is not JSON: {error}."
    return row if isinstance(row, dict) else "This line is not a JSON object."


def _listed(text: str, stream: TextIO) -> Iterator[Row | str]:
    """The objects of a JSON list that begins with a text; what is no JSON ends it."""
    decoder = json.JSONDecoder()
    text = text.lstrip()[1:]
    while True:
        text = text[_end_of(_BETWEEN, text) :]
        if text.startswith("]"):
            return
        try:
            _, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            more = stream.read(PIECE) if len(text) < LONGEST_ROW else ""
            if not more:
                too_long = len(text) >= LONGEST_ROW
                yield _TOO_LONG if too_long else "The list is not JSON from here to its end."
                return
            text += more
            continue
        yield _row_of(text[:end])
        text = text[end:]


def _end_of(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _pair_of(row: Row, number: int) -> Pair | BadPair:
    id_ = _id_of(row.get("id"), number)
    texts = []
    for name, longest in (("claim", LONGEST_CLAIM), ("passage", LONGEST_PASSAGE)):
        text = row.get(name)
        wrong = _wrong_with(text, longest)
        if wrong:
            return BadPair(id_, f"Its {name} cannot be used: {wrong}.")
        texts.append(str(text))
    return Pair(id_, *texts)


def _wrong_with(text: Any, longest: int) -> str:
    """Why a value is no text to read; empty for one that is."""
    if text is None:
        return "there is none"
    if not isinstance(text, str):
        return "it is not a text"
    if not text.strip():
        return "it is empty"
    if len(text) > longest:
        return f"it has {len(text):,} characters, and {longest:,} are read at most"
    if encodable(text) != text:
        return "it is not UTF-8 text; save the file as UTF-8"
    return ""


def _id_of(given: Any, number: int) -> Id:
    """The id of a row as it was given; its number where it has none."""
    if isinstance(given, str) and given:
        return encodable(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return given
    return str(number)
