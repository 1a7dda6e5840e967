from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.domain import Verdict
from rag.drafts import (
    SILENT,
    CheckedClaim,
    DraftChecker,
    draft_row,
    read_draft,
    without_itself,
)
from rag.errors import NotFoundError, QuestionError
from rag.wiring import Application
from tests.rag.applications import application

HARBOUR = (
    "A note on the coast.\n\nThe harbour of Sainte-Maxime holds forty-one boats in winter. In "
    "summer it holds ninety.\n\nThe lighthouse of Camarat was lit for the first time in 1831."
)
NEMO = "Nemo has 12 billion parameters. Mistral built it together with NVIDIA in 2024."
CHEESE = "Camembert is a soft cheese from Normandy. It ripens for three weeks."
ROW = ["id", "claim", "verdict", "reason", "quote", "document", "page", "start", "end"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("drafts")
    with application(data_dir=folder / "data") as built:
        add(built, folder, "coast.txt", HARBOUR)
        add(built, folder, "nemo.txt", NEMO)
        add(built, folder, "cheese.txt", CHEESE)
        yield built


def add(built: Application, folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    Ingestor(built.catalog, built.embedder, Limits(1_000_000, 100), load).add(path, built.library)


def checked(opened: Application, text: str) -> list[CheckedClaim]:
    checker = DraftChecker(opened.retriever, opened.verifier, bar=opened.settings.bar)
    return list(checker.check(read_draft(text), opened.scope()))


# The claims of a text


def test_headings_questions_and_greetings_claim_nothing() -> None:
    draft = read_draft(
        "# Models\n\nDear all,\n\nWhat do we know?\n\nNemo has 12 billion parameters.\n\n"
        "Kind regards\nAnna"
    )
    assert [claim.said for claim in draft.claims] == ["Nemo has 12 billion parameters."]
    assert draft.passed_over >= 3


def test_a_claim_stands_where_it_is_said() -> None:
    text = "Nemo is small.\n\nIt was  built\nin 2024."
    for claim in read_draft(text).claims:
        assert " ".join(text[claim.span.start : claim.span.end].split()) == claim.said


@pytest.mark.parametrize(
    ("before", "said", "text"),
    [
        ("Mistral Nemo is small.", "It came in 2024.", "Mistral Nemo came in 2024."),
        ("The harbour of Hyères is deep.", "It is old.", "The harbour of Hyères is old."),
        ("Le phare de Camarat est blanc.", "Il date de 1831.", "Le phare de Camarat date de 1831."),
        ("3M's sales fell.", "It sold a plant.", "3M sold a plant."),
        ("In 2022, sales fell.", "It was a bad year.", "It was a bad year."),
        ("The sales fell.", "They rose later.", "They rose later."),
    ],
)
def test_a_pronoun_leans_on_the_sentence_before(before: str, said: str, text: str) -> None:
    claim = read_draft(f"{before} {said}").claims[-1]
    assert (claim.said, claim.text, claim.context) == (said, text, before)


def test_a_pronoun_is_followed_through_other_pronouns() -> None:
    claim = read_draft("Nemo is small. It is open. It came in 2024.").claims[-1]
    assert (claim.text, claim.context) == ("Nemo came in 2024.", "Nemo is small.")


def test_what_names_its_subject_stands_alone() -> None:
    claims = read_draft("Nemo is small. Camembert is soft. It is said that rain falls.").claims
    assert [claim.context for claim in claims][:2] == ["", ""]


@pytest.mark.parametrize("text", ["", " \n\t ", "\ufeff \n"])
def test_no_text_is_told(text: str) -> None:
    with pytest.raises(QuestionError, match="no text to check"):
        read_draft(text.replace("\ufeff", ""))


def test_a_long_text_is_read_in_bearable_time() -> None:
    draft = read_draft("Nemo has 12 billion parameters. It is small. " * 2_000)
    assert len(draft.claims) == 4_000


# Checking


def test_what_the_documents_say_is_backed_by_exact_words(opened: Application) -> None:
    (claim,) = checked(opened, "The harbour of Sainte-Maxime holds forty-one boats in winter.")
    assert claim.verdict is Verdict.SUPPORTED
    assert claim.is_backed
    assert claim.reason == ""
    assert claim.quote is not None
    assert claim.quote.document.name == "coast.txt"
    assert HARBOUR[claim.quote.start : claim.quote.end] == claim.quote.text
    assert "forty-one boats" in claim.quote.text


def test_another_number_is_not_backed_and_says_why(opened: Application) -> None:
    (claim,) = checked(opened, "The lighthouse of Camarat was lit for the first time in 1871.")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert "1871" in claim.reason
    assert claim.quote is not None
    assert "1831" in claim.quote.text


def test_what_nothing_speaks_of_names_the_nearest_page_and_quotes_none(
    opened: Application,
) -> None:
    (claim,) = checked(opened, "The parliament of Mongolia has seventy-six deputies.")
    assert (claim.verdict, claim.reason) == (Verdict.UNSUPPORTED, SILENT)
    assert claim.quote is None
    assert claim.nearest is not None
    row = draft_row(claim)
    assert row["document"] == claim.nearest.document.name
    assert (row["quote"], row["start"], row["end"]) == ("", None, None)


def test_a_pronoun_is_not_backed_by_what_is_said_of_another(opened: Application) -> None:
    _, said_of_nemo = checked(opened, "Nemo was built with NVIDIA. It has 12 billion parameters.")
    _, said_of_other = checked(opened, "Mixtral 8x7B is a model. It has 12 billion parameters.")
    assert said_of_nemo.is_backed
    assert not said_of_other.is_backed


def test_claims_come_one_by_one_in_their_order(opened: Application) -> None:
    text = "Camembert is a soft cheese from Normandy. Nemo has 12 billion parameters."
    checker = DraftChecker(opened.retriever, opened.verifier, bar=opened.settings.bar)
    claims = checker.check(read_draft(text), opened.scope())
    assert next(claims).text == "Camembert is a soft cheese from Normandy."
    assert [claim.number for claim in claims] == [2]


def test_a_row_counts_characters_as_a_citation_does(opened: Application) -> None:
    (claim,) = checked(opened, "Nemo has 12 billion parameters.")
    row = draft_row(claim)
    assert list(row) == ROW
    assert (row["id"], row["verdict"], row["document"]) == ("1", "supported", "nemo.txt")
    assert row["page"] is None
    assert NEMO[row["start"] : row["end"]] == row["quote"]


def test_a_very_long_sentence_is_checked_too(opened: Application) -> None:
    (claim,) = checked(opened, f"Nemo has {'very ' * 4_000}many parameters.")
    assert claim.nearest is not None
    assert claim.nearest.document.name == "nemo.txt"


# The draft's own file


def test_a_draft_is_not_checked_against_itself(opened: Application) -> None:
    documents = {each.name: each for each in opened.catalog.documents(opened.library.id)}
    own = documents["nemo.txt"]
    rest = frozenset(each.id for name, each in documents.items() if name != "nemo.txt")
    for name, sha256 in (("draft.md", own.sha256), ("nemo.txt", "0" * 64)):
        scope, left_out = without_itself(opened.catalog, opened.scope(), name=name, sha256=sha256)
        assert scope.document_ids == rest
        assert left_out == (own,)


def test_a_draft_of_no_document_sees_them_all(opened: Application) -> None:
    scope, left_out = without_itself(opened.catalog, opened.scope(), name="", sha256="0" * 64)
    assert (scope, left_out) == (opened.scope(), ())


def test_a_library_of_nothing_but_the_draft_is_told(opened: Application) -> None:
    own = next(
        each for each in opened.catalog.documents(opened.library.id) if each.name == "nemo.txt"
    )
    alone = opened.scope(frozenset({own.id}))
    with pytest.raises(NotFoundError, match=r"nothing but nemo\.txt itself"):
        without_itself(opened.catalog, alone, name="nemo.txt", sha256="")
