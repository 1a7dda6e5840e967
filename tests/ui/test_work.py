from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.settings import load_settings
from rag.wiring import Application, build
from ui.chat import Choice, Inquiry, ask
from ui.conversation import Conversation, Turn, TurnState

TEXT = (
    "The harbour of Sainte-Maxime holds forty-one boats in winter. It was rebuilt in 2022 after a "
    "great storm. The quay is 210 metres long. In summer there are more boats."
)


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    application = build(load_settings({"data_dir": tmp_path / "data", "samples": False}))
    path = tmp_path / "harbour.txt"
    path.write_text(TEXT, encoding="utf-8")
    limits = Limits(1_000_000, 100)
    Ingestor(application.catalog, application.embedder, limits, load).add(path, application.library)
    yield application
    application.close()


def last(application: Application, text: str) -> Turn:
    *_, conversation = ask(application, Inquiry(text, Choice(None)), Conversation())
    assert conversation.last is not None
    return conversation.last


def test_a_summary_is_asked_for_in_the_place_of_a_question(application: Application) -> None:
    turn = last(application, "/summarise harbour.txt")

    assert turn.state is TurnState.DONE
    assert turn.answer is not None
    assert "forty-one boats" in turn.answer.text
    assert {citation.quote.document.name for citation in turn.answer.citations} == {"harbour.txt"}


def test_a_work_that_is_not_complete_says_what_to_type(application: Application) -> None:
    turn = last(application, "/classify harbour.txt")

    assert turn.state is TurnState.HELD
    assert "/classify" in turn.error


def test_a_question_stays_a_question(application: Application) -> None:
    turn = last(application, "How many boats does the harbour hold in winter?")

    assert turn.answer is not None
    assert turn.answer.text == (
        "“The harbour of Sainte-Maxime holds forty-one boats in winter.” [1]"
    )
