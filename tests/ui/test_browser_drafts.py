"""Checking a draft in a real Chromium, against the real app in a process of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.builders import pdf
from tests.documents import docx, paragraph_of, said

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, PAGES, QUOTE  # noqa: E402
from tests.ui.highlights import words_under_highlight  # noqa: E402

pytestmark = IN_CHROMIUM

WRONG = "The harbour of Sainte-Maxime holds fifty-three boats in winter."
HOSTILE = "<img src=x onerror=alert(1)>"
DRAFT = f"# The coast\n\n{QUOTE} {WRONG}\n\n{QUOTE}\n\n{HOSTILE} is a name."


def check(page: Page, text: str = DRAFT) -> None:
    page.get_by_role("button", name="Check a draft").click()
    page.fill("#draft-text", text)
    page.locator("#draft-check").click()
    page.locator("#report .sum.done").wait_for(timeout=20_000)


def test_each_statement_is_marked_and_opens_on_its_words(page: Page) -> None:
    check(page)
    expect(page.locator("#composer")).to_be_hidden()
    expect(page.locator("#report .sum b")).to_have_text("2 of 4 statements backed")
    assert page.locator("#report img").count() == 0
    backed = page.locator("#report a.claim.supported").first
    backed.click()
    expect(page.locator("#finding-card")).to_contain_text("Backed")
    expect(page.locator("#source .pn")).to_have_text("p. 2 of 2")
    page.wait_for_function("document.querySelector('.sheet img')?.naturalWidth > 0")
    assert words_under_highlight(page, pdf(PAGES), 2) in QUOTE
    page.keyboard.press("Escape")
    expect(page.locator("#finding-card")).to_be_hidden()
    page.locator("#report a.claim.unsupported").first.hover()
    expect(page.locator("#finding-card")).to_contain_text("Not backed")
    expect(page.locator("#finding-card")).to_contain_text("harbours.pdf, p. 2")


def test_only_what_is_not_backed_is_shown(page: Page) -> None:
    check(page)
    toggle = page.get_by_role("button", name="Show only what is not backed")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#report section > p:visible")).to_have_count(2)
    toggle.click()
    expect(page.locator("#report section > p:visible")).to_have_count(3)


def test_a_report_is_saved(page: Page, tmp_path: Path) -> None:
    check(page)
    for form, says in (("Markdown", "**backed**"), ("CSV", "supported"), ("HTML", "</mark>")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {form}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.name.startswith("draft-checked.")
        assert says in path.read_text(encoding="utf-8")


def test_a_file_becomes_the_draft_and_no_document(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Check a draft").click()
    (tmp_path / "report.docx").write_bytes(docx(paragraph_of(said(QUOTE))))
    page.set_input_files("#draft-file", tmp_path / "report.docx")
    expect(page.locator("#draft-text")).to_have_value(QUOTE)
    expect(page.locator("#draft-name")).to_have_text("report.docx")
    page.locator("#draft-check").click()
    expect(page.locator("#report .sum b")).to_have_text("1 of 1 statement backed", timeout=20_000)
    expect(page.locator("#report .name")).to_have_text("report.docx")
    expect(page.locator(".doc")).to_have_count(1)  # the harbours that were there
    (tmp_path / "empty.txt").write_bytes(b"")
    page.set_input_files("#draft-file", tmp_path / "empty.txt")
    expect(page.locator("#draft-name")).to_have_text("The file is empty.")


def test_an_empty_text_is_told_and_the_text_outlives_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Check a draft").click()
    page.locator("#draft-check").click()
    expect(page.locator("#report .held")).to_contain_text("There is no text to check")
    page.fill("#draft-text", QUOTE)
    page.reload()
    expect(page.locator("#draft-text")).to_have_value(QUOTE)
    expect(page.locator("#draft-text")).to_be_hidden()


def test_a_check_can_be_stopped(page: Page) -> None:
    page.get_by_role("button", name="Check a draft").click()
    page.fill("#draft-text", "\n\n".join([QUOTE, WRONG] * 400))
    page.locator("#draft-check").click()
    expect(page.locator("#report .sum.running b")).to_have_text(
        re.compile(r"^[1-9]\d* of 800 statements$"), timeout=20_000
    )
    page.locator("#draft-stop").click()
    expect(page.locator("#report .sum.stopped")).to_contain_text("Stopped after")
    expect(page.locator("#draft-check")).to_be_visible()


def test_on_a_phone_a_mark_says_why_and_its_page_is_one_touch_away(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    check(page)
    page.locator("#report a.claim.unsupported").first.click()
    card = page.locator("#finding-card")
    expect(card).to_contain_text("Not backed")
    box = card.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] > 800
    card.get_by_role("button", name="harbours.pdf, p. 2").click()
    expect(page.locator("#source .pn")).to_have_text(re.compile(r"p\. 2"))
    expect(page.locator("#right")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
