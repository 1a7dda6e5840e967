from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.queue import IngestQueue
from rag.drafts import read_draft
from rag.errors import NotFoundError
from rag.wiring import Application
from tests.builders import PdfPage, pdf
from tests.documents import docx, paragraph_of, said
from tests.ui.harbours import GUIDE, QUOTE
from ui.chat import Choice
from ui.draft_reports import DraftReport
from ui.drafts import (
    MAX_DRAFT_CHARACTERS,
    Checkup,
    DraftHandlers,
    State,
    render_checkup,
    view_finding,
)
from ui.server import create_app

HERE = "http://127.0.0.1:7860"
WRONG = "The harbour of Sainte-Maxime holds fifty-three boats in winter."
ABSENT = "The parliament of Mongolia has seventy-six deputies."
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def handlers(application: Application, queue: IngestQueue) -> DraftHandlers:
    return DraftHandlers(application, queue)


@pytest.fixture
def guide(application: Application, tmp_path: Path) -> str:
    """The id of the guide, which is in the library."""
    path = tmp_path / "harbours.pdf"
    path.write_bytes(GUIDE)
    ingestor = Ingestor(application.catalog, application.embedder, Limits(1_000_000, 100), load)
    return ingestor.add(path, application.library).document.id


@pytest.fixture
def client(application: Application, queue: IngestQueue) -> Iterator[TestClient]:
    async def make() -> FastAPI:
        return create_app(application, queue)

    with TestClient(asyncio.run(make()), base_url=HERE) as client:
        yield client


def event(**data: str) -> gr.EventData:
    return gr.EventData(None, data)


def checkups(handlers: DraftHandlers, text: str, choice: Choice | None = None) -> list[Checkup]:
    asked = event(text=text, name="", sha256="")
    return [checkup for checkup, _ in handlers.check(choice or Choice(), asked)]


# The check


def test_a_text_is_checked_and_marked(handlers: DraftHandlers, guide: str) -> None:
    first, *_, last = checkups(handlers, f"# {HOSTILE}\n\n{QUOTE} {WRONG}\n\n{ABSENT}")
    assert first.state is State.RUNNING
    assert "<b>0 of 3 statements</b>" in "".join(render_checkup(first))
    assert last.state is State.DONE
    html = "".join(render_checkup(last))
    assert '<b class="doubt">1 of 3 statements backed</b>' in html
    assert f'data-claim="1" aria-description="backed: statement 1">{QUOTE}</a>' in html
    assert 'class="claim unsupported" href="#finding-2"' in html
    assert "harbours.pdf, p. 2</button>" in html
    assert "nothing in the documents speaks of this" in html
    assert "Show only what is not backed" in html
    assert HOSTILE not in html


def test_a_text_that_is_backed_offers_no_filter(handlers: DraftHandlers, guide: str) -> None:
    html = "".join(render_checkup(checkups(handlers, QUOTE)[-1]))
    assert '<b class="good">1 of 1 statement backed</b>' in html
    assert "Show only" not in html


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" \n", "There is no text to check."),
        ("a" * (MAX_DRAFT_CHARACTERS + 1), "200,001 characters; 200,000 are checked here"),
    ],
)
def test_a_text_that_cannot_be_checked_is_one_sentence(
    handlers: DraftHandlers, guide: str, text: str, says: str
) -> None:
    (only,) = checkups(handlers, text)
    assert only.state is State.HELD
    (html,) = render_checkup(only)
    assert says in html


def test_an_empty_library_is_told(handlers: DraftHandlers) -> None:
    (only,) = checkups(handlers, QUOTE)
    assert only.error == "There is no document to ask yet. Add one on the left."


def test_documents_that_are_left_out_are_not_looked_at(handlers: DraftHandlers, guide: str) -> None:
    (only,) = checkups(handlers, QUOTE, Choice(excluded=frozenset({guide})))
    assert only.error == "No document is chosen. Tick at least one on the left."


def test_a_draft_that_is_a_document_is_not_checked_against_itself(
    handlers: DraftHandlers, guide: str
) -> None:
    asked = event(text=QUOTE, name="harbours.pdf", sha256="")
    ((checkup, _),) = handlers.check(Choice(), asked)
    assert "nothing but harbours.pdf itself" in checkup.error


def test_a_stopped_check_keeps_what_was_found(handlers: DraftHandlers, guide: str) -> None:
    checked = checkups(handlers, f"{QUOTE} {WRONG}")[-1].report
    assert checked is not None
    begun = Checkup(State.RUNNING, DraftReport(checked.draft, checked.checked[:1]))
    stopped, html = handlers.halt(begun)
    assert stopped.state is State.STOPPED
    assert "Stopped after 1 of 2." in "".join(html)
    assert handlers.halt(stopped)[0] == stopped


# What a mark opens


def test_a_mark_opens_the_page_on_its_words(handlers: DraftHandlers, guide: str) -> None:
    checkup = checkups(handlers, f"{WRONG} {ABSENT}")[-1]
    view = view_finding(checkup, 1)
    assert (view.document_id, view.page) == (guide, 2)
    assert view.opened is not None
    assert "forty-one boats" in " ".join(view.opened.text.split())
    html = handlers.open(checkup, event(index="1"))
    assert 'class="hl open"' in html
    assert "Quoted from this document" not in html
    assert handlers.open(checkup, event(index="1")) != html
    assert view_finding(checkup, 2).opened is None


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_mark_that_is_gone_is_told(handlers: DraftHandlers, guide: str, number: int) -> None:
    checkup = checkups(handlers, QUOTE)[-1]
    with pytest.raises(NotFoundError, match="gone"):
        view_finding(checkup, number)
    assert "That statement is gone" in handlers.open(checkup, event(index=str(number)))
    assert "That statement is gone" in handlers.open(Checkup(), event(index="1"))


def test_the_report_is_saved_under_the_drafts_name(handlers: DraftHandlers) -> None:
    report = DraftReport(read_draft("# Boats"), (), "my report.docx")
    file = handlers.export(Checkup(State.DONE, report), event(form="html"))
    assert (file["name"], file["type"]) == ("my report-checked.html", "text/html")
    assert file["content"].startswith("<!doctype html>")
    assert handlers.export(Checkup(State.DONE, report), event(form="exe")) == {}
    assert handlers.export(Checkup(), event(form="md")) == {}


# The file of a draft


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", QUOTE.encode()),
        ("a.md", QUOTE.encode("utf-16")),
        ("a.docx", docx(paragraph_of(said(QUOTE)))),
    ],
)
def test_a_file_is_read_and_not_kept(
    client: TestClient, application: Application, name: str, content: bytes
) -> None:
    answer = client.post("/drafts", params={"name": name}, content=content)
    assert answer.status_code == 200
    assert answer.json()["text"] == QUOTE
    assert answer.json()["name"] == name
    assert application.catalog.documents(application.library.id) == []
    kept = [path for path in application.settings.data_dir.rglob("*") if path.is_file()]
    assert [path for path in kept if path.stat().st_size == len(content)] == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"", "empty"),
        ("a.pdf", pdf([PdfPage(image=True)]), "OCR"),
        ("a.zip", b"PK\x03\x04", "cannot be unpacked"),
        ("a.txt", b"a" * 1_000_001, "1 MB are taken in at most"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    client: TestClient, name: str, content: bytes, says: str
) -> None:
    answer = client.post("/drafts", params={"name": name}, content=content)
    assert answer.status_code == 422
    assert says in answer.text
