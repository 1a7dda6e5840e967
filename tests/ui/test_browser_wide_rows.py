"""A wide row of a table in the source is scrolled to what is cited of it, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loopback import LoopbackServer, Say

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, add, ask, script  # noqa: E402

pytestmark = IN_CHROMIUM
WIDE = 14  # columns before the one that is cited
QUOTE = "Quillon keeps seventy-three herring barrels"
IN_SIGHT = """row => {
  const [box, mark] = [row, row.querySelector('mark')].map(each => each.getBoundingClientRect());
  return [row.scrollLeft > 0, mark.left >= box.left - 1, mark.left < box.right];
}"""


def test_a_wide_row_is_scrolled_to_the_cited_cell(
    page: Page, server: LoopbackServer, tmp_path: Path
) -> None:
    heads = [f"Column {number}" for number in range(WIDE)] + ["Barrels"]
    cells = [f"nothing of note {number}" for number in range(WIDE)] + [f"{QUOTE}."]
    rows = [heads, ["---"] * len(heads), cells]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    add(page, tmp_path / "barrels.md", f"# Barrels\n\n{table}\n".encode(), "Barrels")
    script(server, Say(f"{QUOTE} [1]."))
    ask(page, "How many herring barrels does Quillon keep?")
    page.locator("article.turn.done a[href^='#cite-']").first.click()
    row = page.locator("#source .text .row:has(mark)").first
    expect(row).to_be_visible()
    expect(row.locator("mark").first).to_be_in_viewport()
    assert row.evaluate(IN_SIGHT) == [True, True, True]
