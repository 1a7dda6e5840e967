"""Pages of a PDF file that are open together while they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest import pdfium
from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from tests import builders


def read(path: Path) -> tuple[LoadedDocument, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    loaded = pdf.load(path, path.name, max_pages=500, progress=lambda *done: told.append(done))
    return loaded, told


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The pages that were asked for at once, as a document is read."""
    asked: list[list[int]] = []
    reading = pdfium.OpenPdf.reading

    def noted(document: pdfium.OpenPdf, numbers: Sequence[int]) -> Any:
        asked.append([*numbers])
        return reading(document, numbers)

    monkeypatch.setattr(pdfium.OpenPdf, "reading", noted)
    return asked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    numbers = range(1, pdf.PAGES_AT_ONCE + 9)
    pages = [builders.paragraph(f"Page {number} tells of {number} boats.") for number in numbers]
    path = tmp_path / "long.pdf"
    path.write_bytes(builders.pdf(pages))
    return path


def test_many_pages_are_open_at_once_and_every_one_is_told_of(
    path: Path, batches: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdfium, "monotonic", lambda: 0.0)  # however slow the machine is
    loaded, told = read(path)
    count = pdf.PAGES_AT_ONCE + 8
    assert [page.number for page in loaded.pages] == [*range(1, count + 1)]
    assert told == [(number, count) for number in range(1, count + 1)]
    assert [len(numbers) for numbers in batches] == [pdf.PAGES_AT_ONCE, 8]


def test_pages_that_take_long_are_not_kept_open_together(
    path: Path, batches: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = read(path)
    batches.clear()
    clock = iter(range(10_000))
    monkeypatch.setattr(pdfium, "monotonic", lambda: next(clock))  # a second a page
    loaded, told = read(path)
    assert loaded == whole
    assert len(told) == len(whole.pages)
    assert [numbers[0] for numbers in batches] == [*range(1, len(whole.pages) + 1)]
