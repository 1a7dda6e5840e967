"""Citations on a phone, in a real Chromium: the words that are marked are in view."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import Line, PdfPage, paragraph, pdf
from tests.loopback import LoopbackServer, Say

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, QUESTION, QUOTE, ask, script  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM

SMALL_PRINT = 7.5
WIDTH, HEIGHT = 390, 844
SMALLEST = 8.0  # pixels from the top to the bottom of a line's letters
SHORT = "The mole of Antibes is ninety metres long."
WIDE = (
    "The customs house of Toulon, which burned down twice and stood empty for thirty-one years, "
    "was rebuilt in the year of 1921 by the widow of a shipowner from Marseille."
)
GUIDE = [
    paragraph(
        "A list of what is on the coast.",
        SHORT + " It is of stone.",
        "They are named after saints. " + QUOTE[:34],
        QUOTE[35:] + " In summer there are more.",
    ),
    PdfPage((Line(WIDE, x=30, y=700, size=SMALL_PRINT),)),
]
VIEW = """() => {
  const view = document.querySelector('#source .pg').getBoundingClientRect();
  return [...document.querySelectorAll('#source :is(.hl, mark).open')]
    .flatMap(mark => [...mark.getClientRects()])
    .map(box => [box.left - view.left, box.top - view.top, view.right - box.right,
                 view.bottom - box.bottom, box.height]);
}"""


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(address)
    page.locator("#outcomes").wait_for(state="attached")
    yield page
    context.close()


def add(phone: Page, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    phone.set_input_files("#files", path)
    # In a drawer that is closed.
    phone.locator("#outcomes i", has_text=f"{path.name} was added").wait_for(state="attached")


def open_quote(phone: Page, server: LoopbackServer, question: str, quote: str) -> list[list[float]]:
    """Have an answer quote words, open its citation, and say how far within the view each line is.

    Of each line: from the left, the top, the right and the bottom, and how high it is, in pixels.
    """
    script(server, Say(f"{quote[:-1]} [1]."))
    ask(phone, question)
    chip = phone.locator("article.turn.done").last.locator("a.cite").first
    chip.click()
    phone.locator("#source :is(.hl, mark).open").first.wait_for(state="attached")
    expect(phone.locator("#right")).to_have_css("transform", "none")
    boxes: list[list[float]] = phone.evaluate(VIEW)
    assert boxes
    return boxes


@pytest.mark.parametrize(
    ("question", "quote", "lines"),
    [
        ("How long is the mole of Antibes?", SHORT, 1),
        (QUESTION, QUOTE, 2),
    ],
)
def test_a_citation_opens_with_all_its_words_in_view(
    phone: Page, server: LoopbackServer, tmp_path: Path, question: str, quote: str, lines: int
) -> None:
    add(phone, tmp_path / "coast.pdf", pdf(GUIDE))
    boxes = open_quote(phone, server, question, quote)
    assert len(boxes) == lines
    for *distances, height in boxes:
        assert min(distances) >= 0
        assert height >= SMALLEST


def test_a_line_wider_than_the_view_opens_at_its_beginning(
    phone: Page, server: LoopbackServer, tmp_path: Path
) -> None:
    add(phone, tmp_path / "coast.pdf", pdf(GUIDE))
    boxes = open_quote(phone, server, "When was the customs house of Toulon rebuilt?", WIDE)
    left, top, right, bottom, height = boxes[0]
    assert right < 0  # it is wider than the view
    assert 0 <= left < 20
    assert min(top, bottom) >= 0
    assert height > 11  # and easy to read


COUNTED = "The lighthouse keeper counted 312 ships in the storm of March 1931."
AROUND = "\n\n".join(f"Paragraph {number} tells of the weather." for number in range(40))
COLUMNS = "berth,boat,since,length_m,draught_m,fee_2023,fee_2024,mooring,surveyor,remarks"
BERTHS = "\n".join(
    [COLUMNS]
    + [
        f"B{number},Aurore {number},1994,8.5,1.2,400,430,stern-to,M. Delacroix,inspected in spring"
        for number in range(10, 50)
    ]
)


@pytest.mark.parametrize(
    ("name", "content", "question", "quote"),
    [
        (
            "notes.md",
            f"# Notes\n\n{AROUND}\n\n{COUNTED}\n\n{AROUND}",
            "How many ships did the lighthouse keeper count in 1931?",
            COUNTED,
        ),
        (
            "berths.csv",
            BERTHS,
            "Which boat lies at the berth B37?",
            "B37 is the berth of Aurore 37, since 1994, stern-to, inspected in spring.",
        ),
    ],
    ids=["text", "row"],
)
def test_a_citation_of_a_text_opens_with_its_words_in_view(
    phone: Page,
    server: LoopbackServer,
    tmp_path: Path,
    name: str,
    content: str,
    question: str,
    quote: str,
) -> None:
    add(phone, tmp_path / name, content.encode())
    boxes = open_quote(phone, server, question, quote)
    assert len(boxes) > 1  # the text is set in lines of the view's width
    for *distances, _height in boxes:
        assert min(distances) >= 0
    marked = phone.locator("#source mark.open").first.inner_text()
    assert marked.startswith(quote[:3])
