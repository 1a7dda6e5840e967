from __future__ import annotations

import pytest

from rag.domain import Retrieved
from rag.errors import QuestionError
from rag.whole.composing import kind_of, parts_of, topic_of
from rag.whole.prompts import WRITE_EMAIL, WRITE_REPORT
from tests.fakes import ScriptedChat
from tests.rag.desk import Desk
from tests.rag.whole.works import checked_answer, reader, tasks

INSTRUCTION = "Write an e-mail to a customer about the parameters of Nemo"


@pytest.mark.parametrize(
    ("instruction", "topic"),
    [
        (INSTRUCTION, "the parameters of Nemo"),
        ("Please draft a short report on the price of tea.", "the price of tea"),
        ("Rédige un courriel à Mme Dupont concernant la facture", "la facture"),
        ("write me an email to my boss that explains why sales fell", "why sales fell"),
        ("Schreibe einen Bericht über die Lage", "die Lage"),
        ("the price of tea", "the price of tea"),
    ],
)
def test_what_a_text_is_about_is_told_from_how_it_is_asked_for(
    instruction: str, topic: str
) -> None:
    assert topic_of(instruction) == topic


@pytest.mark.parametrize(
    ("topic", "parts"),
    [
        ("the licence of Nemo and the price of tea", ("the licence of Nemo", "the price of tea")),
        ("research and development costs", ()),
        ("the price of tea", ()),
    ],
)
def test_a_topic_is_taken_apart_where_it_is_surely_several(
    topic: str, parts: tuple[str, ...]
) -> None:
    assert parts_of(topic) == parts


def test_a_report_is_written_where_one_is_asked_for() -> None:
    assert kind_of("Write a report on tea") == "report"
    assert kind_of("Rédige un rapport sur le thé") == "report"
    assert kind_of("Write to Anna about the report") == "report"
    assert kind_of(INSTRUCTION) == "email"
    assert kind_of("Write an e-mail about the annual report") == "email"


@pytest.mark.parametrize(("kind", "system"), [("email", WRITE_EMAIL), ("report", WRITE_REPORT)])
def test_a_model_writes_from_numbered_sources(kind: str, system: str, desk: Desk) -> None:
    chat = ScriptedChat(["Subject: Nemo\n\nNemo has 12 billion ", "parameters [1]."])
    works = tasks(desk, chat)
    events = list(works.write(INSTRUCTION, "email" if kind == "email" else "report", desk.scope))
    answer = checked_answer(desk, events)
    assert isinstance(events[0], Retrieved)
    (prompt,) = chat.prompts
    assert prompt.messages[0].content == system
    assert f"The instruction: {INSTRUCTION}" in prompt.messages[1].content
    assert answer.question == "the parameters of Nemo"
    (citation,) = answer.citations
    assert "12 billion parameters" in citation.quote.text
    assert answer.passages
    assert not answer.refused


@pytest.mark.parametrize("said", ["NOT_IN_THE_DOCUMENTS", "Bananas ripen on Mars in 1999 [1]."])
def test_what_the_documents_do_not_carry_is_refused(said: str, desk: Desk) -> None:
    answer = checked_answer(
        desk, list(tasks(desk, ScriptedChat([said])).write(INSTRUCTION, "email", desk.scope))
    )
    assert answer.refused
    assert answer.text.endswith("The documents do not say.")
    assert answer.nearest


def test_where_nothing_is_found_no_model_is_asked(desk: Desk) -> None:
    chat = ScriptedChat()
    instruction = "Write a report on the quarterly tax returns of Zanzibar"
    answer = checked_answer(desk, list(tasks(desk, chat).write(instruction, "report", desk.scope)))
    assert answer.refused
    assert chat.prompts == []


def test_an_empty_instruction_is_told_of(desk: Desk) -> None:
    with pytest.raises(QuestionError):
        list(tasks(desk, ScriptedChat()).write(" ", "email", desk.scope))


def test_the_reader_gives_the_facts_under_headings(desk: Desk) -> None:
    instruction = "a report on how many parameters Nemo has and where Camembert cheese is from"
    answer = checked_answer(
        desk, list(tasks(desk, reader(desk)).write(instruction, "report", desk.scope))
    )
    first, *_, last = [line for line in answer.text.splitlines() if line]
    assert first == "# How many parameters Nemo has and where Camembert cheese is from"
    assert "## How many parameters Nemo has\n\n- “Nemo has 12 billion parameters.” [1]" in (
        answer.text
    )
    assert last.startswith("- “")
    assert "Only facts to write from" in answer.notice
    mail = checked_answer(
        desk, list(tasks(desk, reader(desk)).write(INSTRUCTION, "email", desk.scope))
    )
    assert mail.text.startswith("**Subject:** The parameters of Nemo\n\n- “")
