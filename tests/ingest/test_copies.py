from __future__ import annotations

from pathlib import Path

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.domain import Library
from rag.store.catalog import Catalog
from tests.builders import paragraph, pdf
from tests.ingest.scanning import LIMITS, Counting


def test_a_name_that_does_not_fit_is_told_of_a_copy_too(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    ingestor = Ingestor(catalog, embedder, LIMITS, load)
    note, other = tmp_path / "note.md", tmp_path / "other.docx"
    note.write_text("# Boats\n\nForty-one boats.")
    other.write_bytes(pdf([paragraph("Forty-two boats.")]))
    ingestor.add(note, library)
    copy = ingestor.add(note, library, "copy.pdf")
    assert copy.sentence == (
        "copy.pdf is already in the library as note.md. "
        "The file is called .pdf, but is plain text; it was read as text."
    )
    wrong = "The file is called .docx, but is a PDF; it was read as one."
    assert ingestor.add(other, library).document.reason == wrong
    again = ingestor.add(other, library, "plain.pdf")  # its name here says nothing of it
    assert again.sentence == "plain.pdf is already in the library as other.docx."
