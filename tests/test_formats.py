"""A file of every format, made by the tools people use, answers a question with an exact quote."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from ingest.highlights import highlights
from ingest.queue import IngestQueue
from rag.domain import Answer, PageState
from rag.folding import flowing
from rag.intake import Stage
from rag.settings import load_settings
from rag.wiring import Application, build
from tests.builders import paragraph
from tests.scans import WITH_TESSERACT, encoded, scan, scanned_pdf
from ui.intake import open_queue

FORMATS = Path(__file__).parent / "fixtures" / "formats"
SCANNED = "The lighthouse of Skerry was built in 1873 by Hanna Berg."

FILES = [
    ("handbook.docx", "When does the office in Port Alder open?", "7:30"),
    ("handbook.pdf", "When does the office in Port Alder open?", "7:30"),
    ("handbook.docx", "How many seats has the Alder Queen?", "312"),
    ("briefing.pptx", "What is the budget for the new ramp of the Alder Queen?", "€48,000"),
    ("briefing.pptx", "What should the crew be told of the night boat?", "not certain"),
    ("figures.xlsx", "What are the sales of the route Alder–Skerry in Q2?", "271,808.25"),
    ("figures.xls", "What are the sales of the route Alder–Skerry in Q2?", "271,808.25"),
    ("figures.tsv", "What are the sales of the route Alder–Skerry in Q2?", "271"),
    ("spares.csv", "What is the price of the fender?", "74,50"),
    ("harbour.html", "How many boats lie there in summer?", "ninety-seven"),
    ("harbour.rtf", "How many boats lie there in summer?", "ninety-seven"),
    ("harbour.epub", "How many boats lie there in summer?", "ninety-seven"),
    ("harbour.eml", "How many boats does the harbour of Sète hold in winter?", "forty-one"),
    ("harbour.msg", "How many boats does the harbour of Sète hold in winter?", "forty-one"),
]
WRITTEN = [
    (
        "ships.json",
        '[{"ship": "Alder Queen", "seats": 312}, {"ship": "Petrel", "seats": 88}]',
        "How many seats has the Petrel?",
        "88",
    ),
    (
        "fares.py",
        '"""Fares."""\n\n\ndef winter_fare(seats: int) -> float:\n'
        '    """The fare in winter is nine euros for each seat."""\n    return 9.0 * seats\n',
        "What is the fare in winter for each seat?",
        "nine euros",
    ),
    (
        "notes.md",
        "# Ramp\n\nThe new ramp carries forty tonnes.\n",
        "How much does the new ramp carry?",
        "forty tonnes",
    ),
    (
        "notes.txt",
        "The new ramp carries forty tonnes.",
        "How much does the new ramp carry?",
        "forty tonnes",
    ),
]


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    settings = load_settings({"data_dir": tmp_path / "data", "bar": 0.0, "samples": False})
    with closing(build(settings)) as opened:
        yield opened


@pytest.fixture
def queue(application: Application) -> Iterator[IngestQueue]:
    with closing(open_queue(application)) as opened:
        yield opened


def take_in(queue: IngestQueue, path: Path) -> None:
    queue.wait([queue.submit(path, path.name, keep=True)])
    jobs = queue.jobs()
    queue.wait([job.id for job in jobs])
    assert [job.stage for job in queue.jobs()] == [Stage.DONE] * len(jobs)


def checked_answer(application: Application, question: str, told: str) -> Answer:
    """The answer, every quote of which stands on its page, one of them telling what was asked."""
    answer = application.assistant().answer(question, application.scope())
    quotes = [citation.quote for citation in answer.citations]
    assert any(told in flowing(quote.text) for quote in quotes), [quote.text for quote in quotes]
    for quote in quotes:
        page = application.catalog.page(quote.document.id, quote.page)
        assert page.text[quote.start : quote.end] == quote.text
    return answer


@pytest.mark.parametrize(("name", "question", "told"), FILES)
def test_a_file_of_each_format_answers(
    application: Application, queue: IngestQueue, name: str, question: str, told: str
) -> None:
    take_in(queue, FORMATS / name)
    checked_answer(application, question, told)


@pytest.mark.parametrize(("name", "text", "question", "told"), WRITTEN)
def test_a_text_of_each_kind_answers(
    application: Application,
    queue: IngestQueue,
    tmp_path: Path,
    name: str,
    text: str,
    question: str,
    told: str,
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    take_in(queue, path)
    checked_answer(application, question, told)


def test_a_file_in_an_archive_answers(
    application: Application, queue: IngestQueue, tmp_path: Path
) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(FORMATS / "handbook.docx", "papers/handbook.docx")
    take_in(queue, path)
    answer = checked_answer(application, *FILES[0][1:])
    assert answer.citations[0].quote.document.name == "all.zip/papers/handbook.docx"


def pictures(kind: str) -> bytes:
    page: Image.Image = scan(paragraph(SCANNED))
    return scanned_pdf([page]) if kind == "PDF" else encoded(page, kind)


@WITH_TESSERACT
@pytest.mark.parametrize("kind", ["PDF", "PNG", "JPEG", "TIFF"])
def test_a_scan_answers_through_ocr_and_its_words_are_marked(
    application: Application, queue: IngestQueue, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"scan.{kind.lower()}"
    path.write_bytes(pictures(kind))
    take_in(queue, path)
    answer = checked_answer(application, "When was the lighthouse of Skerry built?", "1873")
    quote = answer.citations[0].quote
    page = application.catalog.page(quote.document.id, quote.page)
    assert page.state is PageState.OCR
    start = page.text.index("1873")
    words = application.catalog.words(quote.document.id, 1)
    (marked,) = highlights(
        application.catalog.original(quote.document.id),
        quote.document,
        page,
        words,
        start,
        start + 4,
    )
    dark = scan(paragraph(SCANNED)).point(lambda level: 255 * (level < 128))
    width, height = dark.size
    box = (
        int(marked.left * width),
        int(marked.top * height),
        int(marked.right * width) + 1,
        int(marked.bottom * height) + 1,
    )
    inside = dark.crop(box).getbbox()
    assert inside is not None  # the rectangle holds ink ...
    assert (box[2] - box[0]) < width / 8  # ... of one word, not of the line
