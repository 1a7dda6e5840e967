"""Exact spans are found again after rewriting: in filings, and in the sample documents."""

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.rewriting import is_same, measure, samples
from ingest.pdfium import open_pdf

SPANS = 60
PAGES_OF_A_FILE = 12


def share_found(pages: Sequence[str], spans: int) -> float:
    """The share of rewritten spans that come back from the page and from a passage of it."""
    chance = random.Random(23)  # noqa: S311 - a sample, no secret
    chosen = samples(pages, spans, chance)
    assert len(chosen) == spans
    found = [
        is_same(sample.text, on_page) and is_same(sample.text, in_passage)
        for sample, _, _, on_page, in_passage in measure(chosen, chance)
    ]
    return sum(found) / spans


def pages_of(path: Path, most: int) -> list[str]:
    with open_pdf(path) as document:
        numbers = range(1, document.page_count + 1)
        some = random.Random(path.name).sample(numbers, min(most, len(numbers)))  # noqa: S311
        return [document.read(number).text for number in sorted(some)]


def test_rewritten_spans_of_the_filings_are_found() -> None:
    shared = Path(__file__).parents[3] / "shared" / "eval"
    filings = Path(os.environ.get("TRAMONTANE_EVAL_DIR", shared)) / "filings"
    files = sorted(filings.glob("*.pdf"))
    if not files:
        pytest.skip(f"the filings of the evaluation set are not at {filings}")

    pages = [page for path in files for page in pages_of(path, PAGES_OF_A_FILE)]

    assert share_found(pages, SPANS) >= 0.95


def test_rewritten_spans_of_the_sample_documents_are_found() -> None:
    folder = Path(__file__).parents[2] / "sample_docs"
    texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.[mt][dx]*"))]
    pages = [*pages_of(folder / "mistral-models-guide.pdf", 20), *texts]

    assert share_found(pages, 40) >= 0.95
