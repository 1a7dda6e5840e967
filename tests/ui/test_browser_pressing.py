"""A press of the mouse counts though the list is drawn anew under it, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, TITLE, add  # noqa: E402

pytestmark = IN_CHROMIUM
# As the list is drawn: what stands in a place becomes what is to stand there, node by node.
MOVED = """() => {
  const [one, two] = document.querySelectorAll('#documents .doc[data-id] .box');
  for (const name of ['data-id', 'aria-label', 'aria-checked']) {
    const held = one.getAttribute(name);
    one.setAttribute(name, two.getAttribute(name));
    two.setAttribute(name, held);
  }
}"""
REPLACED = """() => {
  for (const box of document.querySelectorAll('#documents .doc[data-id]')) {
    box.replaceWith(box.cloneNode(true));
  }
}"""


def box(page: Page, title: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Ask {title}", exact=True)


def press(page: Page, control: Locator) -> None:
    """Put the button down on a control, and leave it there."""
    control.hover()
    page.mouse.down()


@pytest.fixture
def page_of_two(page: Page, tmp_path: Path) -> Page:
    if not page.locator(".doc[data-id]", has_text="Zoo").count():
        add(page, tmp_path / "zoo.pdf", pdf([paragraph("A zoo.")], title="Zoo"), "Zoo")
    expect(page.locator("li.doc.job, li.doc.going")).to_have_count(0)
    expect(box(page, "Zoo")).to_be_checked()
    expect(box(page, TITLE)).to_be_checked()
    return page


@pytest.mark.parametrize("drawn", [MOVED, REPLACED])
def test_what_was_pressed_is_chosen_though_the_list_is_drawn_anew(
    page_of_two: Page, drawn: str
) -> None:
    page = page_of_two
    press(page, box(page, "Zoo"))
    page.evaluate(drawn)
    page.mouse.up()
    expect(box(page, "Zoo")).not_to_be_checked()
    expect(box(page, TITLE)).to_be_checked()
    expect(page.locator("#documents .h", has_text="Documents")).to_contain_text("1 of 2 chosen")
