"""Finding the right page, in a real Chromium: how it was searched, why, and what if it is wrong."""

from __future__ import annotations

import json
import re
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
    TITLE,
    add,
    answered,
    ask,
    choose_model,
    script,
)
from tests.ui.highlights import contrast, words_under_highlight  # noqa: E402

pytestmark = IN_CHROMIUM
UNANSWERED = "Which enzyme unwinds the double helix during replication?"
AMBER, BLUE = "rgb(255, 216, 102)", "rgb(230, 238, 246)"  # of quotes alone, and of passages
STANDALONE = "How many boats does the harbour of Sainte-Maxime hold in summer?"


def choose_embedded_reader(page: Page) -> None:
    choose_model(page, "embedded reader")


def last_row(data_dir: Path) -> dict[str, Any]:
    """The newest line of the one file of marked answers."""
    (path,) = (data_dir / QUESTIONS).glob("*.jsonl")
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").rstrip("\n").split("\n")[-1])
    return row


def test_the_bar_can_be_lowered_for_one_question(page: Page) -> None:
    choose_embedded_reader(page)
    ask(page, UNANSWERED)
    expect(page.locator("article.turn.refused")).to_be_visible(timeout=20_000)
    expect(page.locator(".step")).to_have_text("Searched 2 pages of 1 document")
    notice = page.locator("article.turn.refused .notice")
    expect(notice).to_contain_text(UNANSWERED)
    expect(notice).to_contain_text(re.compile(r"evidence of an answer (under )?[\d.]+%, needs 5%"))
    page.get_by_role("button", name="Answer all the same").click()
    expect(page.locator("article.turn.done:not(.refused) .a")).to_be_visible(timeout=20_000)
    expect(page.locator("article.turn")).to_have_count(1)
    expect(page.locator(".step.thin")).to_contain_text("Answered below the bar")
    expect(page.locator(".step.thin")).to_contain_text("5% is usually needed")
    expect(page.locator("#announced")).to_contain_text("Answered below the bar")
    expect(page.locator("article.turn")).to_be_focused()
    ask(page, UNANSWERED)  # the next question meets the usual bar
    expect(page.locator("article.turn.refused")).to_be_visible(timeout=20_000)
    expect(page.locator(".step.thin")).to_have_count(1)


def test_a_follow_up_can_be_searched_as_typed(page: Page, server: LoopbackServer) -> None:
    answered(page, server)
    script(server, Say(STANDALONE), Say("More of them [1]."))
    ask(page, "And in summer?")
    searched = page.locator("article.turn").last.locator(".as")
    expect(searched).to_contain_text(f"Searched: {STANDALONE}", timeout=20_000)
    expect(page.locator("article.turn.done")).to_have_count(2, timeout=20_000)
    script(server, Say("In summer there are more [1]."))
    page.get_by_role("button", name="search as typed").focus()
    page.keyboard.press("Enter")
    expect(searched).to_have_text("Searched as typed", timeout=20_000)
    expect(page.locator("article.turn.done .a").last).to_contain_text("there are more")
    expect(page.locator("article.turn").last).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("article.turn").last.locator(":focus")).to_have_count(1)
    expect(page.locator("article.turn")).to_have_count(2)


def test_a_passage_opens_where_it_stands(page: Page, server: LoopbackServer) -> None:
    answered(page, server)
    fold = page.get_by_role("button", name=re.compile(r"\d passages? from 1 document"))
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".psg").first).not_to_be_visible()
    fold.focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".psg .no").first).to_have_class("no cited")
    expect(page.locator(".psg .says").first).to_have_text(re.compile("^The harbour of Sainte-Max"))
    passage = page.locator(".psg", has_text="p. 2").first
    passage.click()
    expect(passage).to_have_attribute("aria-current", "true")
    expect(page.locator(".hl.seen").first).to_be_visible()
    expect(page.locator("#source .pn")).to_have_text("p. 2 of 2")
    expect(page.locator(".edge")).to_have_count(1)
    marked = words_under_highlight(page, GUIDE, 2, ".hl.seen")
    assert "forty-one boats" in marked
    assert "Most harbours are small" not in marked  # which the passage has too
    expect(page.locator(".cite[aria-current]")).to_have_count(0)
    colour = "element => getComputedStyle(element).backgroundColor"
    chip = passage.locator(".no")
    assert chip.evaluate(colour) == AMBER
    chip.evaluate("element => element.classList.remove('cited')")  # as of one that is not quoted
    assert chip.evaluate(colour) == BLUE
    script(server, Say(STANDALONE), Say("More of them [1]."))
    ask(page, "And in summer?")
    expect(page.locator("article.turn.done")).to_have_count(2, timeout=20_000)
    expect(passage).to_be_visible()  # it stays open while others are answered


def test_a_wrong_answer_is_marked_and_unmarked(
    page: Page, server: LoopbackServer, data_dir: Path
) -> None:
    answered(page, server)
    page.get_by_role("button", name="Wrong?").click()
    expect(page.get_by_role("radio", name="Wrong")).to_be_focused()
    page.get_by_label("In your words").fill("It asks for summer <b>")
    page.keyboard.press("Enter")
    marked = page.locator("p.marked")
    expect(marked).to_contain_text("Marked: it is now a question of the evaluation set.")
    stored = last_row(data_dir)
    assert (stored["question"], stored["asked"]) == (QUESTION, QUESTION)
    assert (stored["reason"], stored["refused"]) == ("It asks for summer <b>", False)
    assert stored["answer"] == "In winter it holds forty-one boats [1]."
    assert stored["cited"] == [{"document": "harbours.pdf", "page": 2}]
    assert stored["evidence"] == []
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(page.locator("#announced")).to_contain_text("Marked")
    offer = page.locator("#thread article .mark", has_text="Which page has the answer?")
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Cancel").click()
    expect(offer).not_to_be_visible()
    again = page.get_by_role("button", name="Name the right page")
    expect(again).to_be_focused()
    again.click()
    page.keyboard.press("Escape")
    expect(offer).not_to_be_visible()
    again.click()
    page.get_by_role("button", name="Previous page").click()
    expect(offer.get_by_role("button", name=f"{TITLE}, p. 1 answers it")).to_be_enabled()
    page.get_by_role("button", name="Next page").click()
    offer.get_by_role("button", name=f"{TITLE}, p. 2 answers it").click()
    expect(marked).to_contain_text(f"The right page: {TITLE}, p. 2.")
    expect(page.locator("#announced")).to_contain_text("The right page")
    expect(undo).to_be_focused()
    named = {"id": stored["id"], "right": [{"document": "harbours.pdf", "page": 2}]}
    assert last_row(data_dir) == named
    expect(offer).to_have_count(0)
    page.reload()
    expect(marked).to_contain_text("Marked")
    undo.click()
    expect(marked).to_have_count(0)
    assert last_row(data_dir) == {"id": stored["id"], "withdrawn": True}
    expect(page.get_by_role("button", name="Wrong?")).to_have_attribute("aria-expanded", "false")


def test_a_refusal_can_be_marked_too(page: Page, data_dir: Path) -> None:
    choose_embedded_reader(page)
    ask(page, UNANSWERED)
    expect(page.locator("article.turn.refused")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Wrong?")).to_be_focused()
    page.get_by_role("button", name="Wrong?").click()
    page.keyboard.press("Escape")
    expect(page.get_by_label("In your words")).not_to_be_visible()
    expect(page.get_by_role("button", name="Wrong?")).to_be_focused()
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_role("button", name="Mark as wrong").click()
    expect(page.locator("p.marked")).to_be_visible()
    stored = last_row(data_dir)
    assert (stored["asked"], stored["refused"]) == (UNANSWERED, True)
    assert (stored["reason"], stored["evidence"]) == ("The documents do say it", [])


def test_a_limited_question_says_so(page: Page, server: LoopbackServer, tmp_path: Path) -> None:
    add(page, tmp_path / "zoo.pdf", pdf([paragraph("A zoo.")], title="Zoo"), "Zoo")
    page.get_by_role("checkbox", name="Ask Zoo").click()
    expect(page.locator("#documents .h", has_text="Documents")).to_contain_text("1 of 2 chosen")
    answered(page, server)
    expect(page.locator(".limit")).to_have_text(f"in 1 of 2 documents: {TITLE}")
    expect(page.locator(".step")).to_have_text("Searched 2 pages of 1 document")
    page.locator(".doc[data-id]", has_text="Zoo").hover()
    page.get_by_role("button", name="Remove Zoo").click()
    page.locator("dialog .danger").click()
    expect(page.locator(".doc[data-id]", has_text="Zoo")).to_have_count(0)


def test_the_parts_of_a_bar_are_told_apart_without_hues(page: Page, server: LoopbackServer) -> None:
    answered(page, server)
    page.locator(".unfold").click()
    looks = """() => ['words', 'meaning', 'title'].map(name => {
      const part = document.createElement('i');
      part.className = name;
      document.querySelector('.share > span').append(part);
      const style = getComputedStyle(part);
      const look = [style.backgroundColor, style.backgroundImage.split('(')[0], style.boxShadow];
      part.remove();
      return look.map(each => each !== 'none' && each !== 'rgba(0, 0, 0, 0)');
    })"""
    filled, striped, hollow = page.evaluate(looks)
    assert (filled[1:], striped[1:], hollow[1:]) == ([False, False], [True, False], [False, True])
    assert contrast(page, ".share .words", ".share > span") > 3
    page.get_by_role("button", name="Light or dark").click()
    assert contrast(page, ".share .words", ".share > span") > 3


def test_a_long_title_is_read_whole_where_it_can_be(page: Page, tmp_path: Path) -> None:
    title = "The great pilot of all the harbours between Marseille and Menton"
    content = pdf([paragraph("A pilot."), paragraph("Two.")], title=title)
    add(page, tmp_path / "pilot.pdf", content, title)
    row = page.locator(".doc[data-id]", has_text=title)
    row.hover()
    cross = row.get_by_role("button", name="Remove").bounding_box()
    words = row.locator(".t").bounding_box()
    assert cross is not None
    assert words is not None
    assert cross["y"] >= words["y"] + words["height"] - 1  # it hides none of the title
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Documents", exact=True).click()
    row.locator(".t").click()
    head = page.locator("#source h2")
    expect(head).to_be_in_viewport()
    expect(page.locator("#source .pn")).to_have_text("p. 1 of 2")
    assert head.evaluate("title => title.scrollHeight <= title.clientHeight + 1")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1440, "height": 900})
    row.hover()
    row.get_by_role("button", name="Remove").click()
    page.locator("dialog .danger").click()
    expect(row).to_have_count(0)


def test_all_of_it_fits_a_phone_and_a_finger(page: Page, server: LoopbackServer) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    choose_embedded_reader(page)
    ask(page, UNANSWERED)
    expect(page.locator("article.turn.refused")).to_be_visible(timeout=20_000)
    page.locator(".unfold").click()
    page.get_by_role("button", name="Wrong?").click()
    expect(page.locator(".psg").first).to_be_visible()
    lines = """() => [...document.querySelectorAll('.legend span')].map(
      item => Math.round(item.getBoundingClientRect().height / 18))"""
    assert set(page.evaluate(lines)) == {1}  # a swatch and its words on one line
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.querySelector('#thread').scrollWidth") <= 390
    small = page.evaluate(
        """() => [...document.querySelectorAll('#thread button, #thread input')].filter(control => {
          const box = control.getBoundingClientRect();
          return box.width && (box.width < 24 || box.height < 24);
        }).map(control => control.outerHTML)"""
    )
    assert small == []
