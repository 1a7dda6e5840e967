"""Where the focus goes when what had it is gone, in a real Chromium with a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import StoreError
from rag.wiring import Application
from tests.builders import paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder))


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


def add(page: Page, folder: Path, *names: str) -> None:
    for name in names:
        path = folder / f"{name}.pdf"
        path.write_bytes(pdf([paragraph(f"The {name} is of stone.")]))
        page.set_input_files("#files", path)
        expect(title(page, name)).to_have_count(1)
    expect(page.locator("li.doc.job, li.doc.going")).to_have_count(0)


def title(page: Page, name: str) -> Locator:
    return page.locator("li.doc[data-id] .t", has_text=name)


def press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")


def say_yes(page: Page, words: str) -> None:
    button = page.get_by_role("dialog").get_by_role("button", name=words)
    button.focus()
    page.keyboard.press("Enter")


def test_the_focus_stays_among_the_documents(page: Page, bench: Workbench, tmp_path: Path) -> None:
    bench.let_all()
    add(page, tmp_path, "quay", "mole", "pier")
    press(page, "Remove mole")
    say_yes(page, "Remove")
    expect(title(page, "quay")).to_be_focused()  # the next row
    press(page, "Undo removing mole")
    expect(title(page, "mole")).to_be_focused()
    for name, after in (("pier", "mole"), ("mole", "quay")):
        press(page, f"Remove {name}")
        say_yes(page, "Remove")
        expect(title(page, after)).to_be_focused()
    press(page, "Remove quay")
    say_yes(page, "Remove")
    expect(page.get_by_role("button", name="Undo removing quay")).to_be_focused()

    press(page, "Trash (3)")
    press(page, "Delete mole for good")
    say_yes(page, "Delete for good")
    expect(page.locator(".trash li")).to_have_count(2)
    expect(page.locator(".trash li :focus")).to_have_count(1)
    press(page, "Bring back quay")
    expect(title(page, "quay")).to_be_focused()
    press(page, "Delete pier for good")
    say_yes(page, "Delete for good")
    expect(page.locator(".trash")).to_have_count(0)
    expect(page.locator("#documents :focus")).to_have_count(1)


def test_the_focus_stays_with_a_file_that_is_tried_again(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.let_all()
    add(page, tmp_path, "quay")
    path = tmp_path / "mole.txt"
    for sentence in ("The mole is of stone.", "The mole is of wood."):
        bench.reader.faults.append(StoreError("There is no room."))
        path.write_text(sentence)
        page.set_input_files("#files", path)
        again = page.get_by_role("button", name="Try mole.txt again")
        again.wait_for()
        if "stone" in sentence:
            press(page, "Try mole.txt again")
            expect(title(page, "mole")).to_be_focused()
    press(page, "Dismiss mole.txt")
    expect(again).to_have_count(0)
    expect(page.locator("#documents :focus")).to_have_count(1)


def test_the_focus_stays_with_the_chooser_of_libraries(page: Page) -> None:
    summary = page.locator("#libraries summary")
    for name in ("Coast", "Shore"):
        summary.click()
        page.fill("#libraries [data-event='make'] input", name)
        page.keyboard.press("Enter")
        expect(summary).to_have_attribute("aria-label", f"Library: {name}")
        expect(summary).to_be_focused()
    summary.click()
    page.fill("#libraries [data-event='rename'] input", "Strand")
    page.keyboard.press("Enter")
    expect(summary).to_have_attribute("aria-label", "Library: Strand")
    expect(summary).to_be_focused()
    summary.click()
    press(page, "Delete this library")
    say_yes(page, "Delete")
    expect(summary).not_to_have_attribute("aria-label", "Library: Strand")
    expect(summary).to_be_focused()
    summary.click()
    press(page, "Bring back Strand")
    expect(page.locator("#libraries .gone")).to_have_count(0)
    expect(summary).to_be_focused()


def test_who_leaves_the_list_is_not_called_back(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.let_all()
    add(page, tmp_path, "quay")
    title(page, "quay").focus()
    page.mouse.click(700, 300)  # nothing that takes the focus
    path = tmp_path / "mole.pdf"
    path.write_bytes(pdf([paragraph("The mole is of stone.")]))
    page.set_input_files("#files", path)
    expect(title(page, "mole")).to_have_count(1)
    assert page.evaluate("document.activeElement === document.body")
