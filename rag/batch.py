"""Answering a file of questions: rows in, one JSON line a row out."""

from __future__ import annotations

import csv
import json
import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TextIO

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from rag.claim_rows import claim_rows, disagreement_row, quote_row
from rag.domain import Answer, Citation, Passage
from rag.errors import RagError, SettingsError
from rag.folding import encodable
from rag.retrieval import Retrieval

Format = Literal["csv", "jsonl"]
Row = dict[str, Any]
Task = Literal["ask", "summarise", "extract", "classify", "write"]
BYTE_ORDER_MARK = "\ufeff"
COLUMNS = ("question", "task")  # of a CSV file, one of which it must have
_IN_PLACE_OF_A_QUESTION = ("question", "text", "instruction")


class BatchQuestion(BaseModel):
    """A row of the file: a question, and optionally where to look.

    With another `task`, `question` is the text to be sorted, the instruction for what is to be
    written, or a wish how to summarise; `schema` and `classes` are as `rag.whole` reads them, `as`
    is what is to be written, and with `multi` a text may have several classes.
    """

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    task: Task = "ask"
    question: str
    id: str = ""
    library: str | None = None
    documents: tuple[str, ...] = ()
    form: Any = Field(default=None, alias="schema")
    classes: Any = None
    multi: bool = False
    kind: Literal["email", "report"] | None = Field(default=None, alias="as")

    @model_validator(mode="before")
    @classmethod
    def _worded(cls, row: Any) -> Any:
        """Other tasks than asking may name their text otherwise, or have none."""
        if not isinstance(row, dict) or row.get("task") in (None, "", "ask"):
            return {**row, "task": "ask"} if isinstance(row, dict) else row
        given = (row.get(name) for name in _IN_PLACE_OF_A_QUESTION)
        text = next((value for value in given if value not in (None, "")), "")
        named = {"summarize": "summarise"}.get(str(row["task"]), row["task"])
        return {**row, "task": named, "question": text}

    @field_validator("documents", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """In CSV, several documents stand in one cell with semicolons between them."""
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(";") if name.strip())
        return value

    @field_validator("question", "library", "documents")
    @classmethod
    def _readable(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        texts = (value or "",) if not isinstance(value, tuple) else value
        if any(encodable(text) != text for text in texts):
            raise ValueError("it is not UTF-8 text; save the file as UTF-8")
        return value

    @field_validator("question")
    @classmethod
    def _said(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip() and info.data.get("task", "ask") in ("ask", "write"):
            raise ValueError("it is empty")
        return value

    @field_validator("library", "kind", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        return value or None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no question: its id and what is wrong with it."""

    id: str
    reason: str


def read_questions(stream: TextIO, form: Format) -> Iterator[BatchQuestion | BadRow]:
    """The questions of a CSV or JSONL file; a row that is none comes as a `BadRow`.

    Rows without an id are numbered from 1. The stream should be opened with
    `errors="surrogateescape"`, so that a row that is not UTF-8 costs itself alone.

    Raises:
        SettingsError: a CSV file has no column named `question`.
    """
    for number, (_, row) in enumerate(read_rows(stream, form), start=1):
        id_ = str(number)
        if isinstance(row, str):
            yield BadRow(id_, row)
            continue
        given = row.get("id")
        id_ = str(number) if given is None or given == "" else encodable(str(given))
        try:
            yield BatchQuestion.model_validate(row | {"id": id_})
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            wrong = first["msg"].removeprefix("Value error, ")
            yield BadRow(id_, f"Row {number} cannot be used: {field}: {wrong}.")


def read_rows(
    stream: TextIO, form: Format, columns: Collection[str] = COLUMNS
) -> Iterator[tuple[int, Row | str]]:
    """The rows of a CSV or JSONL file, each with the line of the file that it begins on.

    For one that is none, a sentence that says why.

    Raises:
        SettingsError: a CSV file has no column named `question`.
    """
    return _csv_rows(stream, columns) if form == "csv" else _json_rows(stream)


def run(
    questions: Iterable[BatchQuestion | BadRow], answer: Callable[[BatchQuestion], Row]
) -> Iterator[Row]:
    """Answer every question, one after the other."""
    yield from (answered(question, answer) for question in questions)


def answered(question: BatchQuestion | BadRow, answer: Callable[[BatchQuestion], Row]) -> Row:
    """The row of a question; what goes wrong with it is the row's `error`."""
    if isinstance(question, BadRow):
        return failed_row(question.id, "", question.reason)
    try:
        return answer(question)
    except RagError as error:
        return failed_row(question.id, question.question, str(error))


def answer_row(question: BatchQuestion, answer: Answer) -> Row:
    """An answer as a row."""
    usage = answer.usage
    return _row(question.id, question.question) | {
        "answer": answer.text,
        "refused": answer.refused,
        "complete": answer.complete,
        "notice": answer.notice,
        "citations": [citation_row(citation) for citation in answer.citations],
        "passages": [passage_row(passage) for passage in answer.passages],
        "model": answer.model,
        "usage": usage
        and {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        "cost": answer.cost,
        "evidence": _rounded(answer.evidence),
        "grounded": answer.grounded,
        "claims": claim_rows(answer),
        "disagreements": [disagreement_row(each) for each in answer.disagreements],
    }


def retrieval_row(question: BatchQuestion, retrieval: Retrieval, bar: float) -> Row:
    """What was retrieved for a question, as a row without an answer.

    It is refused where the embedded reader would refuse to answer from it.
    """
    passages = retrieval.passages
    return _row(question.id, question.question) | {
        "refused": not passages or retrieval.evidence.is_below(bar, instructable=False),
        "notice": retrieval.notice,
        "passages": [passage_row(passage) for passage in passages],
        "evidence": _rounded(retrieval.evidence.score if passages else None),
    }


def failed_row(id_: str, question: str, reason: str) -> Row:
    """A row for a question that got no answer."""
    return _row(id_, question) | {"complete": False, "error": reason}


def passage_row(passage: Passage) -> Row:
    """A passage as it is written out; `page` is null where the format has none."""
    return {
        "document": passage.document.name,
        "page": passage.page if passage.document.paginated else None,
        "score": round(passage.score, 6),
        "reasons": passage.reasons
        and {kind: round(value, 6) for kind, value in asdict(passage.reasons).items()},
        "text": passage.text,
    }


def citation_row(citation: Citation) -> Row:
    """A citation as it is written out."""
    return quote_row(citation.quote) | {"verdict": citation.verdict}


def _row(id_: str, question: str) -> Row:
    return {
        "id": id_,
        "question": question,
        "answer": "",
        "refused": False,
        "complete": True,
        "notice": "",
        "citations": [],
        "passages": [],
        "model": None,
        "usage": None,
        "cost": None,
        "spent_today": None,
        "evidence": None,
        "grounded": True,
        "claims": [],
        "disagreements": [],
        "error": None,
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def _csv_rows(stream: TextIO, columns: Collection[str]) -> Iterator[tuple[int, Row | str]]:
    records = _csv_records(stream)
    _, first = next(records, (0, []))
    header = [name.strip().casefold() for name in first] if isinstance(first, list) else []
    if not set(columns) & set(header):
        named = next(iter(columns))
        raise SettingsError(
            f"The CSV file has no column named {named!r}. Name one in its first row."
        )
    for line, values in records:
        if isinstance(values, str):
            yield line, values
        elif any(value.strip() for value in values[len(header) :]):
            yield (
                line,
                f"This row has {len(values)} values for {len(header)} columns: put quotation "
                "marks around a text that holds the separator.",
            )
        elif any(value.strip() for value in values):
            yield line, dict(zip(header, values, strict=False))


def _csv_records(stream: TextIO) -> Iterator[tuple[int, list[str] | str]]:
    """The rows of a CSV file; what is none is a sentence, and the next line begins another."""
    lines = _Lines(stream)
    lines.strip_mark()
    delimiter = _delimiter(lines.first)
    while True:
        lines.read.clear()
        line = lines.taken + 1
        try:
            yield line, next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            lines.put_back_all_but_one()
            yield line, f"This row is not CSV: {error}."


class _Lines:
    """The lines of a file, with the way back to those that a record which is none took in."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting = deque([stream.readline()])
        self.read: list[str] = []
        self.taken = 0

    @property
    def first(self) -> str:
        return self._waiting[0]

    def strip_mark(self) -> None:
        self._waiting[0] = self._waiting[0].removeprefix(BYTE_ORDER_MARK)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._stream.readline()
        if not line:
            raise StopIteration
        self.read.append(line)
        self.taken += 1
        return line

    def put_back_all_but_one(self) -> None:
        self._waiting.extendleft(reversed(self.read[1:]))
        self.taken -= len(self.read[1:])


def _delimiter(header: str) -> str:
    """What separates the columns; for a single one a character that no text holds."""
    found = max(",;\t", key=header.count)
    return found if found in header else "\x1f"


def parsed(text: str) -> Any:
    """What JSON says.

    Raises:
        ValueError: it is none, or holds a number that is none or too large to be one.
        RecursionError: it is nested without end.
    """
    return json.loads(text, parse_constant=_finite, parse_float=_finite)


def _finite(figures: str) -> float:
    number = float(figures)
    if not math.isfinite(number):
        raise ValueError(f"{figures} is no number")
    return number


def _json_rows(stream: TextIO) -> Iterator[tuple[int, Row | str]]:
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(BYTE_ORDER_MARK)
        if not text.strip():
            continue
        try:
            row = parsed(text.rstrip())
        except json.JSONDecodeError as error:
            yield number, f"This line is not JSON: {error.msg} (character {error.pos + 1})."
            continue
        except (ValueError, RecursionError) as error:
            yield number, f"This line is not JSON: {error}."
            continue
        yield number, row if isinstance(row, dict) else "This line is not a JSON object."
