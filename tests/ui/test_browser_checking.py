"""Answers that can be checked, in a real Chromium: marks, badges, disagreements, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.marks import QUESTIONS
from tests.builders import paragraph, pdf
from tests.loopback import LoopbackServer, Say

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect  # noqa: E402

from tests.ui.harbours import (  # noqa: E402
    GUIDE,
    IN_CHROMIUM,
    QUESTION,
    QUOTE,
    TITLE,
    add,
    answered,
    ask,
    script,
)
from tests.ui.highlights import words_under_highlight  # noqa: E402

pytestmark = IN_CHROMIUM
UNANSWERED = "Which enzyme unwinds the double helix during replication?"
CONTRARY = "In winter it holds fifty-two boats [1]. Most harbours of the coast are small [1]."
NO_SOURCE = "The harbour of Sainte-Maxime holds forty-one boats in winter. Its mayor plays chess."


def done(page: Page, server: LoopbackServer, said: str) -> None:
    """Ask, and wait for the answer that was scripted."""
    script(server, Say(said))
    ask(page)
    expect(page.locator("article.turn.done")).to_have_count(1, timeout=20_000)


def test_a_statement_its_source_contradicts_is_marked_and_says_why(
    page: Page, server: LoopbackServer
) -> None:
    done(page, server, CONTRARY)
    expect(page.locator(".badge")).to_have_text("1 of 2 statements backed")
    mark = page.locator(".a .said")
    expect(mark).to_have_text("In winter it holds fifty-two boats")
    expect(page.locator("p.why-not")).to_contain_text("The source says forty-one, not fifty-two.")
    expect(page.locator("#announced")).to_contain_text("not backed: the source says forty-one")
    card = page.locator("#quote-card")
    mark.hover()
    expect(card).to_contain_text("The source says forty-one, not fifty-two.")
    expect(card.locator("blockquote")).to_have_text(QUOTE)
    card.get_by_role("link").click()
    expect(card).not_to_be_visible()
    expect(page.locator(".doubt-note")).to_have_text(
        "Not backed: the source says forty-one, not fifty-two."
    )
    assert words_under_highlight(page, GUIDE, 2, ".hl.guess") == QUOTE
    mark.focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("link")).to_be_focused()
    page.keyboard.press("Escape")
    expect(mark).to_be_focused()
    expect(card).not_to_be_visible()
    page.locator(".badge").press("Enter")
    rows = page.locator(".checked li")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("Backed")
    rows.last.get_by_role("link").click()
    expect(page.locator(".hl.open").first).to_be_visible()


def test_a_chip_shows_its_quote_before_it_is_opened(page: Page, server: LoopbackServer) -> None:
    done(page, server, NO_SOURCE)
    chip = page.locator("#thread a.cite.found")
    expect(chip).to_have_text("a")
    page.mouse.move(2, 2)
    chip.hover()
    card = page.locator("#quote-card")
    expect(card.locator(".place")).to_have_text(f"{TITLE}, page 2")
    expect(card.locator("blockquote")).to_have_text(QUOTE)
    expect(card).to_contain_text("The answer names no source.")
    chip.click()
    expect(chip).to_have_attribute("aria-current", "true")
    assert words_under_highlight(page, GUIDE, 2) == QUOTE
    expect(page.locator(".a .said.uncited")).to_have_text("Its mayor plays chess")


def test_documents_that_disagree_are_shown_with_their_pages(
    page: Page, server: LoopbackServer, tmp_path: Path
) -> None:
    survey = "The harbour of Sainte-Maxime holds fifty-three boats in winter."
    add(page, tmp_path / "survey.pdf", pdf([paragraph(survey)], title="Survey"), "Survey")
    done(page, server, "The harbour of Sainte-Maxime holds 41 boats in winter.")
    box = page.locator(".disagree")
    expect(box).to_contain_text("The documents disagree")
    assert set(box.locator("li b").all_inner_texts()) == {"forty-one", "fifty-three"}
    box.get_by_role("link", name="Survey, page 1").click()
    expect(page.locator("#source h2")).to_have_text("Survey")
    expect(page.locator(".qq[aria-current] b")).to_have_text(survey)
    page.locator(".doc[data-id]", has_text="Survey").hover()
    page.get_by_role("button", name="Remove Survey").click()
    page.locator("dialog .danger").click()
    expect(page.locator(".doc[data-id]", has_text="Survey")).to_have_count(0)


def test_a_refused_question_can_be_asked_without_documents_even_later(
    page: Page, server: LoopbackServer
) -> None:
    ask(page, UNANSWERED)
    expect(page.locator("article.turn.refused")).to_be_visible(timeout=20_000)
    script(server, Say(QUESTION), Say("In winter it holds forty-one boats [1]."))
    ask(page)
    expect(page.locator("article.turn.done")).to_have_count(2, timeout=20_000)
    script(server, Say("Helicase does."))
    page.get_by_role("button", name="Ask without documents").click()
    alone = page.locator("article.turn.alone.done")
    expect(alone.locator(".a")).to_have_text("Helicase does.", timeout=20_000)
    expect(page.locator("article.turn")).to_have_count(3)
    expect(alone.locator(".q")).to_have_text(UNANSWERED)
    expect(alone.locator("p.alone")).to_contain_text("Not from your documents")
    expect(alone.locator(".badge, .cite")).to_have_count(0)
    expect(page.locator("#announced")).to_contain_text("Not from your documents")
    expect(page.get_by_role("button", name="Answer all the same")).to_be_enabled()


def test_opinions_are_stored_with_the_evidence(
    page: Page, server: LoopbackServer, data_dir: Path
) -> None:
    def stored() -> dict[str, Any]:
        (path,) = (data_dir / QUESTIONS).glob("*.jsonl")
        row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        return row

    answered(page, server)
    page.get_by_role("button", name="Good", exact=True).click()
    expect(page.locator("p.marked")).to_contain_text("Marked as good")
    row = stored()
    assert row["opinion"] == "right"
    assert [claim["verdict"] for claim in row["claims"]] == ["supported"]
    assert [" ".join(quote["quote"].split()) for quote in row["quotes"]] == [QUOTE]
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_role("radio", name="Should have refused").check()
    page.get_by_role("button", name="Mark as wrong").click()
    expect(page.locator("p.marked")).to_contain_text("should be refused")
    expect(page.get_by_role("button", name="Name the right page")).to_have_count(0)
    assert stored()["opinion"] == "unanswerable"


def test_a_mark_is_read_on_a_phone(page: Page, server: LoopbackServer) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    done(page, server, CONTRARY)
    page.locator(".a .said").click()
    card = page.locator("#quote-card")
    expect(card).to_contain_text("The source says forty-one")
    box = card.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.locator(".q p").click()
    expect(card).not_to_be_visible()
    page.locator(".badge").click()
    page.get_by_role("button", name="Wrong?").click()
    expect(page.locator(".fault").last).to_be_visible()
    assert page.evaluate("document.querySelector('#thread').scrollWidth") <= 390
    page.locator(".why-not a").click()
    expect(page.locator(".hl.guess").first).to_be_in_viewport()


def test_nothing_moves_when_an_answer_gets_its_marks(page: Page, server: LoopbackServer) -> None:
    done(page, server, CONTRARY)
    places = """() => [...document.querySelectorAll('.a a.cite')].flatMap(chip => {
      const box = chip.getBoundingClientRect();
      return [box.left, box.top];
    })"""
    marked = page.evaluate(places)
    page.evaluate(
        """() => document.querySelectorAll('.a .said, .a .sr').forEach(
          part => part.replaceWith(...(part.matches('.sr') ? [] : part.childNodes)))"""
    )
    assert page.evaluate(places) == pytest.approx(marked, abs=1)
