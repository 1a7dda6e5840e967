from typing import Any

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.answer_rows import AnswerRow
from rag.domain import Verdict
from rag.rechecking import Rechecker
from rag.verification import Verifier
from tests.builders import paragraph, pdf
from tests.rag.desk import LIMITS, TEXTS, Desk

HAS = "Nemo has 12 billion parameters"
WITH = "Mistral built it together with NVIDIA"
CHEESE = "Camembert is a soft cheese from Normandy"
NEMO = {"document": "nemo.txt"}


@pytest.fixture
def rechecker(desk: Desk) -> Rechecker:
    return Rechecker(desk.catalog, Verifier(desk.scorer.nearest), desk.library.id)


def checked(rechecker: Rechecker, answer: str, *citations: dict[str, Any]) -> AnswerRow:
    row = AnswerRow.model_validate({"answer": answer, "citations": citations})
    return rechecker.recheck(row)


def verdicts(row: AnswerRow) -> list[tuple[str, tuple[int, ...]]]:
    return [(claim.verdict.value, claim.citations) for claim in row.claims or ()]


def test_markers_name_citations_by_their_number(rechecker: Rechecker) -> None:
    cheese = {"document": "cheese.txt", "quote": "soft  CHEESE from Normandy"}

    row = checked(rechecker, f"{CHEESE} [2]. {HAS} [1, 2].", NEMO, cheese)

    assert verdicts(row) == [("supported", (1,)), ("supported", (0, 1))]
    assert [it.verdict for it in row.citations] == [Verdict.SUPPORTED, Verdict.SUPPORTED]


def test_a_citation_for_each_marker_is_taken_in_turn(rechecker: Rechecker) -> None:
    row = checked(
        rechecker, f"{HAS} [1]. {CHEESE} [2]. {WITH} [1].", NEMO, {"document": "cheese.txt"}, NEMO
    )

    assert verdicts(row) == [("supported", (0,)), ("supported", (1,)), ("supported", (2,))]


def test_without_markers_every_citation_is_for_every_claim(rechecker: Rechecker) -> None:
    row = checked(
        rechecker,
        f"{HAS}. {CHEESE}. Nemo has 70 billion parameters.",
        NEMO,
        {"document": "cheese.txt"},
        {"document": "mixtral.txt"},
    )

    assert verdicts(row)[:2] == [("supported", (0,)), ("supported", (1,))]
    assert verdicts(row)[2][0] == "unsupported"
    assert [it.verdict for it in row.citations] == [
        Verdict.SUPPORTED, Verdict.SUPPORTED, Verdict.UNSUPPORTED
    ]  # fmt: skip


def test_a_claim_without_a_marker_is_uncited_or_found_anyway(rechecker: Rechecker) -> None:
    row = checked(rechecker, f"{HAS} [1]. {WITH}. The moon is made of green glass.", NEMO)

    assert row.claims is not None
    assert [(it.verdict.value, it.cited, it.citations) for it in row.claims] == [
        ("supported", True, (0,)), ("supported", False, ()), ("uncited", False, ())
    ]  # fmt: skip


def test_a_quote_that_is_not_there_supports_nothing(rechecker: Rechecker) -> None:
    row = checked(rechecker, f"{HAS} [1].", NEMO | {"quote": "Nemo has 99 billion parameters."})
    left_out = checked(rechecker, f"{HAS} [1].", NEMO | {"quote": "Nemo […] 12 billion"})

    (citation,) = row.citations
    assert citation.verdict is Verdict.UNSUPPORTED
    assert citation.fault == "“Nemo has 99 billion parameters.” does not stand on nemo.txt"
    assert left_out.citations[0].verdict is Verdict.SUPPORTED


def test_what_is_not_in_the_library_supports_nothing(rechecker: Rechecker) -> None:
    row = checked(rechecker, f"{HAS} [1].", {"document": "gone.pdf", "quote": TEXTS["nemo.txt"]})
    nowhere = checked(rechecker, f"{HAS} [1].", {})
    quoted = checked(rechecker, f"{HAS} [1].", {"quote": TEXTS["nemo.txt"]})

    assert row.claims is not None
    assert row.claims[0].reason == row.citations[0].fault == "gone.pdf is not in the library"
    assert nowhere.citations[0].verdict is Verdict.UNSUPPORTED
    assert quoted.citations[0].verdict is Verdict.SUPPORTED


def test_only_the_page_that_is_cited_counts(desk: Desk, rechecker: Rechecker) -> None:
    path = desk.folder / "ship.pdf"
    path.write_bytes(pdf([paragraph("A cover."), paragraph("The harbour holds forty boats.")]))
    Ingestor(desk.catalog, desk.embedder, LIMITS, load).add(path, desk.library)
    claim = "The harbour holds forty boats [1]."

    def on(**place: object) -> AnswerRow:
        return checked(rechecker, claim, {"document": "ship.pdf", **place})

    assert [verdicts(on(page=page))[0][0] for page in (1, 2)] == ["unsupported", "supported"]
    assert verdicts(on(pages=[1, 2]))[0][0] == "supported"
    assert verdicts(on())[0][0] == "supported"
    assert on(page=9).citations[0].fault == "there is no text on ship.pdf, p. 9"


def test_an_answer_that_cites_nothing_is_uncited(rechecker: Rechecker) -> None:
    assert verdicts(checked(rechecker, f"{HAS} [1].")) == [("uncited", ())]


def test_what_is_checked_already_or_refused_stays_as_it_is(rechecker: Rechecker) -> None:
    known = AnswerRow.model_validate({"answer": f"{HAS} [1].", "citations": [NEMO], "claims": []})
    refused = AnswerRow(answer="No.", refused=True)

    assert rechecker.recheck(known) == known
    assert rechecker.recheck(refused) == refused


def test_the_sentence_in_which_an_answer_breaks_off_is_no_claim(rechecker: Rechecker) -> None:
    text = f"{HAS} [1]. {CHEESE}, which is"
    row = AnswerRow.model_validate({"answer": text, "complete": False, "citations": [NEMO]})

    assert verdicts(rechecker.recheck(row)) == [("supported", (0,))]
    assert len(rechecker.recheck(row.model_copy(update={"complete": True})).claims or ()) == 2
