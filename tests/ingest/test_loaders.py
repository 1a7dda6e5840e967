from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import titles
from ingest.graphemes import is_boundary
from ingest.loaded import Heading, LoadedDocument
from ingest.loaders import markdown, text
from ingest.loaders.load import load
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError
from tests import builders
from tests.builders import Bookmark, PdfPage

SCAN = PdfPage(image=True)
TEXT = builders.paragraph("Some words.")


def _load(folder: Path, name: str, content: bytes, max_pages: int = 100) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return load(path, name, max_pages=max_pages)


def _refusal(folder: Path, name: str, content: bytes, max_pages: int = 100) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        _load(folder, name, content, max_pages)
    return caught.value


def test_a_pdf_has_pages_labels_headings_and_a_title(tmp_path: Path) -> None:
    content = builders.pdf(
        [
            builders.paragraph("Contents", "Chapter One ... 3"),
            PdfPage(),
            builders.paragraph("1. Chapter One", "It begins.", "A detail", "More."),
        ],
        title="The whole story",
        outline=[Bookmark("Chapter One", 3, (Bookmark("A  Detail", 3),)), Bookmark("Elsewhere", 2)],
        labels="0 << /S /r >> 2 << /S /D >>",
    )

    loaded = _load(tmp_path, "story.pdf", content)

    assert (loaded.title, loaded.media_type, loaded.paginated) == (
        "The whole story",
        "application/pdf",
        True,
    )
    assert (loaded.state, loaded.reason) == (DocumentState.READY, "")
    assert [(page.number, page.label) for page in loaded.pages] == [(1, "i"), (2, "ii"), (3, "1")]
    assert [page.state for page in loaded.pages] == [
        PageState.TEXT,
        PageState.EMPTY,
        PageState.TEXT,
    ]
    assert loaded.pages[2].text == "1. Chapter One\r\nIt begins.\r\nA detail\r\nMore."
    assert loaded.pages[2].offset == len(loaded.pages[0].text)
    assert loaded.outline == (
        Heading(1, "Chapter One", 3, 0),
        Heading(2, "A Detail", 3, loaded.pages[2].text.index("A detail")),
        Heading(1, "Elsewhere", 2, None),
    )


def test_progress_counts_the_pages(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(builders.pdf([TEXT, TEXT, TEXT]))
    seen: list[tuple[int, int]] = []

    load(path, "a.pdf", max_pages=9, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("pages", "state", "reason"),
    [
        ([TEXT, SCAN, SCAN], DocumentState.PARTIAL, "except 2 pages needing OCR"),
        ([SCAN, PdfPage()], DocumentState.NEEDS_OCR, "OCR"),
        ([PdfPage(), PdfPage()], DocumentState.EMPTY, "no words that can be read"),
        ([PdfPage(raw=b"0 0 1 1 re f\n" * 30)], DocumentState.NEEDS_OCR, "OCR"),
        ([PdfPage(raw=b"0 0 1 1 re f\n")], DocumentState.EMPTY, "no words"),
    ],
    ids=["some scans", "all scans", "blank", "letters as outlines", "a rule"],
)
def test_a_pdf_without_text_ends_in_a_named_state(
    tmp_path: Path, pages: list[PdfPage], state: DocumentState, reason: str
) -> None:
    loaded = _load(tmp_path, "a.pdf", builders.pdf(pages))

    assert loaded.state is state
    assert reason in loaded.reason
    assert len(loaded.pages) == len(pages)


def test_a_pdf_that_only_its_owner_may_change_opens(tmp_path: Path) -> None:
    content = builders.encrypted(
        builders.pdf([TEXT], outline=[Bookmark("Some words", 1)]), user="", owner="owner"
    )

    loaded = _load(tmp_path, "a.pdf", content)

    assert loaded.pages[0].text == "Some words."
    assert loaded.outline == (Heading(1, "Some words", 1, 0),)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"", DocumentState.EMPTY),
        (b"%PDF-1.7 and no more", DocumentState.DAMAGED),
        (b"12 % 7", DocumentState.DAMAGED),
        (
            builders.encrypted(builders.pdf([TEXT]), user="u", owner="o"),
            DocumentState.NEEDS_PASSWORD,
        ),
        (builders.pdf([TEXT] * 5), DocumentState.TOO_LARGE),
    ],
    ids=["no bytes", "cut off", "no PDF at all", "encrypted", "too long"],
)
def test_a_pdf_that_gives_nothing_is_refused(
    tmp_path: Path, content: bytes, state: DocumentState
) -> None:
    assert _refusal(tmp_path, "a.pdf", content, max_pages=4).state is state


def test_a_broken_outline_costs_only_the_outline(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    content = builders.pdf([TEXT], outline=[Bookmark("Some words", 1)])
    broken = content.replace(b"/First", b"/F1rst").replace(b"/Dest [", b"/Dest (")

    with caplog.at_level(logging.DEBUG):
        loaded = _load(tmp_path, "my_file-v2.pdf", broken)

    assert (loaded.state, loaded.outline) == (DocumentState.READY, ())
    assert loaded.title == "my file-v2"
    assert (caplog.records, capfd.readouterr().err) == ([], "")


@pytest.mark.parametrize(
    ("title", "used"),
    [
        ("Annual report", "Annual report"),
        ("Microsoft Word - x.doc", "the file"),
        ("untitled", "the file"),
        ("0001018724-18-000005", "the file"),
        ("C:\\reports\\a", "the file"),
        ("report_final.docx", "the file"),
    ],
)
def test_only_a_meaningful_title_is_taken_from_the_file(
    tmp_path: Path, title: str, used: str
) -> None:
    assert _load(tmp_path, "the_file.pdf", builders.pdf([TEXT], title=title)).title == used


def test_a_name_becomes_a_title() -> None:
    assert titles.from_name("Q3_report.final.pdf") == "Q3 report.final"
    assert titles.from_name("price-list.md") == "price list"
    assert titles.from_name("2024-05-20.txt") == "2024-05-20"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Größe: 5 €\r\n".encode(), "Größe: 5 €\r\n"),
        ("Größe".encode("utf-8-sig"), "Größe"),
        ("Größe".encode("utf-16"), "Größe"),
        (b"\xfe\xff" + "Größe".encode("utf-16-be"), "Größe"),
        ("Größe: 5 € für alle".encode("cp1252"), "Größe: 5 € für alle"),
        ("éàü ".encode() * 20 + b"\xff", "éàü " * 20 + "\ufffd"),
        (b"MZ is how this begins", "MZ is how this begins"),
        (b"notes on the mark %PDF-1.7", "notes on the mark %PDF-1.7"),
    ],
)
def test_text_is_decoded_and_kept_exactly(tmp_path: Path, content: bytes, expected: str) -> None:
    loaded = _load(tmp_path, "notes.txt", content)

    assert [page.text for page in loaded.pages] == [expected]
    assert (loaded.title, loaded.media_type, loaded.paginated) == ("notes", "text/plain", False)


def test_text_without_words_or_with_too_many_is_refused(tmp_path: Path) -> None:
    assert _refusal(tmp_path, "a.txt", b" \n\n").state is DocumentState.EMPTY
    long = b"word " * 20_000
    assert _refusal(tmp_path, "a.txt", long, max_pages=2).state is DocumentState.TOO_LARGE


def test_sections_end_between_paragraphs() -> None:
    paragraphs = [f"Paragraph {number}. " + "word " * 300 + "\r\n\r\n" for number in range(60)]

    pages = text.sections("".join(paragraphs), max_pages=100)

    assert len(pages) > 3
    assert all(page.text.startswith("Paragraph") for page in pages)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["word ", "\r\n", "\n\n", "漢字", "e\u0301", "👩\u200d🚀", "x" * 999])
    ),
    st.integers(1, 400),
)
def test_sections_put_together_are_the_text(parts: list[str], repeat: int) -> None:
    whole = "a" + "".join(parts) * repeat

    pages = text.sections(whole, max_pages=10_000)

    assert "".join(page.text for page in pages) == whole
    assert all(whole[page.offset :].startswith(page.text) for page in pages)
    assert all(0 < len(page.text) <= text.SECTION_CHARACTERS for page in pages)
    assert all(is_boundary(whole, page.offset) for page in pages)


MARKDOWN = """---
title: not a heading
---
# The *guide* to [models](http://x.y)

Opening words.

Prices
------
| a | b |
|---|---|

```python
# a comment
```

- item
---
### Small `ones` ###
Two lines of a
paragraph
---
#hashtag
"""


def test_markdown_has_its_headings_and_title(tmp_path: Path) -> None:
    loaded = _load(tmp_path, "guide.md", MARKDOWN.encode())

    assert loaded.title == "The guide to models"
    assert loaded.media_type == "text/markdown"
    assert [(heading.level, heading.title) for heading in loaded.outline] == [
        (1, "The guide to models"),
        (2, "Prices"),
        (3, "Small ones"),
    ]
    assert [MARKDOWN[heading.start or 0 :].split("\n")[0] for heading in loaded.outline] == [
        "# The *guide* to [models](http://x.y)",
        "Prices",
        "### Small `ones` ###",
    ]


def test_headings_beyond_the_first_section_are_on_their_section(tmp_path: Path) -> None:
    content = "intro\n\n" + "".join(f"# H{n}\n\n" + "word " * 1500 + "\n\n" for n in range(9))

    loaded = _load(tmp_path, "long.md", content.encode())

    assert len(loaded.pages) > 2
    for heading in loaded.outline:
        assert loaded.pages[heading.page - 1].text.startswith(f"# {heading.title}", heading.start)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="#=-`~ \n\r\tab_*[]()<>|", max_size=300))
def test_any_text_has_headings_in_order(content: str) -> None:
    starts = [heading.start or 0 for heading in markdown.headings(content)]

    assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Les modèles Mistral : petit guide\n\nSituation au mois d’août.", "guide"),
        ("Notes of the garden club\r\n\r\nWe meet on 14 March.", "Notes of the garden club"),
        ("We meet on 14 March.\n\nBring spades.", "notes"),
        ("First line of a paragraph\nthat goes on.", "notes"),
        ("only one line", "notes"),
    ],
)
def test_the_first_line_of_a_text_is_its_title_if_it_stands_alone(
    text: str, title: str, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(text.encode())

    assert load(path, "notes.txt", max_pages=10).title.endswith(title)
