"""Measuring how well a library answers a file of questions whose answers are known.

A place counts as found at the rank of the first passage that reaches it, among distinct places in
order of first appearance: pages, or whole documents where no page is given.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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

from rag.assistant import Assistant
from rag.batch import BadRow, Format, Row, read_rows
from rag.domain import Answer, Document, Passage, Reasons, Scope
from rag.errors import NotFoundError, RagError
from rag.marks import MarkedAnswer, Place
from rag.rephrasing import rephrased
from rag.retrieval import Retriever
from rag.store.catalog import Catalog


def _page_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("it is no number of a page")
    return value


def _says(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


PageNumber = Annotated[int, Field(ge=1), BeforeValidator(_page_number)]


class _PlaceRow(BaseModel):
    model_config = ConfigDict(extra="ignore")

    document: str
    page: PageNumber | None = None


class EvaluationQuestion(BaseModel):
    """A question, and where its answer is: `evidence`, or `passage` for a document `<passage>.txt`.

    With `unanswerable`, or an empty `evidence`, the documents hold nothing. `answers` are texts one
    of which an answer must contain. In CSV, `evidence`, `answers` and `cited` may be JSON. What is
    null or an empty cell is as if it were not there.
    """

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

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
    cited: tuple[_PlaceRow, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _given(cls, row: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in row.items() if name == "question" or _says(value)}

    @field_validator("evidence", "answers", "cited", mode="before")
    @classmethod
    def _of_a_cell(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        if info.field_name == "answers" and not value.lstrip().startswith("["):
            return (value,)
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError("it is no list in JSON") from error

    @field_validator("question")
    @classmethod
    def _said(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("it is empty")
        return value

    @property
    def gold(self) -> frozenset[Place]:
        """Where the answer is; empty for a question that has none, or of which it is not known."""
        if self.evidence is not None:
            return frozenset(Place(place.document, place.page) for place in self.evidence)
        if self.passage:
            return frozenset([Place(f"{self.passage}.txt", None)])
        return frozenset([Place(self.document, self.page)] if self.document else [])

    @property
    def has_no_answer(self) -> bool:
        """Whether the documents are known to hold nothing."""
        return self.unanswerable or (self.evidence is not None and not self.evidence)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The texts one of which an answer must contain."""
        return tuple(text for text in (*self.answers, self.answer) if text.strip())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question came out.

    `rank` is that of the first right place and `document_rank` that of its document, None when it
    was not among the passages; `contained` is None where no answer was asked for or known;
    `reason` says why the right place is not the first; `error` why there was no search.
    """

    id: str
    question: str
    kind: str
    answerable: bool | None
    rank: int | None = None
    document_rank: int | None = None
    evidence: float | None = None
    refused: bool = False
    contained: bool | None = None
    cites_wrong: bool | None = None
    seconds: float = 0.0
    reason: str = ""
    error: str = ""


def read_evaluation(stream: TextIO, form: Format) -> Iterator[EvaluationQuestion | BadRow]:
    """The questions of a file; a row that is none comes as a `BadRow`.

    Raises:
        SettingsError: a CSV file has no column named `question`.
    """
    for number, row in enumerate(read_rows(stream, form), start=1):
        if isinstance(row, str):
            yield BadRow(str(number), row)
            continue
        id_ = str(row.get("id") or "").strip() or str(number)
        try:
            yield EvaluationQuestion.model_validate(row | {"id": id_})
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            wrong = first["msg"].removeprefix("Value error, ")
            yield BadRow(id_, f"Row {number} cannot be used: {field}: {wrong}.")


def marked_questions(marked: Iterable[MarkedAnswer]) -> list[EvaluationQuestion]:
    """The answers that were marked as wrong, as questions."""
    return [EvaluationQuestion.model_validate(marked_row(each)) for each in marked]


def marked_row(marked: MarkedAnswer) -> Row:
    """A marked answer as a row of a file of questions; `evidence` is null while it is not known."""
    places = [asdict(place) for place in marked.evidence]
    return {
        "id": marked.id,
        "question": marked.question,
        "kind": "marked wrong",
        "evidence": places or None,
        "reason": marked.reason,
        "cited": [asdict(place) for place in marked.cited],
    }


class Evaluator:
    """Asks questions whose answers are known."""

    def __init__(
        self, catalog: Catalog, retriever: Retriever, assistant: Assistant | None, *, bar: float
    ) -> None:
        """Take where to search, who answers (None to search only), and the usual bar."""
        self._catalog = catalog
        self._retriever = retriever
        self._assistant = assistant
        self._bar = bar

    def ask(self, question: EvaluationQuestion, scope: Scope, k: int) -> Outcome:
        """Search one question among `k` passages, and answer it where somebody does."""
        gold = question.gold
        answerable = False if question.has_no_answer else True if gold else None
        asked = Outcome(question.id, question.question, question.kind, answerable)
        started = time.perf_counter()
        try:
            parts = rephrased(question.question, ()).parts
            found = self._retriever.retrieve(question.question, scope, k, parts)
            answer = self._assistant and self._assistant.answer(question.question, scope)
        except RagError as error:
            return replace(asked, error=str(error))
        rank = _rank(found.passages, gold)
        outcome = replace(
            asked,
            rank=rank,
            document_rank=_rank(found.passages, [Place(it.document, None) for it in gold]),
            evidence=found.evidence.score if found.passages else None,
            refused=found.evidence.is_below(self._bar, instructable=False),
            seconds=time.perf_counter() - started,
            reason=self._why(gold, rank, found.passages, scope) if gold else "",
        )
        return _with_answer(outcome, question, answer) if answer else outcome

    def _why(
        self,
        gold: Collection[Place],
        rank: int | None,
        passages: Sequence[Passage],
        scope: Scope,
    ) -> str:
        """Why the right place is not the first; empty where it is."""
        if rank == 1:
            return ""
        if rank is None:
            return self._why_missed(gold, passages, scope)
        right = next(it for it in passages if _is_at(it.document, it.page, gold))
        return f"rank {rank}: {_told(right)}; the first is {_told(passages[0])}"

    def _why_missed(self, gold: Iterable[Place], passages: Sequence[Passage], scope: Scope) -> str:
        documents = {it.name: it for it in self._catalog.documents(scope.library_id)}
        place = min(gold, key=lambda it: (it.document not in documents, it.document, it.page or 0))
        document = documents.get(place.document)
        if document is None:
            return f"{place.document} is not in the library"
        if place.page is not None:
            try:
                page = self._catalog.page(document.id, place.page)
            except NotFoundError:
                return f"{place.document} has no page {place.page}"
            if not page.text.strip():
                return f"page {place.page} of {place.document} has no text ({page.state})"
        first = _told(passages[0]) if passages else "none"
        same = [it for it in passages if it.document.id == document.id]
        if not same:
            return f"no passage of {place.document} was found; the first is {first}"
        pages = list(dict.fromkeys(str(it.page) for it in same))
        others = f"page{'s' if len(pages) > 1 else ''} {', '.join(pages)} of {place.document}"
        return f"page {place.page} was not found, but {others}; the first is {first}"


def _with_answer(outcome: Outcome, question: EvaluationQuestion, answer: Answer) -> Outcome:
    quotes = [citation.quote for citation in answer.citations]
    said = _squashed(" ".join([answer.text, *(quote.text for quote in quotes)]))
    wrong = [Place(place.document, place.page) for place in question.cited]
    accepted = [_squashed(text) for text in question.accepted]
    return replace(
        outcome,
        refused=answer.refused,
        contained=any(text in said for text in accepted) if accepted else None,
        cites_wrong=any(_is_at(quote.document, quote.page, wrong) for quote in quotes)
        if wrong
        else None,
    )


def _rank(passages: Sequence[Passage], gold: Collection[Place]) -> int | None:
    """The rank of the first right place, counted from 1."""
    by_page = any(place.page is not None for place in gold)
    seen: set[tuple[str, int | None]] = set()
    for passage in passages:
        seen.add((passage.document.id, passage.page if by_page else None))
        if _is_at(passage.document, passage.page, gold):
            return len(seen)
    return None


def _is_at(document: Document, page: int, places: Collection[Place]) -> bool:
    names = (document.name, document.id)
    return any(place.document in names and place.page in (page, None) for place in places)


def _squashed(text: str) -> str:
    return " ".join(text.casefold().split())


def _told(passage: Passage) -> str:
    """A passage in words, with what brought it there."""
    page = f", page {passage.page}" if passage.document.paginated else ""
    why = passage.reasons or Reasons()
    return (
        f"{passage.document.name}{page} (words {why.words:.2f}, meaning {why.meaning:.2f}, "
        f"title {why.title:.2f})"
    )
