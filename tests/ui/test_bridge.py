"""The script between the page and its handlers, in a browser without a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.ui.harbours import IN_CHROMIUM
from ui.layout import BRIDGE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM

# What Gradio gives the script of a block; `arrive` is a reply of the server.
BLOCK = """script => {
  document.body.innerHTML = '<div id="source"><div id="html-1"></div></div>';
  window.sent = [];
  window.props = {value: 'nothing'};
  let watcher = null;
  const element = document.getElementById('html-1');
  const trigger = (name, detail) => window.sent.push(detail);
  Function('element', 'trigger', 'props', 'watch', script)(
    element, trigger, window.props, (name, callback) => { watcher = callback; });
  window.show = id => element.dispatchEvent(
    new CustomEvent('gesture', {detail: {event: 'show', id}}));
  window.arrive = ({id, serial}) => {
    window.props.value = `${id}<i hidden data-serial="${serial}"></i>`;
    watcher();
  };
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.clock.install()
    page.set_content("<body></body>")
    page.evaluate(BLOCK, BRIDGE)
    yield page
    page.close()


def sent(page: Page) -> list[str]:
    return [str(each["id"]) for each in page.evaluate("sent")]


def test_the_last_click_is_opened_after_the_one_before(page: Page) -> None:
    page.evaluate("['a', 'b', 'c'].forEach(show)")
    assert sent(page) == ["a"]
    page.evaluate("arrive(sent[0])")
    assert sent(page) == ["a", "c"]


def test_a_call_that_fails_does_not_keep_the_next_click(page: Page) -> None:
    page.evaluate("show('a'); document.dispatchEvent(new Event('call-failed')); show('b')")
    assert sent(page) == ["a", "b"]
    page.evaluate("arrive(sent[1]); show('c')")
    assert sent(page) == ["a", "b", "c"]


def test_a_call_that_takes_too_long_gives_way_and_its_reply_is_not_shown(page: Page) -> None:
    page.evaluate("show('a'); show('b')")
    page.clock.fast_forward(5_100)
    assert sent(page) == ["a", "b"]
    page.evaluate("arrive(sent[0])")
    assert page.evaluate("props.value") == "nothing"
    page.evaluate("arrive(sent[1]); arrive(sent[0])")
    assert page.evaluate("props.value").startswith("b<i")
