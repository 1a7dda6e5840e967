"""A document whose words are ready, and of whose vectors there is none yet."""

from __future__ import annotations

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.assistant import NOTHING_TO_SEARCH, REFUSAL
from rag.domain import Scope
from tests.fakes import ScriptedChat
from tests.rag.desk import LIMITS, Desk, answer_of
from tests.rag.whole.works import tasks

FOREIGN = "Xylophon Quittenbaum"


@pytest.fixture
def words(desk: Desk) -> Scope:
    """A library with one document, which has words only."""
    model, dimension = desk.embedder.model, desk.embedder.dimension
    library = desk.catalog.create_library("words only", model, dimension)
    path = desk.folder / "harbour.txt"
    path.write_text("The harbour of Bordeaux lies on the Garonne.")
    Ingestor(desk.catalog, desk.embedder, LIMITS, load).take(path, library)
    assert [each.embedded for each in desk.catalog.documents(library.id)] == [0]
    return Scope(library.id)


def test_what_is_not_found_in_a_document_is_no_empty_library(desk: Desk, words: Scope) -> None:
    answer = answer_of(list(desk.assistant(ScriptedChat()).ask(FOREIGN, (), words)))

    assert (answer.text, answer.refused, answer.passages) == (REFUSAL, True, ())


def test_nothing_chosen_is_nothing_to_search(desk: Desk, words: Scope) -> None:
    nothing = Scope(words.library_id, frozenset())

    answer = answer_of(list(desk.assistant(ScriptedChat()).ask(FOREIGN, (), nothing)))

    assert (answer.text, answer.refused) == (NOTHING_TO_SEARCH, True)


def test_a_text_that_nothing_carries_is_refused_alike(desk: Desk, words: Scope) -> None:
    work = tasks(desk, ScriptedChat())

    answer = answer_of(list(work.write(f"Write a report on {FOREIGN}", "report", words)))

    assert (answer.text, answer.refused) == (REFUSAL, True)
