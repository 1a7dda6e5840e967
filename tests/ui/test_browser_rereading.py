"""Pages that are read again from a report, in a real Chromium with a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.domain import DocumentState
from rag.errors import AuthenticationError, DocumentError
from rag.wiring import Application
from tests.builders import PdfPage, paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, HeldOcr, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

BROKE_DOWN = "tesseract broke down on the page."
NO_KEY = "La Plateforme does not know the key."
SCANS = 3
PAGES = [
    paragraph("The first page tells of tides."),
    *[PdfPage(image=True)] * SCANS,
    paragraph("The last page tells of winds."),
]


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder), ocr=HeldOcr())


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


def report_of(page: Page, bench: Workbench, folder: Path) -> Locator:
    """The report of a document whose scanned pages could not be read."""
    assert bench.ocr is not None
    bench.ocr.faults += [DocumentError(DocumentState.FAILED, BROKE_DOWN)] * SCANS
    path = folder / "study.pdf"
    path.write_bytes(pdf(PAGES))
    page.set_input_files("#files", path)
    expect(page.locator("li.doc", has_text="study").locator(".st")).to_have_text("partly read")
    page.get_by_role("button", name="Report on study").click()
    report = page.locator("#source .report")
    expect(report.locator(".runs li")).to_have_count(3)
    return report


def read_again(page: Page, report: Locator) -> Locator:
    button = report.get_by_role("button", name="Read again")
    button.focus()
    page.keyboard.press("Enter")
    return button


def test_reading_again_shows_how_far_it_is_and_keeps_the_focus(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    report = report_of(page, bench, tmp_path)
    bench.ocr.gate.shut()
    button = read_again(page, report)
    listed = page.locator("li.doc", has_text="study").locator(".work")
    for number in range(1, SCANS + 1):
        words = f"reading again, OCR page {number} of {SCANS}"
        expect(listed).to_have_text(words)
        expect(report.locator(".work")).to_have_text(words)
        expect(button).to_have_text("Reading…")
        expect(button).to_be_focused()
        width = report.locator(".work .bar i").evaluate("bar => bar.style.width")
        assert width == f"{round(100 * (number - 1) / SCANS)}%"
        bench.ocr.gate.let(1)
    expect(report.locator("h3").first).to_have_text("5 pages: 2 with text, 3 by OCR")
    expect(report.locator(".runs li").nth(1).get_by_role("button", name="p. 2–4")).to_be_focused()
    expect(page.locator(".work")).to_have_count(0)


def test_pages_that_are_still_unread_leave_the_focus_where_it_was(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    report = report_of(page, bench, tmp_path)
    bench.ocr.faults.append(AuthenticationError(NO_KEY))
    button = read_again(page, report)
    expect(page.get_by_role("log", name="Notices")).to_contain_text(NO_KEY)
    expect(button).to_have_text("Read again")
    expect(page.locator(".work")).to_have_count(0)
    expect(button).to_be_focused()


def test_whoever_opens_the_page_meanwhile_sees_how_far_it_is(
    browser: Browser, page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    report = report_of(page, bench, tmp_path)
    bench.ocr.gate.shut()
    read_again(page, report)
    with opened(browser, page.url) as other:
        row = other.locator("li.doc", has_text="study")
        expect(row.locator(".work")).to_have_text(f"reading again, OCR page 1 of {SCANS}")
        bench.ocr.gate.let()
        expect(row.locator(".st, .work")).to_have_count(0)
