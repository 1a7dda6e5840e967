from __future__ import annotations

from dataclasses import replace

import pytest

from rag.errors import QuestionError
from rag.whole.commands import Command, read_command
from tests.fakes import document

GUIDE = replace(document("guide-to-models.pdf"), title="The Mistral models, a guide")
NOTES = document("notes.txt", paginated=False)


def read(text: str) -> Command | None:
    return read_command(text, lambda: [GUIDE, NOTES])


def work(text: str) -> Command:
    found = read(text)
    assert found is not None
    return found


def names(command: Command) -> list[str]:
    return [each.name for each in command.documents]


@pytest.mark.parametrize(
    ("text", "documents", "wish"),
    [
        ("/summarise", [GUIDE.name, NOTES.name], ""),
        ("/summarize notes.txt", [NOTES.name], ""),
        ("/summarise guide-to-models in French", [GUIDE.name], "in french"),
        ("/résume notes.txt, guide-to-models.pdf", [NOTES.name, GUIDE.name], ""),
        ("Summarise the document notes.txt", [NOTES.name], ""),
        ("Please summarize “The Mistral models, a guide”.", [GUIDE.name], ""),
        ("Résume le document guide to models", [GUIDE.name], ""),
        ("Can you give me a summary of all documents?", [GUIDE.name, NOTES.name], ""),
        ("Summarise my documents in three sentences", [GUIDE.name, NOTES.name], "in three"),
        ("Fasse das Dokument notes.txt zusammen", [NOTES.name], ""),
        ("Résume tous les documents", [GUIDE.name, NOTES.name], ""),
    ],
)
def test_a_summary_is_asked_for(text: str, documents: list[str], wish: str) -> None:
    command = work(text)
    assert command.task == "summarise"
    assert names(command) == documents
    assert command.wish.startswith(wish)
    assert bool(command.wish) == bool(wish)


@pytest.mark.parametrize(
    "text",
    [
        "What does notes.txt say?",
        "Summarise the third chapter of guide-to-models.pdf",
        "Summarise the weather",
        "Summarise what notes.txt says about cheese",
        "/etc/passwd is what?",
        "/unknown notes.txt",
        "How do I write an e-mail?",
        "",
    ],
)
def test_a_question_is_left_to_be_answered(text: str) -> None:
    assert read(text) is None


def test_this_document_is_the_only_one() -> None:
    found = read_command("Summarise this document", lambda: [NOTES])
    assert found is not None
    assert names(found) == [NOTES.name]
    assert read("Summarise this document") is None


def test_a_form_is_asked_for_in_words_or_as_a_schema() -> None:
    words = work("/extract notes.txt: seller, due (date): when to pay, total amount (number)")
    assert names(words) == [NOTES.name]
    assert words.form is not None
    assert [(part.name, part.kind, part.is_date) for part in words.form.parts] == [
        ("seller", "string", False),
        ("due", "string", True),
        ("total amount", "number", False),
    ]
    assert words.form.parts[1].description == "when to pay"
    schema = work('/extract notes.txt {"properties": {"seller": {"type": "string"}}}')
    assert schema.form is not None
    assert [part.name for part in schema.form.parts] == ["seller"]


def test_classes_are_asked_for() -> None:
    command = work("/classify notes.txt: invoice, letter")
    assert (names(command), [each.name for each in command.classes]) == (
        [NOTES.name],
        ["invoice", "letter"],
    )
    assert names(work("/classify: invoice, letter")) == [GUIDE.name, NOTES.name]
    assert work('/classify "Charged: twice": bill, other').text == "Charged: twice"
    assert work("/classify “Charged twice”: bill, other").text == "Charged twice"


def test_a_text_is_asked_for() -> None:
    mail = work("/write email to Anna about the price of tea")
    assert (mail.kind, mail.wish) == ("email", "to Anna about the price of tea")
    assert work("/write report on tea").kind == "report"
    assert work("/write about tea").wish == "about tea"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/summarise nothing.pdf", "no document 'nothing.pdf' here. There are: guide-to-models"),
        ("/extract notes.txt", "Say what to look for"),
        ("/extract: seller", "from one document"),
        ("/extract notes.txt: {", "no JSON"),
        ("/extract notes.txt: seller (money)", "'money' is no type"),
        ("/classify notes.txt", "Name the classes"),
        ("/classify notes.txt: invoice", "1 is given"),
        ("/write", "Say what to write"),
        ("/write email", "Say what to write"),
    ],
)
def test_a_command_that_lacks_something_says_what(text: str, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        read(text)
