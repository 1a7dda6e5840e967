"""Answers that were written out before, by a batch of ours or by another tool, read back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import PurePath
from typing import Annotated, Any, TextIO

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rag.batch import BadRow, Row, read_rows
from rag.domain import Verdict
from rag.folding import fold
from rag.known_questions import EvaluationQuestion
from rag.marks import Place


def _text(value: object) -> object:
    return "" if value is None else value


def _several(value: object) -> object:
    return () if value is None else value


def _complete(value: object) -> object:
    """Whether an answer came to its end; one that says nothing of it did."""
    return True if value is None else value


def _verdict(value: object) -> object:
    """A verdict in words of ours; another tool's is none, and is found out here."""
    known = isinstance(value, str) and value in frozenset(Verdict)
    return value if known else None


Text = Annotated[str, BeforeValidator(_text)]
PageNumber = Annotated[int, Field(ge=1)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class PlaceRow(_Read):
    """Where a passage or a citation lies; one over several pages lists them in `pages`."""

    document: Text = ""
    page: PageNumber | None = None
    pages: Annotated[tuple[PageNumber, ...], BeforeValidator(_several)] = ()

    @property
    def places(self) -> list[Place]:
        """Each page of it, or its document where no page is named."""
        name = PurePath(self.document).name
        if not name:
            return []
        return [Place(name, page) for page in (self.pages or (self.page,))]


class CitedRow(PlaceRow):
    """What an answer cites; a `fault` says why it is not what it seems to be."""

    quote: Text = ""
    fault: Text = ""
    verdict: Annotated[Verdict | None, BeforeValidator(_verdict)] = None


class ClaimRow(_Read):
    """A claim of an answer that was checked; `citations` are positions in the answer's list."""

    text: Text = ""
    verdict: Verdict
    reason: Text = ""
    cited: bool = True
    citations: tuple[int, ...] = ()


class AnswerRow(_Read):
    """An answer; `claims` are None where nobody has checked it yet.

    One that is not `complete` breaks off, as at the model's length limit.
    """

    id: Text = ""
    question: Text = ""
    answer: Text = ""
    refused: bool = False
    grounded: bool = True
    complete: Annotated[bool, BeforeValidator(_complete)] = True
    citations: Annotated[tuple[CitedRow, ...], BeforeValidator(_several)] = ()
    passages: Annotated[tuple[PlaceRow, ...], BeforeValidator(_several)] = ()
    claims: tuple[ClaimRow, ...] | None = None
    model: str | None = None
    evidence: float | None = None
    error: str | None = None

    @property
    def is_answered(self) -> bool:
        """Whether it answers from the documents."""
        return bool(self.answer.strip()) and not self.refused and self.grounded


def holds_answers(row: Row | str) -> bool:
    """Whether a row of a file is an answer, and no question."""
    return isinstance(row, dict) and isinstance(row.get("citations"), list)


def read_answers(stream: TextIO) -> list[AnswerRow | BadRow]:
    """The answers of a file of JSON lines; a row that is none comes as a `BadRow`.

    Those without an id are numbered from 1, as their questions are.
    """
    found: list[AnswerRow | BadRow] = []
    for number, (line, row) in enumerate(read_rows(stream, "jsonl"), start=1):
        found.append(_answer(row, number, line))
    return found


def _answer(row: Row | str, number: int, line: int) -> AnswerRow | BadRow:
    if isinstance(row, str):
        return BadRow(str(number), f"Line {line}{row.removeprefix('This line')}")
    id_ = str(number) if row.get("id") in (None, "") else str(row["id"]).strip()
    try:
        return AnswerRow.model_validate(row | {"id": id_})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        return BadRow(id_, f"Line {line} is no answer: {name}: {first['msg']}.")


class Answers:
    """The answers of a file, found by their questions; each is given once."""

    def __init__(self, rows: Iterable[AnswerRow | BadRow]) -> None:
        self._left = dict(enumerate(rows))
        self._found: dict[tuple[str, str], deque[int]] = {}
        for at, row in self._left.items():
            for key in _keys(row):
                self._found.setdefault(key, deque()).append(at)

    def take(self, question: EvaluationQuestion) -> AnswerRow | BadRow | None:
        """The answer to a question: that of its id, unless it is to another question.

        Else that of its words; None where there is none.
        """
        words = _words(question.question)
        for key in ((question.id, words), (question.id, ""), ("", words)):
            waiting = self._found.get(key, ())
            for at in waiting:
                if at in self._left:
                    return self._left.pop(at)
        return None

    @property
    def left(self) -> list[AnswerRow | BadRow]:
        """Those that no question has taken."""
        return list(self._left.values())


def _keys(row: AnswerRow | BadRow) -> list[tuple[str, str]]:
    """What an answer is found by: its id and its question, and that alone, or only its id."""
    words = "" if isinstance(row, BadRow) else _words(row.question)
    return [(row.id, words), ("", words)] if words else [(row.id, "")]


def _words(question: str) -> str:
    return fold(question).text.strip()


def questions_of(rows: Iterable[AnswerRow | BadRow]) -> list[EvaluationQuestion | BadRow]:
    """The questions that answers are to, of which nothing more is known."""
    return [
        row if isinstance(row, BadRow) else EvaluationQuestion.model_validate(_question(row))
        for row in rows
    ]


def _question(row: AnswerRow) -> dict[str, Any]:
    return {"id": row.id, "question": row.question.strip() or f"(question {row.id})"}
