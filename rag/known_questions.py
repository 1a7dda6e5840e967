"""Questions whose answers are known: the rows of a file, and answers that people marked."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, TextIO

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from rag.batch import BadRow, Format, Row, parsed, read_rows
from rag.folding import encodable
from rag.marks import MarkedAnswer, Opinion, Place

_PLACES = 'a list such as [{"document": "report.pdf", "page": 3}]'
EXPECTED = {
    "evidence": _PLACES,
    "cited": _PLACES,
    "page": "a whole number from 1 on",
    "answers": "a text or a list of texts",
    "unanswerable": "true or false",
    "answerable": "true or false",
}
KINDS = {
    Opinion.WRONG: "marked wrong",
    Opinion.RIGHT: "marked right",
    Opinion.UNANSWERABLE: "marked unanswerable",
}


def _says(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _page_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a page is no yes or no")
    return value


PageNumber = Annotated[int, Field(ge=1), BeforeValidator(_page_number)]


class _Given(BaseModel):
    """What is null or an empty cell is as if it were not there."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _given(cls, row: object) -> object:
        if not isinstance(row, Mapping):
            return row
        return {name: value for name, value in row.items() if _says(value)}


class _PlaceRow(_Given):
    document: str
    page: PageNumber | None = None


class EvaluationQuestion(_Given):
    """A question, and where its answer is: `evidence`, or `passage` for a document `<passage>.txt`.

    With `unanswerable`, `answerable: false` or an empty `evidence` the documents hold nothing.
    `answers` are texts one of which an answer must contain, `cited` places that are wrong. In CSV,
    `evidence`, `answers` and `cited` may be JSON.
    """

    question: str
    id: str = ""
    kind: str = ""
    evidence: tuple[_PlaceRow, ...] | None = None
    passage: str = ""
    document: str = ""
    page: PageNumber | None = None
    answers: tuple[str, ...] = ()
    answer: str = ""
    unanswerable: bool = False
    answerable: bool = True
    cited: tuple[_PlaceRow, ...] = ()

    @field_validator("evidence", "answers", "cited", mode="before")
    @classmethod
    def _of_a_cell(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        if info.field_name == "answers" and not value.lstrip().startswith("["):
            return (value,)
        try:
            return parsed(value)
        except RecursionError as error:
            raise ValueError("is nested too deeply") from error

    @model_validator(mode="after")
    def _placed(self) -> EvaluationQuestion:
        if self.page is not None and not self.document:
            raise ValueError("it has a page and no document")
        return self

    @property
    def gold(self) -> frozenset[Place]:
        """Where the answer is; empty for a question that has none, or of which it is not known."""
        if self.has_no_answer:
            return frozenset()
        if self.evidence is not None:
            return frozenset(Place(place.document, place.page) for place in self.evidence)
        if self.passage:
            return frozenset([Place(f"{self.passage}.txt", None)])
        return frozenset([Place(self.document, self.page)] if self.document else [])

    @property
    def has_no_answer(self) -> bool:
        """Whether the documents are known to hold nothing."""
        empty = self.evidence is not None and not self.evidence
        return self.unanswerable or not self.answerable or empty

    @property
    def accepted(self) -> tuple[str, ...]:
        """The texts one of which an answer must contain."""
        return tuple(text for text in (*self.answers, self.answer) if text)


def read_evaluation(stream: TextIO, form: Format) -> Iterator[EvaluationQuestion | BadRow]:
    """The questions of a file; a row that is none comes as a `BadRow`.

    Questions without an id are numbered from 1.

    Raises:
        SettingsError: a CSV file has no column named `question`.
    """
    for number, (line, row) in enumerate(read_rows(stream, form), start=1):
        if isinstance(row, str):
            wrong = row.removeprefix("This line").removeprefix("This row")
            yield BadRow(str(number), f"Line {line}{wrong}")
            continue
        given = row.get("id")
        id_ = encodable(str(given)).strip() if _says(given) else str(number)
        try:
            yield EvaluationQuestion.model_validate(row | {"id": id_})
        except ValidationError as error:
            wrong = _wrong(error.errors()[0])
            yield BadRow(id_, f"Line {line} cannot be used: {wrong}.")


def _wrong(error: ErrorDetails) -> str:
    """What is wrong with a row, in plain words."""
    name = str(error["loc"][0]) if error["loc"] else ""
    if name == "question" and error["type"] == "missing":
        return "it has no question"
    if name in EXPECTED:
        return f"{name} must be {EXPECTED[name]}"
    if error["type"] == "string_unicode":
        return f"{name} is not UTF-8 text; save the file as UTF-8"
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    return f"{name} must be a text, not {reprlib.repr(error['input'])}"


def marked_questions(marked: Iterable[MarkedAnswer]) -> list[EvaluationQuestion]:
    """The answers that were marked, as questions."""
    return [EvaluationQuestion.model_validate(marked_row(each)) for each in marked]


def marked_row(marked: MarkedAnswer) -> Row:
    """A marked answer as a row of a file of questions, with what is known of the answer beside.

    `evidence` is null while it is not known, and empty where the documents hold no answer; what a
    right answer cites is no mistake to look for, and `cited` is empty then.
    """
    places = [asdict(place) for place in marked.right_places]
    wrong = () if marked.opinion is Opinion.RIGHT else marked.cited
    return {
        "id": marked.id,
        "question": marked.question,
        "kind": KINDS[marked.opinion],
        "evidence": None if marked.is_answerable is None else places,
        "reason": marked.reason,
        "cited": [asdict(place) for place in wrong],
        "marked": {
            "opinion": marked.opinion,
            "at": datetime.fromtimestamp(marked.marked_at, UTC).isoformat(timespec="seconds"),
            "asked": marked.asked,
            "answer": marked.answer,
            "refused": marked.refused,
            "grounded": marked.grounded,
            "model": marked.model or None,
            "citations": [asdict(quote) for quote in marked.quotes],
            "claims": [asdict(claim) for claim in marked.claims],
        },
    }
