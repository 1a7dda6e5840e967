"""What programs write as a title where nobody gave one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import titles
from ingest.loaders import epub, rtf
from tests.ingest.test_epub import PACKAGE, book

PLACEHOLDERS = [
    *("Unknown Title", "Untitled", "Unknown", "untitled 3", "[No Title]", "(anonymous)", "Title"),
    *("Microsoft Word - x.doc", "Document1", "Document 2", "Dokument1", "Microsoft Word Document"),
    *(
        "PowerPoint Presentation",
        "PowerPoint-Präsentation",
        "Présentation PowerPoint",
        "Sans titre",
    ),
    *("Unbenannt 1", "Sin título", "Book1", "Classeur1", "無題"),
]


@pytest.mark.parametrize("title", PLACEHOLDERS)
def test_a_placeholder_is_no_title(title: str) -> None:
    assert not titles.is_meaningful(title)


@pytest.mark.parametrize(
    "title",
    ["The unknown title", "Document 2 of the treaty", "The Book of 1", "Presentation skills"],
)
def test_a_title_with_such_words_is_one(title: str) -> None:
    assert titles.is_meaningful(title)


@pytest.mark.parametrize("title", ["Unknown Title", "Untitled", "Unknown"])
def test_a_book_without_a_title_has_that_of_its_first_heading(tmp_path: Path, title: str) -> None:
    path = tmp_path / "stored"
    path.write_bytes(book({"OEBPS/content.opf": PACKAGE.replace("The harbour", title)}))

    assert epub.load(path, "my_book.epub", max_pages=50).title == "In winter"


@pytest.mark.parametrize(
    ("title", "heading", "used"),
    [
        ("The harbour", "Boats", "The harbour"),
        ("Document1", "Boats", "Boats"),
        ("Microsoft Word - x.doc", "Boats", "Boats"),
        ("Untitled", "", "my letter"),
    ],
)
def test_a_rich_text_has_its_own_title_where_that_says_something(
    tmp_path: Path, title: str, heading: str, used: str
) -> None:
    above = rf"\pard\outlinelevel0 {heading}\par" if heading else ""
    own = rf"{{\info{{\title {title}}}{{\author Ana}}}}"
    text = rf"{{\rtf1\ansi{own}{above}\pard Forty-one boats.\par}}"
    path = tmp_path / "stored"
    path.write_text(text)

    assert rtf.load(path, "my_letter.rtf", max_pages=50).title == used
