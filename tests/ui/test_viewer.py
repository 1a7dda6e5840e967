from __future__ import annotations

import asyncio
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.queue import IngestQueue
from ingest.recognition import Recogniser
from ingest.rendering import page_image
from rag.domain import Answer, Document, DocumentState, Passage, Span
from rag.errors import NotFoundError
from rag.intake import OcrPage, WordBox
from rag.wiring import Application
from tests.ui.harbours import GUIDE
from ui.conversation import Conversation, KeptConversations
from ui.routes import build_router
from ui.viewer import Mark, View, render_source, view_nearest, view_passage

DOCUMENT = Document(
    *("d1", "l1", "guide.pdf", "A guide", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
KEY = "a" * 32


def passage(page: int, text: str) -> Passage:
    return Passage(DOCUMENT, page, str(page), 10, 10 + len(text), text, (), 1.0, (1,))


@pytest.fixture
def conversation() -> Conversation:
    found = (passage(2, "Boats. " * 200), passage(3, "Harbours."))
    answer = Answer("No.", "q", "reader", passages=found, nearest=found[1:], refused=True)
    turn = Conversation().asking("q").turns[0].after(answer)
    return Conversation((replace(turn, telling=(Span(1_298, 1_304), None)),))


def test_a_passage_is_viewed_where_it_stands(conversation: Conversation) -> None:
    view = view_passage(conversation, 0, 0)
    assert (view.document_id, view.page, view.passage) == ("d1", 2, Span(10, 1_410))
    assert [mark.span for mark in view.marks] == [Span(1_298, 1_304)]
    assert view.opened == view.marks[0]


def test_a_passage_without_a_telling_part_has_only_its_edge(conversation: Conversation) -> None:
    view = view_nearest(conversation, 0, 0)
    assert (view.page, view.passage) == (3, Span(10, 19))
    assert (view.marks, view.opened) == ((), None)


def test_a_kept_passage_is_viewed_whole(conversation: Conversation) -> None:
    kept = KeptConversations()
    kept.keep(KEY, conversation)
    assert view_passage(kept.find(KEY), 0, 0) == view_passage(conversation, 0, 0)
    answer = kept.find(KEY).turns[0].answer
    assert answer is not None
    assert answer.passages[0].text[1_288:1_294] == "Boats."  # what its line shows is there


@pytest.mark.parametrize(("turn", "index"), [(0, 2), (0, -1), (1, 0)])
def test_a_passage_that_is_gone_is_said(conversation: Conversation, turn: int, index: int) -> None:
    with pytest.raises(NotFoundError, match="gone"):
        view_passage(conversation, turn, index)


class FixedOcr:
    """Reads every picture alike: a word at the top, one at the bottom."""

    name = "fixed"
    dollars_per_page = 0.0

    def read(self, image: bytes) -> OcrPage:
        """The two words."""
        words = (WordBox(0, 5, 0.1, 0.2, 0.3, 0.25), WordBox(6, 12, 0.1, 0.8, 0.4, 0.85))
        return OcrPage("Boats\nabound", words)


@pytest.fixture
def picture(application: Application, tmp_path: Path) -> Document:
    """A picture of 60 times 40 pixels, as read by OCR."""
    path = tmp_path / "poster.png"
    Image.new("RGB", (60, 40), (200, 0, 0)).save(path)
    library, limits = application.library, Limits(1_000_000, 10)
    ingestor = Ingestor(application.catalog, application.embedder, limits, load)
    recogniser = Recogniser(application.catalog, ingestor, page_image, FixedOcr())
    added = ingestor.take(path, library).added
    assert added is not None
    return recogniser.read_pages(added.document.id, [1])


def test_a_picture_is_shown_with_the_words_that_ocr_has_read_marked(
    application: Application, picture: Document
) -> None:
    mark = Mark(1, "1", Span(7, 8), "b", 1, 0)
    html = render_source(application, View(picture.id, 1, 0, (mark,), mark))
    assert f'<img src="documents/{picture.id}/pages/1.jpg"' in html
    assert "aspect-ratio:918.00/612.00" in html
    (style,) = re.findall(r'class="hl open" style="([^"]*)"', html)
    assert style == "left:10.000%;top:80.000%;width:30.000%;height:5.000%"


def test_a_picture_is_served_drawn_again(
    application: Application, queue: IngestQueue, picture: Document
) -> None:
    async def make() -> FastAPI:
        app = FastAPI()
        app.include_router(build_router(application, queue))
        return app

    with TestClient(asyncio.run(make())) as client:
        response = client.get(f"/documents/{picture.id}/pages/1.jpg")
        assert client.get(f"/documents/{picture.id}/pages/2.jpg").status_code == 404
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    image = Image.open(io.BytesIO(response.content))
    assert (image.format, image.size) == ("JPEG", (180, 120))


def test_a_page_of_a_damaged_original_is_no_blank_sheet(
    application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "guide.pdf"
    path.write_bytes(GUIDE)
    ingestor = Ingestor(application.catalog, application.embedder, Limits(1_000_000, 10), load)
    added = ingestor.take(path, application.library).added
    assert added is not None
    document = added.document
    assert "<img" in render_source(application, View(document.id, 1))
    blob = application.catalog.cited.original(document.id)
    blob.chmod(0o644)
    for damaged in (GUIDE[:900], b"x" * len(GUIDE)):
        blob.write_bytes(damaged)
        html = render_source(application, View(document.id, 1))
        assert "<img" not in html
        assert "The original of guide.pdf is damaged: `tramontane check`" in html
        assert "Add the file again: that puts it back." in html
