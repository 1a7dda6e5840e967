import re
import time
import zlib
from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from rag.domain import DocumentState, PageState
from tests import builders
from tests.builders import Line, PdfPage

WORDS = builders.paragraph("Words that can be read.")
MARK = b"0 0 m % here"


def _load(folder: Path, content: bytes, *, most: int = 100) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return pdf.load(path, "a.pdf", max_pages=most, progress=lambda done, total: None)


def _states(loaded: LoadedDocument) -> list[PageState]:
    return [page.state for page in loaded.pages]


def _with_content(content: bytes, entries: bytes = b"") -> bytes:
    """Three pages, the second one with this as its stream."""
    made = builders.pdf([WORDS, PdfPage(raw=MARK), WORDS])
    old = b"<<  /Length %d >>\nstream\n%s\n" % (len(MARK), MARK)
    assert old in made
    new = b"<< %s /Length %d >>\nstream\n%s\n" % (entries, len(content), content)
    return made.replace(old, new)


def _pointing_nowhere(content: bytes) -> bytes:
    """The same with a content of the second page that is not in the file."""
    return _replaced(content, rb"/Contents \d+ 0 R", b"/Contents 99 0 R")


def _replaced(content: bytes, pattern: bytes, by: bytes) -> bytes:
    second = list(re.finditer(pattern, content))[1]
    return content[: second.start()] + by + content[second.end() :]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\r\t ",
        b"% a comment",
        b"q 1 0 0 1 0 0 cm /GS0 gs 0 0 612 792 re W n 1 0 0 rg Q",
        b"/Artifact BMC EMC BT /F1 12 Tf 72 700 Td ET",
        b"BT /F1 12 Tf () Tj [() 20] TJ ET",
        b"BT /F1 12 Tf 72 700 Td (   ) Tj ET",
        b"72 700 m 300 700 l S",
    ],
    ids=["none", "space", "comment", "state", "tags", "no letters", "spaces", "line"],
)
def test_a_page_with_nothing_to_read_is_blank(tmp_path: Path, content: bytes) -> None:
    loaded = _load(tmp_path, _with_content(content))
    assert _states(loaded) == [PageState.TEXT, PageState.EMPTY, PageState.TEXT]
    assert loaded.state is DocumentState.READY


@pytest.mark.parametrize(
    ("content", "entries"),
    [
        (b"\x93\x1b\xf0\x07 random \xff", b"/Filter /FlateDecode"),
        (b"not packed like this", b"/Filter /Foo"),
        (zlib.compress(b"BT /F1 12 Tf (word) Tj ET")[:8] + b"\xfe" * 12, b"/Filter /FlateDecode"),
        (b"\x93\x1b\xf0\x07 random \xff bytes", b""),
        (b"/Gone Do", b""),
        (b"BT 72 700 Td (No font is named) Tj ET", b""),
    ],
    ids=["not packed", "no such filter", "half packed", "bytes", "no picture", "no font"],
)
def test_a_page_whose_content_is_damaged_has_failed(
    tmp_path: Path, content: bytes, entries: bytes
) -> None:
    loaded = _load(tmp_path, _with_content(content, entries))
    assert _states(loaded) == [PageState.TEXT, PageState.FAILED, PageState.TEXT]
    assert loaded.pages[1].reason == "Page 2 is damaged and cannot be read."
    assert loaded.state is DocumentState.PARTIAL
    assert loaded.reason == "Read, except 1 page that could not be read."


@pytest.mark.parametrize("by", [b"/Contents 99 0 R", b"/Contents [99 0 R 98 0 R]"])
def test_a_page_whose_content_is_not_in_the_file_has_failed(tmp_path: Path, by: bytes) -> None:
    content = builders.pdf([WORDS, WORDS, WORDS, PdfPage()])
    loaded = _load(tmp_path, _replaced(content, rb"/Contents \d+ 0 R", by))
    assert _states(loaded) == [
        PageState.TEXT,
        PageState.FAILED,
        PageState.TEXT,
        PageState.EMPTY,
    ]


def test_a_page_that_names_no_content_is_blank(tmp_path: Path) -> None:
    content = builders.pdf([WORDS, WORDS, WORDS])
    loaded = _load(tmp_path, _replaced(content, rb"/Contents \d+ 0 R", b""))
    assert _states(loaded) == [PageState.TEXT, PageState.EMPTY, PageState.TEXT]


def test_pages_whose_content_was_cut_off_have_failed(tmp_path: Path) -> None:
    """The pages stand before their contents, of which the last ones are gone."""
    content = builders.pdf([builders.paragraph(f"Page {number}") for number in range(1, 7)])
    head, *objects = re.split(rb"(?<=endobj\n)", content[: content.index(b"xref\n")])
    head, first = head[: head.index(b"1 0 obj")], head[head.index(b"1 0 obj") :]
    objects.insert(0, first)
    objects.sort(key=lambda entry: (b"stream" in entry, int(entry.split()[0] if entry else b"0")))
    whole = head + b"".join(objects)
    cut = whole[: whole.index(b"(Page 4)") - 20]

    loaded = _load(tmp_path, cut)

    texts = [page.text for page in loaded.pages]
    assert texts == ["Page 1", "Page 2", "Page 3", "", "", ""]
    assert _states(loaded)[3:] == [PageState.FAILED] * 3
    assert loaded.state is DocumentState.PARTIAL
    assert "Read, except 3 pages that could not be read." in loaded.reason


def test_many_blank_pages_cost_little(tmp_path: Path) -> None:
    pages = [PdfPage((Line("Words."),)), *[PdfPage(raw=b"q Q")] * 2000]
    content = builders.pdf(pages)
    started = time.perf_counter()
    loaded = _load(tmp_path, content, most=3000)
    assert time.perf_counter() - started < 5
    assert _states(loaded).count(PageState.EMPTY) == 2000
