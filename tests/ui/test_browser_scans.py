"""Citations of scanned pages and pictures in a real Chromium: the words are marked on the scan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.intake import open_intake
from rag.settings import load_settings
from rag.wiring import build
from tests.builders import LETTER, PdfPage, paragraph, pdf
from tests.loopback import LoopbackServer, Say
from tests.scans import TESSERACT, WITH_TESSERACT, encoded, scan, scanned_pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect  # noqa: E402

from tests.ui.harbours import GUIDE, IN_CHROMIUM, PAGES, QUOTE, ask, script  # noqa: E402
from tests.ui.highlights import words_under_highlight  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [*IN_CHROMIUM, WITH_TESSERACT]

POSTER = PdfPage(
    paragraph(
        "The lighthouse of Calvi",
        "was built in 1834 by",
        "forty masons from Genoa.",
        "Its lamp burns olive oil.",
        top=500,
        x=150,
    ).lines,
    media_box=LETTER,
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of a scanned guide and a picture, read by OCR."""
    folder = tmp_path_factory.mktemp("scans")
    guide, poster = folder / "guide.pdf", folder / "Poster.png"
    guide.write_bytes(scanned_pdf([scan(page, dots=150) for page in PAGES], 150))
    poster.write_bytes(encoded(scan(POSTER, dots=150)))
    application = build(load_settings({"data_dir": folder, "samples": False, "chat": "reader"}))
    intake = open_intake(application.settings, application.catalog, application.embedder, TESSERACT)
    try:
        for path in (guide, poster):
            added = intake.ingestor.take(path, application.library).added
            assert added is not None
            assert intake.recogniser is not None
            pages = intake.recogniser.waiting_pages(added.document.id)
            intake.recogniser.read_pages(added.document.id, pages)
            intake.ingestor.embed(added.document.id)
    finally:
        intake.close()
        application.close()
    return folder


@pytest.fixture
def scans(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.set_default_timeout(20_000)
    page.goto(address)
    page.locator(".doc[data-id]").first.wait_for()
    yield page
    page.close()


def open_citation(page: Page, question: str) -> None:
    ask(page, question)
    page.locator("article.turn.done a.cite").first.click(timeout=20_000)
    page.locator(".hl.open").first.wait_for(state="attached")
    page.wait_for_function("document.querySelector('.sheet img')?.naturalWidth > 0")


def test_a_citation_marks_the_words_on_the_scan(scans: Page, server: LoopbackServer) -> None:
    script(server, Say("In winter the harbour of Sainte-Maxime holds forty-one boats [1]."))
    open_citation(scans, "How many boats does the harbour of Sainte-Maxime hold in winter?")
    expect(scans.locator("#source .pn")).to_have_text("p. 2 of 2")
    marked = words_under_highlight(scans, GUIDE, 2)
    assert "forty-one boats" in marked
    assert marked in QUOTE
    expect(scans.locator(".qq b")).to_contain_text("forty-one boats")


def test_a_picture_is_shown_with_the_words_marked(scans: Page, server: LoopbackServer) -> None:
    script(server, Say("The lighthouse of Calvi was built by forty masons [1]."))
    open_citation(scans, "Who built the lighthouse of Calvi?")
    expect(scans.locator("#source h2")).to_have_text("Poster")
    marked = words_under_highlight(scans, pdf([POSTER]), 1)
    assert "forty masons" in marked
    assert "olive oil" not in marked
