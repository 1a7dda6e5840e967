from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ingest import rendering, tesseract
from ingest.child import CancelledError
from ingest.straightening import skew_degrees
from ingest.tesseract import Tesseract
from rag.errors import DocumentError, UnavailableError
from rag.intake import OcrPage, WordBox
from tests.builders import Line, PdfPage, paragraph, png
from tests.scans import TESSERACT, WITH_TESSERACT, encoded, scan, worn

LETTER = Path(__file__).parents[2] / "sample_docs" / "letter-scan.pdf"
GUIDE = (
    "The harbour of Sainte-Maxime holds forty-one boats in winter.",
    "In summer there are more of them, and the moorings cost twice as",
    "much. Nobody has counted the boats of the other harbours.",
    "They are named after saints and close when the wind is strong.",
)
FRENCH = ("Le règlement est affiché à l'entrée du café, et il", "faut payer 5 € par été.")
PROSE = (
    "The old lighthouse was built in 1834",
    "and moved twice, once after a storm",
    "and once because the owner of the",
    "land wished to plant vines there, and",
    "the harbour master takes coins that",
    "nobody else takes, from sailors who",
    "come back from the north and look",
    "for a place to stay for the night.",
)


@pytest.fixture
def ocr() -> Tesseract:
    if TESSERACT is None:
        pytest.skip("tesseract is not installed")
    return TESSERACT


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text)


def the_word(page: OcrPage, word: str) -> WordBox:
    (found,) = [box for box in page.words if page.text[box.start : box.end].strip(".,") == word]
    return found


def centre(box: WordBox) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


@WITH_TESSERACT
class TestReading:
    def test_lines_words_and_places_are_read(self, ocr: Tesseract) -> None:
        page = ocr.read(encoded(scan(paragraph(*GUIDE))))
        assert page.text.splitlines() == list(GUIDE)
        assert [page.text[box.start : box.end] for box in page.words] == page.text.split()
        box = the_word(page, "Sainte-Maxime")
        assert box.top < 1 - 700 / 792 < box.bottom
        assert 72 / 612 < box.left < box.right < 0.7

    def test_paragraphs_stand_apart(self, ocr: Tesseract) -> None:
        lines = (*paragraph(*GUIDE).lines, *paragraph(*GUIDE[::-1], top=560).lines)
        text = ocr.read(encoded(scan(PdfPage(lines)))).text
        assert text.split("\n\n") == ["\n".join(GUIDE), "\n".join(GUIDE[::-1])]

    def test_hyphens_at_the_end_of_lines_are_kept(self, ocr: Tesseract) -> None:
        text = ocr.read(
            encoded(scan(paragraph("It holds many sail-", "boats, and more in sum-", "mer.")))
        )
        assert text.text.splitlines() == ["It holds many sail-", "boats, and more in sum-", "mer."]

    def test_rows_of_a_table_stay_whole(self, ocr: Tesseract) -> None:
        rows = [("Harbours", "Boats", "2024"), ("Sainte-Maxime", "41", "1,837")]
        rows += [("Calvi", "17", "985"), ("Bastia", "305", "4,916"), ("In all", "363", "7,738")]
        lines = [
            Line(cell, x=x, y=700 - 16 * number)
            for number, row in enumerate(rows)
            for x, cell in zip((72, 330, 480), row, strict=True)
        ]
        text = ocr.read(encoded(scan(PdfPage(tuple(lines))))).text
        assert text.splitlines() == [" ".join(row) for row in rows]

    def test_columns_of_prose_are_read_one_after_the_other(self, ocr: Tesseract) -> None:
        left = [Line(text, 60, 700 - 14 * n, 11) for n, text in enumerate(PROSE)]
        right = [Line(text, 320, 700 - 14 * n, 11) for n, text in enumerate(PROSE[::-1])]
        text = ocr.read(encoded(scan(PdfPage((*left, *right))))).text
        assert words_of(text) == words_of(" ".join((*PROSE, *PROSE[::-1])))

    @pytest.mark.parametrize("degrees", [-6.0, 90.0, 184.0])
    def test_a_page_that_lies_askew_is_read_and_its_words_are_where_they_are(
        self, ocr: Tesseract, degrees: float
    ) -> None:
        page = ocr.read(encoded(scan(paragraph(*GUIDE), degrees=degrees)))
        assert words_of(page.text) == words_of(" ".join(GUIDE))
        marked = scan(paragraph("They", top=700 - 3 * 14), degrees=degrees)
        black = marked.point(lambda level: 255 if level < 128 else 0).getbbox()
        assert black is not None
        left, top, right, bottom = black
        expected = (left + right) / 2 / marked.width, (top + bottom) / 2 / marked.height
        assert centre(the_word(page, "They")) == pytest.approx(expected, abs=0.012)

    def test_a_worn_scan_is_read(self, ocr: Tesseract) -> None:
        page = ocr.read(encoded(worn(scan(paragraph(*GUIDE), dots=200, degrees=-1.0))))
        read, written = set(words_of(page.text)), set(words_of(" ".join(GUIDE)))
        assert len(read & written) >= 0.95 * len(written)

    def test_the_letter_of_the_samples_is_read(self, ocr: Tesseract) -> None:
        text = ocr.read(rendering.page_image(LETTER, 1, 2550)).text
        assert "We are a bureau of nine translators." in " ".join(text.split())
        assert "two graphics cards of 48 gigabytes each." in " ".join(text.split())

    def test_french_is_read_where_it_is_installed(self, ocr: Tesseract) -> None:
        if "fra" not in ocr.languages:
            pytest.skip("tesseract has no French")
        page = paragraph(*FRENCH)
        text = ocr.read(encoded(scan(page))).text
        assert text.splitlines() == list(FRENCH)

    @pytest.mark.parametrize("shade", [0, 128, 255])
    def test_a_page_of_one_shade_has_no_words(self, ocr: Tesseract, shade: int) -> None:
        assert ocr.read(encoded(Image.new("L", (800, 600), shade))) == OcrPage("", ())

    def test_a_picture_without_words_has_none(self, ocr: Tesseract) -> None:
        picture = Image.radial_gradient("L").resize((900, 900))
        assert words_of(ocr.read(encoded(picture)).text) == []

    def test_a_page_that_takes_too_long_is_given_up(self, ocr: Tesseract) -> None:
        hasty = replace(ocr, timeout_seconds=0.05)
        with pytest.raises(DocumentError, match="longer than 0"):
            hasty.read(encoded(scan(paragraph(*GUIDE))))

    def test_it_gets_no_environment_of_ours(
        self, ocr: Tesseract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MISTRAL_API_KEY", "s3cr3t")
        program = tmp_path / "tesseract"
        program.write_text(f"#!/bin/sh\ncat > /dev/null\nenv > {tmp_path / 'seen'}\n")
        program.chmod(0o700)
        assert replace(ocr, program=program).read(encoded(scan(paragraph(*GUIDE)))).text == ""
        seen = (tmp_path / "seen").read_text()
        assert "OMP_THREAD_LIMIT=1" in seen
        assert "s3cr3t" not in seen


def test_a_program_that_breaks_down_or_is_gone_is_said(tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    with pytest.raises(UnavailableError, match="cannot be started"):
        Tesseract(program, "eng").read(encoded(scan(paragraph(*GUIDE))))
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o700)
    with pytest.raises(DocumentError, match="broke down"):
        Tesseract(program, "eng").read(encoded(scan(paragraph(*GUIDE))))


def test_a_program_that_is_ended_from_outside_or_closed_is_no_fault_of_the_page(
    tmp_path: Path,
) -> None:
    program, page = tmp_path / "tesseract", encoded(scan(paragraph(*GUIDE)))
    program.write_text("#!/bin/sh\nkill -TERM $$\n")
    program.chmod(0o700)
    ocr = Tesseract(program, "eng")
    with pytest.raises(UnavailableError, match="was stopped before"):
        ocr.read(page)
    ocr.close()
    with pytest.raises(CancelledError):
        ocr.read(page)


def test_a_picture_that_is_none_is_refused() -> None:
    for content in (b"", b"GIF89a", png()[:40], encoded(Image.new("1", (6000, 4000)))):
        with pytest.raises(DocumentError, match="picture"):
            Tesseract(Path("tesseract"), "eng").read(content)


def test_it_is_not_found_where_it_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tesseract.find_tesseract() is None


@pytest.mark.parametrize(
    ("listed", "languages"),
    [
        ("deu fra eng osd equ xyz", "fra+deu+eng"),
        ("xyz osd", "xyz"),
        ("osd", None),
    ],
)
def test_it_reads_the_languages_that_are_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listed: str, languages: str | None
) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\necho Languages:\nprintf '%s\\n' {listed}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = tesseract.find_tesseract()
    assert (None if found is None else found.languages) == languages


def test_a_program_that_fails_is_not_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tesseract.find_tesseract() is None


@pytest.mark.parametrize("degrees", [0.0, 0.75, -3.0, 8.0])
def test_the_skew_of_a_page_is_measured(degrees: float) -> None:
    page = scan(paragraph(*GUIDE, *GUIDE, *GUIDE), dots=150, degrees=degrees)
    assert skew_degrees(page) == pytest.approx(-degrees, abs=0.26)
