"""What the highlights of the page viewer cover."""

from __future__ import annotations

import pypdfium2
from playwright.sync_api import Page


def words_under_highlight(page: Page, content: bytes, number: int) -> str:
    """The text that pdfium finds inside the marked rectangles of the page image."""
    boxes = page.evaluate(
        """() => {
          const sheet = document.querySelector('.sheet').getBoundingClientRect();
          const x = at => (at - sheet.left) / sheet.width;
          const y = at => (at - sheet.top) / sheet.height;
          return [...document.querySelectorAll('.hl.open')]
            .map(mark => mark.getBoundingClientRect())
            .map(box => [x(box.left), y(box.top), x(box.right), y(box.bottom)]);
        }"""
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
