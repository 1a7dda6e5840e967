from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from ingest import pdfium, rendering, repair
from ingest.loaders import pdf
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests import builders

REPAIRED = "The file was damaged and was repaired to be read."
WHOLE = builders.pdf(
    [builders.paragraph("The first page holds words."), builders.paragraph("The second as well.")],
    title="A report",
)
JUNK = b"mail header\r\n" * 200


def _load(folder: Path, content: bytes) -> tuple[DocumentState, str, list[str]]:
    path = folder / "stored"
    path.write_bytes(content)
    loaded = pdf.load(path, "a.pdf", max_pages=100, progress=lambda done, total: None)
    return loaded.state, loaded.reason, [page.text for page in loaded.pages]


def _packed(content: bytes, encryption: pikepdf.Encryption | None = None) -> bytes:
    """The file with its objects in compressed streams, as newer programs write it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            encryption=encryption or False,
        )
    return out.getvalue()


def _without(content: bytes, last: bytes) -> bytes:
    return content[: content.rindex(last)]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (b"Received: by mail\r\n\r\n", REPAIRED),
        (b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n", REPAIRED),
        (b"x" * 1024, REPAIRED),
        (b"\xef\xbb\xbf\r\n ", ""),
    ],
)
def test_bytes_before_the_header_are_told_also_where_the_engine_passes_over_them(
    tmp_path: Path, before: bytes, reason: str
) -> None:
    state, said, texts = _load(tmp_path, before + WHOLE)
    assert (state, said) == (DocumentState.READY, reason)
    assert texts == ["The first page holds words.", "The second as well."]


@pytest.mark.parametrize(
    "content",
    [
        JUNK + WHOLE,
        JUNK + _without(_packed(WHOLE), b"startxref"),
        _without(WHOLE, b"xref\n0"),
    ],
    ids=["bytes before it", "bytes before it, no end", "no table of objects"],
)
def test_a_damaged_file_is_repaired_and_says_so(tmp_path: Path, content: bytes) -> None:
    assert _load(tmp_path, content) == (
        DocumentState.READY,
        REPAIRED,
        ["The first page holds words.", "The second as well."],
    )


def test_of_a_file_that_ends_early_the_pages_before_are_read(tmp_path: Path) -> None:
    state, reason, pages = _load(tmp_path, _without(WHOLE, b"The second"))

    assert (state, pages) == (DocumentState.PARTIAL, ["The first page holds words."])
    assert reason == f"{REPAIRED} What follows its last page here could not be found."


def test_pages_that_are_gone_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(JUNK + WHOLE.replace(b"/Count 2", b"/Count 3"))

    *_, mended = repair.attempts(path, "")

    assert (mended.lost, mended.ends_early) == (1, False)


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\nnothing", JUNK, b"", b"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj"],
    ids=["a header", "no PDF", "no bytes", "an empty page"],
)
def test_what_cannot_be_repaired_is_damaged(tmp_path: Path, content: bytes) -> None:
    try:
        state, *_ = _load(tmp_path, content)
    except DocumentError as error:
        state = error.state

    assert state is DocumentState.DAMAGED


def test_a_damaged_file_with_a_password_needs_it(tmp_path: Path) -> None:
    locked = _packed(WHOLE, pikepdf.Encryption(user="u", owner="o"))

    with pytest.raises(DocumentError) as caught:
        _load(tmp_path, JUNK + locked)

    assert caught.value.state is DocumentState.NEEDS_PASSWORD


def test_highlights_and_images_are_those_of_the_whole_file(tmp_path: Path) -> None:
    whole, damaged = tmp_path / "whole", tmp_path / "damaged"
    whole.write_bytes(WHOLE)
    damaged.write_bytes(JUNK + _without(_packed(WHOLE), b"startxref"))

    assert pdfium.page_size(damaged, 2) == pdfium.page_size(whole, 2)
    assert rendering.render_page(damaged, 2, 300) == rendering.render_page(whole, 2, 300)
    expected = pdfium.span_rectangles(whole, 2, 4, 10)
    assert pdfium.span_rectangles(damaged, 2, 4, 10) == expected
    assert len(expected) == 1


def test_nothing_is_written_beside_a_repaired_file(tmp_path: Path) -> None:
    _load(tmp_path, JUNK + WHOLE)

    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


def test_a_repaired_file_has_its_title_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(JUNK + WHOLE)

    with pdfium.open_pdf(path) as document, document.source() as source:
        assert (document.title(), document.page_count) == ("A report", 2)
        assert source.read(5) == b"%PDF-"
        assert document.mended is not None
