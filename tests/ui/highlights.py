"""What the highlights of the page cover, and how far colours are told apart."""

from __future__ import annotations

import re

import pypdfium2
from playwright.sync_api import Page


def words_under_highlight(page: Page, content: bytes, number: int, marks: str = ".hl.open") -> str:
    """The text that pdfium finds inside the marked rectangles of the page image."""
    boxes = page.evaluate(
        """marks => {
          const sheet = document.querySelector('.sheet').getBoundingClientRect();
          const x = at => (at - sheet.left) / sheet.width;
          const y = at => (at - sheet.top) / sheet.height;
          return [...document.querySelectorAll(marks)]
            .map(mark => mark.getBoundingClientRect())
            .map(box => [x(box.left), y(box.top), x(box.right), y(box.bottom)]);
        }""",
        marks,
    )
    document = pypdfium2.PdfDocument(content)
    pdf_page = document[number - 1]
    width, height = pdf_page.get_size()
    text = pdf_page.get_textpage()
    found = [
        text.get_text_bounded(
            left * width, height - bottom * height, right * width, height - top * height
        )
        for left, top, right, bottom in boxes
    ]
    text.close()
    pdf_page.close()
    document.close()
    return " ".join(" ".join(found).split())


def contrast(page: Page, one: str, other: str) -> float:
    """The contrast of two elements' backgrounds, from 1 to 21, as WCAG 2 defines it."""
    lights = sorted(_luminance(page, selector) for selector in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(page: Page, selector: str) -> float:
    colour = page.locator(selector).first.evaluate(
        "element => getComputedStyle(element).backgroundColor"
    )
    parts = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
