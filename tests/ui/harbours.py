"""The guide that the browser tests ask, and how they ask it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import paragraph, pdf
from tests.loopback import LoopbackServer, Reply, Say

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]
IN_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there"),
]
QUESTION = "How many boats does the harbour of Sainte-Maxime hold in winter?"
QUOTE = "The harbour of Sainte-Maxime holds forty-one boats in winter."
PAGES = [
    paragraph("A guide to the harbours of the coast.", "It was written for sailors."),
    paragraph(
        "Most harbours are small and close when the wind blows from the north.",
        "They are named after saints. " + QUOTE[:34],
        QUOTE[35:] + " In summer there are more of them.",
        "Nobody has counted the boats of the other harbours.",
    ),
]
TITLE = "Harbours of the coast"
GUIDE = pdf(PAGES, title=TITLE)


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """The page at an address, once its list is there; no script of it fails meanwhile."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    page.locator("#outcomes").wait_for(state="attached")
    yield page
    page.close()
    assert faults == []


def add(page: Page, path: Path, content: bytes, title: str = TITLE) -> None:
    path.write_bytes(content)
    page.locator("#files").wait_for(state="attached")
    page.set_input_files("#files", path)
    page.locator(".doc[data-id]", has_text=title).wait_for(timeout=30_000)


def ask(page: Page, question: str = QUESTION) -> None:
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")


def choose_model(page: Page, name: str) -> None:
    """Choose a model by its name, in the list under the one in use."""
    page.locator("#picked").click()
    with page.expect_response(re.compile("/gradio_api/run/")):  # the bar shows it before that
        page.get_by_role("option", name=f"{name}, ").first.click()
    done = page.locator("#models").get_by_role("button", name="Done")
    if done.is_visible():  # on a phone, where the list stays
        done.click()
    expect_model(page, name)


def expect_model(page: Page, name: str) -> None:
    """Wait until the bar names a model as the one in use."""
    page.locator("#picked .name", has_text=name).wait_for()


def script(server: LoopbackServer, *replies: Reply) -> None:
    server.scripts["/v1/chat/completions"].extend(replies)


def answered(page: Page, server: LoopbackServer) -> None:
    """Ask, and wait for an answer with one citation."""
    script(server, Say("In winter it holds forty-one boats [1]."))
    ask(page)
    page.locator("article.turn.done a.cite", has_text="1").wait_for(timeout=20_000)
