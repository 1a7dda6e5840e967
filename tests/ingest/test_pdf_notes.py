import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pypdf
import pytest
from PIL import Image
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from ingest import pdfium, rendering
from ingest.boxes import Rectangle
from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from rag.domain import DocumentState, PageState
from tests import builders
from tests.builders import PdfPage

PRINTED, HIDDEN = 4, 2
FORM = builders.paragraph("Application form. Name of the applicant:")


@dataclass(frozen=True, slots=True)
class Note:
    """A field of a form, or a note, that shows words from (x, y) on."""

    words: str
    kind: str = "/Widget"
    x: int = 300
    y: int = 500
    flags: int = PRINTED


def _numbers(*numbers: int) -> ArrayObject:
    return ArrayObject(NumberObject(number) for number in numbers)


def _noted(content: bytes, *notes: Note) -> bytes:
    """The same PDF with notes on its first page, as programs that fill in forms write them."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    page = writer.pages[0]
    references, fields = ArrayObject(), ArrayObject()
    for note in notes:
        shown = DecodedStreamObject()
        shown.set_data(f"/Tx BMC BT /F1 12 Tf 2 5 Td ({note.words}) Tj ET EMC".encode())
        shown[NameObject("/Type")] = NameObject("/XObject")
        shown[NameObject("/Subtype")] = NameObject("/Form")
        shown[NameObject("/BBox")] = _numbers(0, 0, 200, 20)
        shown[NameObject("/Resources")] = page["/Resources"]
        entries = {
            "/Type": NameObject("/Annot"),
            "/Subtype": NameObject(note.kind),
            "/F": NumberObject(note.flags),
            "/Rect": _numbers(note.x, note.y, note.x + 200, note.y + 20),
            "/AP": DictionaryObject({NameObject("/N"): writer._add_object(shown)}),
        }
        if note.kind == "/Widget":
            entries |= {"/FT": NameObject("/Tx"), "/T": TextStringObject(note.words)}
            entries["/V"] = TextStringObject(note.words)
        reference = writer._add_object(
            DictionaryObject({NameObject(name): value for name, value in entries.items()})
        )
        references.append(reference)
        if note.kind == "/Widget":
            fields.append(reference)
    page[NameObject("/Annots")] = references
    if fields:
        form = DictionaryObject({NameObject("/Fields"): fields})
        writer.root_object[NameObject("/AcroForm")] = form
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "stored"
    path.write_bytes(content)
    return path


def _loaded(path: Path) -> LoadedDocument:
    return pdf.load(path, "a.pdf", max_pages=10, progress=lambda done, total: None)


def _rectangles(path: Path, words: str) -> list[Rectangle]:
    start = _loaded(path).pages[0].text.index(words)
    return pdfium.span_rectangles(path, 1, start, start + len(words))


def _ink_inside(path: Path, rectangles: Sequence[Rectangle]) -> float:
    """How much of the ink of a page as shown lies in the rectangles."""
    image = Image.open(io.BytesIO(rendering.render_page(path, 1, 1200))).convert("L")
    ink = 255.0 - np.asarray(image, dtype=float)
    ink[ink < 40] = 0
    height, width = ink.shape
    inside = sum(
        ink[
            int(box.top * height) - 2 : int(box.bottom * height) + 3,
            int(box.left * width) - 2 : int(box.right * width) + 3,
        ].sum()
        for box in rectangles
    )
    return float(inside / ink.sum())


@pytest.mark.parametrize("kind", ["/Widget", "/FreeText"])
def test_what_is_filled_in_or_noted_is_read_behind_the_page(tmp_path: Path, kind: str) -> None:
    content = _noted(builders.pdf([FORM]), Note("Zacharias Salak", kind))
    (page,) = _loaded(_written(tmp_path, content)).pages
    assert page.text.split("\r\n") == [FORM.lines[0].text, "Zacharias Salak"]
    assert page.state is PageState.TEXT


def test_a_form_with_nothing_else_on_it_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path, _noted(builders.pdf([PdfPage()]), Note("Zacharias Salak")))
    loaded = _loaded(path)
    assert (loaded.state, loaded.pages[0].text) == (DocumentState.READY, "Zacharias Salak")


def test_hidden_notes_are_not_read(tmp_path: Path) -> None:
    notes = (Note("Zacharias Salak"), Note("unseen", flags=HIDDEN, y=400))
    (page,) = _loaded(_written(tmp_path, _noted(builders.pdf([FORM]), *notes))).pages
    assert "Salak" in page.text
    assert "unseen" not in page.text


def test_a_scan_with_a_note_on_it_is_left_to_ocr(tmp_path: Path) -> None:
    content = _noted(builders.pdf([PdfPage(image=True)]), Note("Checked", "/FreeText"))
    (page,) = _loaded(_written(tmp_path, content)).pages
    assert (page.state, page.text) == (PageState.NEEDS_OCR, "")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("kind", ["/Widget", "/FreeText"])
def test_marks_lie_where_a_note_is_shown(tmp_path: Path, kind: str, rotation: int) -> None:
    page = PdfPage(rotation=rotation, media_box=(0, 0, 900, 1300), crop_box=(100, 200, 800, 1200))
    path = _written(tmp_path, _noted(builders.pdf([page]), Note("Zacharias Salak", kind, y=900)))
    (mark,) = _rectangles(path, "Zacharias Salak")
    assert _ink_inside(path, [mark]) > 0.97
    assert (mark.right - mark.left) * (mark.bottom - mark.top) < 0.02


def _inheriting(content: bytes, name: str, value: PdfObject | None = None) -> bytes:
    """The same PDF with an entry of the first page, or another value, at its parent instead."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    page = writer.pages[0]
    parent = cast(DictionaryObject, page["/Parent"])
    parent[NameObject(name)] = value or page.raw_get(name)
    del page[name]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_marks_lie_right_on_a_page_that_inherits_its_size(tmp_path: Path) -> None:
    content = _noted(builders.pdf([PdfPage()]), Note("Salak"))
    path = _written(tmp_path, _inheriting(content, "/MediaBox", _numbers(0, 0, 1400, 1000)))
    (mark,) = _rectangles(path, "Salak")
    assert rendering.page_size(path, 1) == (1400, 1000)
    assert (mark.left, mark.bottom) == pytest.approx((302 / 1400, 1 - 505 / 1000), abs=0.005)
    assert _ink_inside(path, [mark]) > 0.97


def test_a_page_that_inherits_its_fonts_keeps_its_words(tmp_path: Path) -> None:
    content = _noted(builders.pdf([FORM], unicode_map={"A": "\u03a9"}), Note("Salak"))
    path = _written(tmp_path, _inheriting(content, "/Resources"))
    assert _loaded(path).pages[0].text.split("\r\n") == [
        "\u03a9pplication form. Name of the applicant:",
        "Salak",
    ]


def test_empty_fields_leave_an_empty_page_empty(tmp_path: Path) -> None:
    path = _written(tmp_path, _noted(builders.pdf([PdfPage()]), Note("")))
    assert _loaded(path).pages[0].state is PageState.EMPTY


def test_marks_on_the_words_of_the_page_stay_where_they_are(tmp_path: Path) -> None:
    plain = _written(tmp_path, builders.pdf([FORM]))
    before = _rectangles(plain, "Name of the applicant")
    noted = _written(tmp_path, _noted(builders.pdf([FORM]), Note("Zacharias Salak")))
    assert _rectangles(noted, "Name of the applicant") == before
