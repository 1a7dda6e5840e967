from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.answer_rows import AnswerRow
from rag.domain import Scope
from rag.evaluation import Evaluator
from rag.known_questions import EvaluationQuestion
from rag.scores import figures
from tests.builders import paragraph, pdf
from tests.rag.desk import LIMITS, QUESTION, Desk

BAR = 0.05


def question(**fields: object) -> EvaluationQuestion:
    return EvaluationQuestion.model_validate({"id": "1", "question": QUESTION} | fields)


def evaluator(desk: Desk, *, answers: bool = False) -> Evaluator:
    assistant = desk.reader() if answers else None
    return Evaluator(desk.catalog, desk.retriever, assistant, bar=BAR)


def test_the_rank_is_that_of_the_first_right_place(desk: Desk) -> None:
    ask = evaluator(desk).ask
    first = ask(question(passage="nemo"), desk.scope, 8)
    page = ask(question(evidence=[{"document": "nemo.txt", "page": 1}]), desk.scope, 8)
    later = ask(question(passage="cheese"), desk.scope, 8)

    assert (first.rank, first.document_rank, page.rank) == (1, 1, 1)
    assert first.reason == ""
    assert later.rank in (2, 3)
    found, won = later.reason.splitlines()
    assert found.startswith(f"rank {later.rank}: cheese.txt (words 0.")
    assert won.startswith("rank 1: the wrong document, nemo.txt (words 0.")
    assert first.answerable
    assert first.evidence is not None


def test_a_miss_says_why(desk: Desk) -> None:
    ask = evaluator(desk).ask
    beyond = ask(question(evidence=[{"document": "nemo.txt", "page": 9}]), desk.scope, 8)
    left_out = ask(question(passage="nemo"), desk.only("cheese.txt"), 8)

    assert beyond.reason == "nemo.txt has no page 9"
    missed, won = left_out.reason.splitlines()
    assert missed == "not found among 1 passage: nemo.txt; nothing of its document came"
    assert won.startswith("rank 1: the wrong document, cheese.txt (words")


def test_a_question_whose_documents_are_not_there_is_not_asked(desk: Desk) -> None:
    places = [{"document": "nowhere.pdf", "page": 3}, {"document": "gone.txt"}]
    ask = evaluator(desk).ask
    absent = ask(question(evidence=places), desk.scope, 8)
    there = ask(question(evidence=[*places, {"document": "nemo.txt"}]), desk.scope, 8)

    assert absent.absent == ("gone.txt", "nowhere.pdf")
    assert (absent.answerable, absent.rank, absent.error, absent.refused) == (None, None, "", False)
    assert (there.absent, there.rank) == ((), 1)


def test_the_rank_of_a_question_that_names_no_page_is_that_of_its_document(desk: Desk) -> None:
    path = desk.folder / "ship.pdf"
    path.write_bytes(pdf([paragraph("A cover."), paragraph("The harbour holds forty boats.")]))
    Ingestor(desk.catalog, desk.embedder, LIMITS, load).add(path, desk.library)
    ask = evaluator(desk).ask
    asked = {"question": "How many boats does the harbour hold?"}
    whole = ask(question(**asked, document="ship.pdf"), desk.scope, 8)
    page = ask(question(**asked, document="ship.pdf", page=2), desk.scope, 8)
    text = ask(question(passage="nemo"), desk.scope, 8)

    assert (whole.rank, page.rank) == (1, 1)
    assert [it.by_document for it in (whole, page, text)] == [True, False, False]


def test_one_place_that_is_there_is_looked_for_where_another_is_not(desk: Desk) -> None:
    places = [{"document": "gone.txt"}, {"document": "nemo.txt", "page": 1}]

    outcome = evaluator(desk).ask(question(evidence=places), desk.only("cheese.txt"), 8)

    missed, _ = outcome.reason.splitlines()
    assert missed == (
        "not found among 1 passage: gone.txt, nemo.txt, p. 1; nothing of their documents came"
    )


def test_a_place_beyond_the_passages_asked_for_is_told_with_its_rank(desk: Desk) -> None:
    outcome = evaluator(desk).ask(question(passage="cheese"), desk.scope, 1)

    assert outcome.rank is None
    missed, won = outcome.reason.splitlines()
    assert missed.startswith("not among the first 1 passage; a search for 50 has it at rank ")
    assert ": cheese.txt (words 0." in missed
    assert won.startswith("rank 1: the wrong document, nemo.txt")


def test_a_document_is_known_by_its_id_too(desk: Desk) -> None:
    id_ = next(it.id for it in desk.catalog.documents(desk.library.id) if it.name == "nemo.txt")
    ask = evaluator(desk).ask

    assert ask(question(document=id_), desk.scope, 8).rank == 1
    assert (
        "is not in the library"
        not in ask(question(document=id_), desk.only("cheese.txt"), 8).reason
    )


def test_a_question_in_parts_is_searched_by_each_as_a_batch_does(desk: Desk) -> None:
    both = f"{QUESTION[:-1]} and where is Camembert from?"
    ask = evaluator(desk).ask

    for passage in ("nemo", "cheese"):
        rank = ask(question(question=both, passage=passage), desk.scope, 8).rank
        assert rank is not None
        assert rank <= 2


def test_what_goes_wrong_is_the_error_of_its_question(desk: Desk) -> None:
    outcome = evaluator(desk).ask(question(question="x" * 9000), desk.scope, 8)
    gone = evaluator(desk).ask(question(), Scope("nowhere"), 8)

    assert "8,000" in outcome.error
    assert gone.error
    assert figures([outcome, gone])["errors"] == 2


def test_answers_are_looked_into(desk: Desk) -> None:
    ask = evaluator(desk, answers=True).ask
    held = ask(question(answers=["99", "12 BILLION"]), desk.scope, 4)
    not_held = ask(question(answer="13 billion"), desk.scope, 4)
    cited = [{"document": "nemo.txt", "page": None}]
    again = ask(question(cited=cited), desk.scope, 4)

    assert held.contained is True
    assert not_held.contained is False
    assert again.cites_wrong is True
    assert held.cites_wrong is None


def test_a_question_without_an_answer_is_refused(desk: Desk) -> None:
    outcome = evaluator(desk).ask(
        question(question="Zzyzx qwertz uiop?", unanswerable=True), desk.scope, 4
    )

    assert outcome.answerable is False
    assert outcome.refused
    assert outcome.reason == ""


def answer(**fields: object) -> AnswerRow:
    given = {"answer": "It has 12 billion [1].", "citations": [{"document": "nemo.txt"}]}
    return AnswerRow.model_validate(given | fields)


def test_an_answer_that_is_there_is_judged_without_asking(desk: Desk) -> None:
    judge = evaluator(desk).judge
    asked = question(passage="nemo", answer="12 billion", cited=[{"document": "cheese.txt"}])
    passages = [{"document": "cheese.txt", "page": None}, {"document": "nemo.txt"}]
    found = judge(asked, answer(passages=passages, evidence=0.5), desk.library.id)

    assert (found.rank, found.document_rank, found.evidence, found.ranked) == (2, 2, 0.5, True)
    assert (found.contained, found.cites_wrong, found.refused) == (True, False, False)
    assert found.grade is not None
    assert found.grade.right == 1
    bare = judge(asked, answer(), desk.library.id)
    assert (bare.rank, bare.ranked) == (None, False)
    assert judge(asked, answer(error="It failed."), desk.library.id).error == "It failed."


def test_the_passages_of_an_answer_are_ranked_by_page_where_one_is_named(desk: Desk) -> None:
    passages: list[dict[str, object]] = [{"document": "a.pdf", "page": page} for page in (1, 1, 2)]
    passages.append({"document": "b.pdf", "pages": [7, 8]})
    ranks = {
        (document, page): evaluator(desk).judge(
            question(evidence=[{"document": document, "page": page}]),
            answer(passages=passages),
            desk.library.id,
        )
        for document, page in (("a.pdf", 2), ("b.pdf", 8), ("b.pdf", None), ("c.pdf", 1))
    }

    assert [it.rank for it in ranks.values()] == [2, 4, 2, None]
    assert [it.document_rank for it in ranks.values()] == [1, 2, 2, None]
    assert [it.by_document for it in ranks.values()] == [False, False, True, False]


def test_the_right_document_of_a_citation_may_be_known_by_its_id(desk: Desk) -> None:
    id_ = next(it.id for it in desk.catalog.documents(desk.library.id) if it.name == "nemo.txt")

    found = evaluator(desk).judge(question(document=id_), answer(), desk.library.id)

    assert found.grade is not None
    assert found.grade.right == 1


def test_what_is_said_without_the_documents_counts_as_refused(desk: Desk) -> None:
    nothing = question(unanswerable=True)
    outcomes = [
        evaluator(desk).judge(asked, answer(grounded=grounded), desk.library.id)
        for asked in (nothing, question(passage="nemo"))
        for grounded in (True, False)
    ]

    assert [it.refused for it in outcomes] == [False, True, False, True]
    assert [figures([it])["refusal_accuracy"] for it in outcomes] == [0.0, 1.0, 1.0, 0.0]
    assert [it.grade is None for it in outcomes] == [False, True, False, True]
