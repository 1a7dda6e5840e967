"""How the rows of files and documents lie in their pane, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from rag.wiring import Application
from tests.documents import archive_of
from tests.ui.harbours import IN_CHROMIUM, opened
from tests.ui.workbench import HeldEmbedder, Workbench

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

pytestmark = IN_CHROMIUM

ONE_LINE_PIXELS = 24


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder))


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        page.set_viewport_size({"width": 1440, "height": 900})
        yield page


def test_of_a_name_that_is_cut_the_end_is_seen(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.reader.gate.shut()
    path = tmp_path / "Archive of the bird club.zip"
    path.write_bytes(archive_of({"talks/Petrel talk.md": "# Petrels", "talks/Tern talk.md": "No."}))
    page.set_input_files("#files", path)
    name = page.locator(".doc.job .t", has_text="Petrel talk.md")
    expect(name).to_have_text("Archive of the bird club.zip/talks/Petrel talk.md")
    end = name.locator("span:last-child")
    expect(end).to_have_text("Petrel talk.md")
    box, whole = end.bounding_box(), name.bounding_box()
    assert box is not None
    assert whole is not None
    assert box["x"] + box["width"] <= whole["x"] + whole["width"] + 1
    assert box["y"] + box["height"] <= whole["y"] + whole["height"] + 1
    assert box["width"] > 60
    assert whole["height"] < ONE_LINE_PIXELS + 6  # of which 6 are its padding
    bench.let_all()


def test_what_a_document_came_in_leaves_no_blank_line(page: Page, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Key cards", "ann@example.org"
    mail.set_content("Attached.")
    mail.add_attachment("# Cards\n\nCard seven opens the boat house.", filename="cards.md")
    path = tmp_path / "Key cards of the boat house.eml"
    path.write_bytes(mail.as_bytes())
    page.set_input_files("#files", path)
    state = page.locator("li.doc[data-id] .s:has(.within)")
    expect(state).to_contain_text("in Key cards of the boat house.eml")
    expect(state.locator(".rep")).to_have_count(1)

    heights = state.evaluate("each => each.getBoundingClientRect().height")

    assert heights < ONE_LINE_PIXELS
    link = state.locator(".rep").bounding_box()
    row = page.locator("li.doc[data-id]", has=page.locator(".within")).bounding_box()
    assert link is not None
    assert row is not None
    assert link["x"] + link["width"] <= row["x"] + row["width"]
