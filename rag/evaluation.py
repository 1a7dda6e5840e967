"""Measuring how well a library answers a file of questions whose answers are known.

A place counts as found at the rank of the first passage that reaches it, among distinct places in
order of first appearance: pages, or whole documents where no page is given.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from rag.answer_rows import AnswerRow
from rag.assistant import Assistant
from rag.batch import BadRow, BatchQuestion, answer_row
from rag.domain import Document, Passage, Reasons, Scope
from rag.errors import NotFoundError, RagError
from rag.grading import Grade, grade, is_contained, still_cites
from rag.known_questions import EvaluationQuestion
from rag.marks import Place
from rag.rephrasing import rephrased
from rag.retrieval import LOADED, LOADED_FOR_EACH, Retriever
from rag.store.catalog import Catalog

# How many passages are searched for: as deep as a search goes before it weighs more chunks than it
# does for an answer, so that the first passages are those that users get.
PASSAGES = LOADED // LOADED_FOR_EACH
DEEPER = 50  # passages, to tell where the right place comes that is not among those asked for


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question came out.

    `rank` is that of the first right place and `document_rank` that of its document, None when it
    was not among the passages; `contained` is None where no answer was asked for or known;
    `reason` says in a few lines why the right place is not the first; `error` why there was no
    search. `absent` are the right documents where none of them is in the library: such a question
    is not asked. `by_document` says that the rank counts documents though they have pages, because
    the question names none. What is said without the documents counts as `refused`. `grade` is that
    of the answer, None where there is none; not `ranked` is one that came without its passages.
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
    absent: tuple[str, ...] = ()
    by_document: bool = False
    grade: Grade | None = None
    ranked: bool = True


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
        self._documents: dict[str, dict[str, list[Document]]] = {}

    def ask(self, question: EvaluationQuestion, scope: Scope, k: int) -> Outcome:
        """Search one question among `k` passages as a batch does, and answer it if somebody can.

        `seconds` are those of the answer where there is one, else those of the search.
        """
        asked, gold = _asked(question), question.gold
        there = self.documents_of(question, scope.library_id)
        if gold and not there:
            return _absent(question)
        started = time.perf_counter()
        try:
            parts = rephrased(question.question, ()).parts
            found = self._retriever.retrieve(question.question, scope, k, parts)
            seconds = time.perf_counter() - started
            reason = self._why(question, parts, found.passages, scope) if gold else ""
            answer = self._assistant and self._assistant.answer(question.question, scope)
        except RagError as error:
            return replace(asked, error=str(error))
        outcome = replace(
            asked,
            rank=_rank(found.passages, gold),
            document_rank=_rank(found.passages, [Place(it.document, None) for it in gold]),
            evidence=found.evidence.score if found.passages else None,
            refused=found.evidence.is_below(self._bar, instructable=False),
            seconds=seconds,
            reason=reason,
            by_document=any(it.paginated for it in there)
            and all(place.page is None for place in gold),
        )
        if not answer:
            return outcome
        row = answer_row(BatchQuestion(question=question.question, id=question.id), answer)
        return self._graded(
            replace(outcome, seconds=answer.seconds),
            question,
            AnswerRow.model_validate(row),
            scope.library_id,
        )

    def judge(
        self, question: EvaluationQuestion, answer: AnswerRow | BadRow, library_id: str
    ) -> Outcome:
        """How an answer that is there already came out; its claims should have been checked."""
        asked = _asked(question)
        if isinstance(answer, BadRow):
            return replace(asked, error=answer.reason)
        if answer.error:
            return replace(asked, error=answer.error)
        gold = self._by_name(question.gold, library_id)
        places = [place for passage in answer.passages for place in passage.places]
        outcome = replace(
            asked,
            rank=_rank_of(places, gold),
            document_rank=_rank_of(places, [Place(it.document, None) for it in gold]),
            evidence=answer.evidence,
            ranked=bool(places),
            by_document=any(it.page for it in places) and {it.page for it in gold} == {None},
        )
        return self._graded(outcome, question, answer, library_id)

    def _graded(
        self, outcome: Outcome, question: EvaluationQuestion, answer: AnswerRow, library_id: str
    ) -> Outcome:
        wrong = [Place(place.document, place.page) for place in question.cited]
        return replace(
            outcome,
            refused=answer.refused or not answer.grounded,
            contained=is_contained(answer, question),
            cites_wrong=still_cites(answer, self._by_name(wrong, library_id)),
            grade=grade(answer, self._by_name(question.gold, library_id)),
        )

    def _by_name(self, places: Iterable[Place], library_id: str) -> frozenset[Place]:
        """Places with the names of their documents, which may be known by their ids."""
        return frozenset(
            Place(name, place.page)
            for place in places
            for name in (
                place.document,
                *(document.name for document in self._named(place.document, library_id)),
            )
        )

    def documents_of(self, question: EvaluationQuestion, library_id: str) -> list[Document]:
        """The documents that hold the answer, as far as they are in the library."""
        names = sorted({place.document for place in question.gold})
        return [document for name in names for document in self._named(name, library_id)]

    def _named(self, name: str, library_id: str) -> Sequence[Document]:
        """The documents of that name or id, as at the first question."""
        if library_id not in self._documents:
            known = self._documents[library_id] = {}
            for document in self._catalog.documents(library_id):
                for called in (document.name, document.id):
                    known.setdefault(called, []).append(document)
        return self._documents[library_id].get(name, ())

    def _why(
        self,
        question: EvaluationQuestion,
        parts: Sequence[str],
        passages: Sequence[Passage],
        scope: Scope,
    ) -> str:
        """Why the right place is not the first, a line for each thing to say; empty where it is."""
        gold = question.gold
        rank = _rank(passages, gold)
        if rank == 1:
            return ""
        right = _right(passages, gold)
        if right is not None:
            return f"rank {rank}: {_told(right)}\n{_first(passages, gold)}"
        lost = self._lost(gold, scope)
        if lost:
            return lost
        found = f"not among the first {_counted(len(passages), 'passage')}"
        deep = passages
        if len(passages) < DEEPER:
            deep = self._retriever.search(question.question, scope, DEEPER, parts)
        right = _right(deep, gold)
        if right is not None:
            found += f"; a search for {DEEPER} has it at rank {_rank(deep, gold)}: {_told(right)}"
        else:
            found = _not_found(deep, gold)
        return "\n".join(filter(None, [found, _first(passages, gold)]))

    def _lost(self, gold: Collection[Place], scope: Scope) -> str:
        """Why the right places cannot be found at all; empty where one of them can."""
        reasons = []
        for place in sorted(gold, key=lambda it: (it.document, it.page or 0)):
            documents = self._named(place.document, scope.library_id)
            if not documents:
                reasons.append(f"{place.document} is not in the library")
            for document in documents:
                if not (reason := self._without_text(document, place.page)):
                    return ""
                reasons.append(reason)
        return "\n".join(dict.fromkeys(reasons))

    def _without_text(self, document: Document, number: int | None) -> str:
        """Why a page holds no text; empty where it does."""
        if number is None:
            return ""
        try:
            page = self._catalog.page(document.id, number)
        except NotFoundError:
            return f"{document.name} has no page {number}"
        return "" if page.text.strip() else f"{_page(document, number)} has no text ({page.state})"


def _absent(question: EvaluationQuestion) -> Outcome:
    """The outcome of a question whose documents are not in the library."""
    names = tuple(sorted({place.document for place in question.gold}))
    return Outcome(question.id, question.question, question.kind, None, absent=names)


def _asked(question: EvaluationQuestion) -> Outcome:
    """The outcome of a question of which nothing is known yet but what it asks."""
    answerable = False if question.has_no_answer else True if question.gold else None
    return Outcome(question.id, question.question, question.kind, answerable)


def _rank(passages: Sequence[Passage], gold: Collection[Place]) -> int | None:
    """The rank of the first right place, counted from 1."""
    by_page = any(place.page is not None for place in gold)
    seen: set[tuple[str, int | None]] = set()
    for passage in passages:
        seen.add((passage.document.id, passage.page if by_page else None))
        if _is_at(passage.document, passage.page, gold):
            return len(seen)
    return None


def _rank_of(places: Sequence[Place], gold: Collection[Place]) -> int | None:
    """The rank of the first right place among those that passages were read from."""
    by_page = any(place.page is not None for place in gold)
    seen: set[Place] = set()
    for place in places:
        document = Place(place.document, None)
        seen.add(place if by_page else document)
        if place in gold or document in gold:
            return len(seen)
    return None


def _is_at(document: Document, page: int, places: Collection[Place]) -> bool:
    names = (document.name, document.id)
    return any(place.document in names and place.page in (page, None) for place in places)


def _right(passages: Sequence[Passage], gold: Collection[Place]) -> Passage | None:
    """The first passage of a right place."""
    return next((it for it in passages if _is_at(it.document, it.page, gold)), None)


def _first(passages: Sequence[Passage], gold: Collection[Place]) -> str:
    """The passage that came first, and whether its document is the wrong one."""
    if not passages:
        return ""
    documents = [Place(place.document, None) for place in gold]
    right = _is_at(passages[0].document, passages[0].page, documents)
    return f"rank 1: {'' if right else 'the wrong document, '}{_told(passages[0])}"


def _not_found(passages: Sequence[Passage], gold: Collection[Place]) -> str:
    """That none of the right places is among the passages, and what of their documents is."""
    documents = [Place(place.document, None) for place in gold]
    pages = {it.page for it in passages if _is_at(it.document, it.page, documents)}
    wanted = ", ".join(
        place.document if place.page is None else f"{place.document}, p. {place.page}"
        for place in sorted(gold, key=lambda it: (it.document, it.page or 0))
    )
    several = len({place.document for place in gold}) > 1
    others = (
        f"{_counted(len(pages), 'other page')} of {'their' if several else 'its'} "
        f"document{'s' if several else ''} came"
        if pages
        else f"nothing of {'their documents' if several else 'its document'} came"
    )
    return f"not found among {_counted(len(passages), 'passage')}: {wanted}; {others}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _page(document: Document, number: int) -> str:
    return f"{document.name}, p. {number}" if document.paginated else document.name


def _told(passage: Passage) -> str:
    """Where a passage is, with what brought it there."""
    why = passage.reasons or Reasons()
    return (
        f"{_page(passage.document, passage.page)} "
        f"(words {why.words:.2f}, meaning {why.meaning:.2f}, title {why.title:.2f})"
    )
