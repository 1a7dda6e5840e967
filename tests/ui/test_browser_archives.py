"""An archive that lost files, in a real Chromium: its row stays, and its report says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.wiring import Application
from tests.documents import archive_of

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM  # noqa: E402
from tests.ui.workbench import HeldEmbedder, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

FILES: dict[str, str | bytes] = {
    "inner.txt": "The harbour holds forty-one boats.",
    "old.zip": archive_of({"c.txt": "x"}),
    "run.exe": b"MZ" + bytes(99),
}


@pytest.fixture
def address(application: Application) -> Iterator[str]:
    with Workbench(application, HeldEmbedder(application.embedder)).page() as address:
        yield address


def test_an_archive_that_lost_files_stays_until_it_is_hidden(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(archive_of(FILES))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    expect(page.locator("#outcomes")).to_be_attached()
    page.set_input_files("#files", path)
    held = page.locator(".doc.held")
    expect(held).to_contain_text("2 of 3 files not fully read")
    card = page.locator("#batches .batch")
    expect(card.locator("h2")).to_have_text("3 files: 1 read, 2 failed")
    expect(card.locator("li.failed").filter(has_text="bundle.zip/old.zip: ")).to_have_count(1)

    page.reload()

    held.get_by_role("button", name="Report on bundle.zip").click()
    report = page.locator("#source .report")
    expect(report.locator("h3")).to_have_text("3 files: 1 read, 2 not read")
    expect(report.locator("li")).to_have_count(3)
    nested = report.locator("li").filter(has_text="old.zip")
    expect(nested.locator(".why")).to_contain_text("archive in the archive")

    held.get_by_role("button", name="Hide bundle.zip").click()
    expect(held).to_have_count(0)
    page.reload()
    inner = page.locator(".doc[data-id]").filter(has_text="in bundle.zip")
    expect(inner).to_have_count(1)
    expect(held).to_have_count(0)
    inner.get_by_role("button", name="in bundle.zip").click()
    expect(report.locator("h3")).to_have_text("3 files: 1 read, 2 not read")
    page.close()
