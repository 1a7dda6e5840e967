"""Scanned pages that a few words were typed on: a stamp, a number, the header of a court."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw

from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from ingest.loaders.load import load
from ingest.outcomes import page_counts
from ingest.pipeline import Ingestor
from ingest.recognition import NO_MORE
from rag.domain import DocumentState, Library, PageState
from rag.store.catalog import Catalog
from tests import builders
from tests.ingest.scanning import LIMITS, Counting, Scripted, recogniser
from tests.scans import scan, scanned_pdf

LETTER = [
    f"The {number} boats of the harbour master were tarred in spring." for number in range(40)
]
STAMP = "TULL-000317"


def typed_on(picture: Image.Image, words: str, folder: Path, *, unseen: bool = False) -> Path:
    """A file of one page: a picture as large as the page, and words on it."""
    path = folder / "page.pdf"
    with pikepdf.open(io.BytesIO(scanned_pdf([picture], dots=100))) as file:
        page = file.pages[0]
        page.contents_coalesce()
        page.Resources.Font = pikepdf.Dictionary(
            F1=pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type1,
                BaseFont=pikepdf.Name.Helvetica,
            )
        )
        mode = 3 if unseen else 0
        content = f"BT {mode} Tr /F1 10 Tf 30 20 Td ({words}) Tj ET".encode()
        page.contents_add(file.make_stream(b"q\n"), prepend=True)
        page.contents_add(file.make_stream(b"Q\n" + content))
        file.save(path)
    return path


def letter() -> Image.Image:
    return scan(builders.paragraph(*LETTER), dots=100)


def read(path: Path) -> LoadedDocument:
    return pdf.load(path, path.name, max_pages=9, progress=lambda done, total: None)


@pytest.mark.parametrize(
    "words", [STAMP, "CONFIDENTIAL - Smith v. Jones - Case 2:19-cv-00317 - Page 3 of 9"]
)
def test_a_scan_with_a_typed_line_needs_ocr_and_keeps_the_line(words: str, tmp_path: Path) -> None:
    loaded = read(typed_on(letter(), words, tmp_path))
    (page,) = loaded.pages
    assert (page.state, page.reason) == (PageState.NEEDS_OCR, pdf.TYPED_ON)
    assert page.text.strip() == words
    assert (loaded.state, loaded.reason) == (
        DocumentState.PARTIAL,
        "Read, except 1 page needing OCR.",
    )
    assert page_counts(loaded.pages) == "1 page: 1 needing OCR"


def photograph(letter: Image.Image) -> Image.Image:
    """A picture of no paper: its shades are all over."""
    width, height = letter.size
    shades = np.add.outer(np.arange(height), np.arange(width)) % 256
    return Image.fromarray(shades.astype(np.uint8))


def emblem(letter: Image.Image) -> Image.Image:
    """The ground of a slide, with a mark in its corner."""
    ground = Image.new("L", letter.size, 240)
    ImageDraw.Draw(ground).ellipse((20, 20, 200, 200), fill=40)
    return ground


@pytest.mark.parametrize("ground", [photograph, emblem])
def test_words_before_a_picture_without_any_are_the_page(
    ground: Callable[[Image.Image], Image.Image], tmp_path: Path
) -> None:
    (page,) = read(typed_on(ground(letter()), "Boats and harbours", tmp_path)).pages
    assert (page.state, page.reason) == (PageState.TEXT, "")


def test_words_that_ocr_laid_over_a_scan_unseen_are_the_page(tmp_path: Path) -> None:
    (page,) = read(typed_on(letter(), "The first 40 boats", tmp_path, unseen=True)).pages
    assert page.state is PageState.TEXT


def test_a_small_picture_of_words_is_no_scan(tmp_path: Path) -> None:
    path = tmp_path / "logo.pdf"
    page = builders.paragraph("The boats of the harbour.")
    path.write_bytes(builders.pdf([page]))
    with pikepdf.open(path) as file:
        logo = pikepdf.open(io.BytesIO(scanned_pdf([letter()], dots=400)))
        file.pages[0].add_overlay(logo.pages[0], pikepdf.Rectangle(72, 400, 200, 560))
        file.save(tmp_path / "with.pdf")
    (found,) = read(tmp_path / "with.pdf").pages
    assert found.state is PageState.TEXT


def test_a_page_that_was_stamped_as_a_form_is_looked_into(tmp_path: Path) -> None:
    whole = typed_on(letter(), STAMP, tmp_path)
    with pikepdf.new() as file, pikepdf.open(whole) as source:
        box = source.pages[0].mediabox
        file.add_blank_page(page_size=(float(box[2]), float(box[3])))
        file.pages[0].add_overlay(source.pages[0], pikepdf.Rectangle(*map(float, box)))
        file.save(tmp_path / "form.pdf")
    (page,) = read(tmp_path / "form.pdf").pages
    assert page.state is PageState.NEEDS_OCR


def test_without_ocr_the_typed_words_are_found(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    path = typed_on(letter(), STAMP, tmp_path)
    document = Ingestor(catalog, embedder, LIMITS, load).add(path, library).document
    assert document.state is DocumentState.PARTIAL
    assert (document.chunks, document.embedded) == (1, 1)
    assert STAMP in embedder.embedded[0]


@pytest.mark.parametrize(
    ("found", "state", "text", "reason"),
    [
        (f"The boats were tarred. {STAMP}", PageState.OCR, None, "Read by scripted OCR."),
        ("TULL-OOO317", PageState.TEXT, STAMP, NO_MORE),
        ("", PageState.TEXT, STAMP, NO_MORE),
    ],
)
def test_the_typed_words_stay_where_ocr_reads_hardly_more(
    found: str,
    state: PageState,
    text: str | None,
    reason: str,
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    tmp_path: Path,
) -> None:
    path = typed_on(letter(), STAMP, tmp_path)
    document = Ingestor(catalog, embedder, LIMITS, load).add(path, library).document
    reading = recogniser(catalog, embedder, Scripted(found))
    assert reading.waiting_pages(document.id) == [1]
    now = reading.read_pages(document.id, [1])
    (page,) = catalog.pages(document.id)
    assert (page.state, page.text.strip(), page.reason) == (state, text or found, reason)
    assert (now.state, now.reason) == (DocumentState.READY, "")
    assert reading.waiting_pages(document.id) == []
    assert bool(catalog.words(document.id, 1)) is (state is PageState.OCR)
