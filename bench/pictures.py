"""Takes those of the README's pictures anew that need no language model.

    python -m bench.pictures FOLDER

The folder holds filings as PDF (see `bench/filings.py`); the sample documents are added to them.
Needs what the browser tests need. Nothing is sent anywhere: what is priced is priced by a stand-in.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdf
from playwright.sync_api import expect, sync_playwright

from ingest.rendering import page_image
from ingest.tesseract import find_tesseract
from rag.intake import OcrPage
from rag.settings import load_settings
from rag.wiring import build
from tests.builders import PdfPage, pdf
from tests.ui.harbours import ARGUMENTS, CHROMIUM
from tests.ui.workbench import HeldEmbedder, HeldOcr, Workbench

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = Path(__file__).parents[1] / "docs" / "screenshots"
SAMPLES = Path(__file__).parents[1] / "sample_docs"
SIZE = {"width": 1440, "height": 900}
WAIT_MS = 240_000
LEDGER_PAGES = 212
DOLLARS_PER_PAGE = 0.004
SETTLED_MS = 900  # what moves in the page has come to rest
QUESTION = "By how many shares did the Kenvue exchange offer reduce the outstanding stock?"
COMBINED = "Models guide, with the letter of May"
TALK = ("How many parameters does Mixtral 8×7B use per token?", "and Mixtral 8×22B?")
QUICK = ("JOHNSON_JOHNSON_2023_8K_dated-2023-08-30", "FOOTLOCKER_2022_8K_dated-2022-05-20")


class _Tesseract(HeldOcr):
    """OCR by the tesseract of this machine."""

    def read(self, image: bytes) -> OcrPage:
        """The words of a page."""
        found = find_tesseract()
        if found is None:
            raise SystemExit("The picture of a report needs tesseract. Install it.")
        return found.read(image)


@contextmanager
def _bench(*, ocr: HeldOcr | None = None, ask_above: float = 1e9) -> Iterator[Workbench]:
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"data_dir": Path(folder) / "data", "samples": False, "chat": "reader"}
        application = build(load_settings(chosen))
        try:
            embedder = HeldEmbedder(application.embedder)
            held = Workbench(application, embedder, ocr=ocr, ask_above_dollars=ask_above)
            held.picture = page_image
            yield held
        finally:
            application.close()


@contextmanager
def _page(bench: Workbench, **look: Any) -> Iterator[Page]:
    with bench.page() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(**{"viewport": SIZE, **look})
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.goto(address)
        page.locator("#outcomes").wait_for(state="attached")
        yield page
        bench.let_all()
        browser.close()


def _take(page: Page, name: str) -> None:
    page.mouse.move(720, 880)
    expect(page.locator("#say .on, .doc.fresh")).to_have_count(0)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=PICTURES / f"{name}.png")


def queue(filings: Sequence[Path]) -> None:
    """Files on their way in, the first of them answering already."""
    quick = [path for name in QUICK for path in filings if path.stem == name]
    samples = sorted(SAMPLES.iterdir())
    with _bench() as bench, _page(bench) as page:
        bench.embedder.gate.shut()
        page.set_input_files("#files", [*samples, *quick])
        expect(page.locator("li.doc[data-id]")).to_have_count(len(samples) + len(quick))
        bench.reader.gate.shut()
        page.set_input_files("#files", [path for path in filings if path not in quick])
        bench.reader.gate.let(20)
        page.fill("#question textarea", QUESTION)
        page.press("#question textarea", "Enter")
        page.locator("article.turn.done a.cite").first.click()
        page.locator("#source .hl.open").first.wait_for()
        _take(page, "queue")


def _with_letter() -> bytes:
    """The guide of the samples, with the letter behind its first chapters, and an empty page."""
    guide = pypdf.PdfReader(SAMPLES / "mistral-models-guide.pdf")
    letter = pypdf.PdfReader(SAMPLES / "letter-scan.pdf")
    written, writer = io.BytesIO(), pypdf.PdfWriter()
    for page in (*guide.pages[:10], *letter.pages):
        writer.add_page(page)
    writer.add_blank_page()
    for page in guide.pages[10:]:
        writer.add_page(page)
    writer.add_metadata({"/Title": COMBINED})
    writer.write(written)
    return written.getvalue()


def report(_filings: Sequence[Path]) -> None:
    """The report of a guide with a scanned letter in it, and a page that is empty."""
    with _bench(ocr=_Tesseract()) as bench, _page(bench) as page:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "guide-with-letter.pdf"
            path.write_bytes(_with_letter())
            page.set_input_files("#files", [path, *sorted(SAMPLES.iterdir())])
            expect(page.locator("li.doc[data-id]")).to_have_count(6)
        expect(page.locator(".work")).to_have_count(0)
        title = page.locator("li.doc", has_text=COMBINED)
        title.hover()
        title.get_by_role("button", name="Report on").click()
        page.locator("#source .report").wait_for()
        _take(page, "report")


def estimate(filings: Sequence[Path]) -> None:
    """What reading a ledger of pictures would cost, before it is read."""
    ocr = HeldOcr("La Plateforme", DOLLARS_PER_PAGE)
    with _bench(ocr=ocr, ask_above=0.05) as bench, _page(bench) as page:
        with tempfile.TemporaryDirectory() as folder:
            ledger = Path(folder) / "harbour-ledger-1931.pdf"
            pages = [PdfPage(image=True)] * LEDGER_PAGES
            ledger.write_bytes(pdf(pages, title="Harbour ledger of 1931"))
            quick = [path for path in filings if path.stem in QUICK]
            page.set_input_files("#files", [*quick, SAMPLES / "prices-and-context.md", ledger])
            page.locator(".work.ask").first.wait_for()
            expect(page.locator(".doc.going")).to_have_count(0)
        page.locator("li.doc", has_text="Harbour ledger").locator("[data-event='show']").click()
        page.locator("#source .report-on").click()
        page.locator("#source .report .work.ask").wait_for()
        _take(page, "estimate")


def summary(_filings: Sequence[Path]) -> None:
    """A summary of quotes."""
    with _bench() as bench, _page(bench) as page:
        page.set_input_files("#files", sorted(SAMPLES.iterdir()))
        expect(page.locator("li.doc[data-id]")).to_have_count(5)
        expect(page.locator(".work")).to_have_count(0)
        page.fill("#question textarea", "/summarise mistral-models-guide.pdf")
        page.press("#question textarea", "Enter")
        page.locator("article.turn.done a.cite").nth(2).click()
        page.locator("#source .hl.open").first.wait_for()
        _take(page, "summary")


def _talk(page: Page) -> None:
    """Two questions of the samples, the second short for a whole one; its first quote opened."""
    page.set_input_files("#files", sorted(SAMPLES.iterdir()))
    expect(page.locator("li.doc[data-id]")).to_have_count(5)
    expect(page.locator(".work")).to_have_count(0)
    for count, question in enumerate(TALK, 1):
        page.fill("#question textarea", question)
        page.press("#question textarea", "Enter")
        expect(page.locator("article.turn.done")).to_have_count(count)
    page.locator("article.turn.done").last.locator("a.cite").first.click()
    page.locator("#source .hl.open").first.wait_for()


def conversation(_filings: Sequence[Path]) -> None:
    """A question that is short for a whole one, answered, by day and by night, and on a phone."""
    with _bench(ocr=_Tesseract()) as bench, _page(bench) as page:
        _talk(page)
        _take(page, "light")
        page.locator("article.turn.done").last.locator("button.unfold").click()
        _take(page, "passages")
    with _bench(ocr=_Tesseract()) as bench, _page(bench, color_scheme="dark") as page:
        _talk(page)
        _take(page, "dark")
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
    with _bench(ocr=_Tesseract()) as bench, _page(bench, **phone) as page:
        _talk(page)
        _take(page, "phone")


TAKEN = {
    "conversation": conversation,
    "queue": queue,
    "report": report,
    "estimate": estimate,
    "summary": summary,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Take the pictures that are named; all of them if none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filings", type=Path)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TAKEN)}")
    arguments = parser.parse_args(argv)
    filings = sorted(arguments.filings.glob("*.pdf"))
    if not filings:
        raise SystemExit(f"{arguments.filings} has no PDF files. Name the folder of the filings.")
    for name in arguments.names or TAKEN:
        TAKEN[name](filings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
