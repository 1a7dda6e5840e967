from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits, Progress
from ingest.reembedding import reembed
from rag.domain import DocumentState, Library
from rag.errors import DocumentError, StoreError, UnavailableError
from rag.intake import Stage
from rag.protocols import Vectors
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from tests.builders import PdfPage, encrypted, paragraph, pdf, png
from tests.rag.store.shelves import finish, start_python
from tests.stored import vectors_of

SAMPLES = Path(__file__).parents[2] / "sample_docs"
LIMITS = Limits(max_bytes=1_000_000, max_pages=20)


class LengthEmbedder:
    """Vectors of two numbers; fails, or calls back, at a text of one's choice."""

    model = "length"
    dimension = 2
    max_tokens = 256

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self.fails_at = "\x00"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def fluency(self, text: str) -> float:
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        if any(self.fails_at in text for text in texts):
            raise UnavailableError("The server is away. Try again later.")
        self.embedded += texts
        angles = np.array([len(text) % 7 for text in texts], dtype=np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return catalog.create_library("documents", LengthEmbedder.model, LengthEmbedder.dimension)


@pytest.fixture
def embedder() -> LengthEmbedder:
    return LengthEmbedder()


@pytest.fixture
def ingestor(catalog: Catalog, embedder: LengthEmbedder) -> Ingestor:
    return Ingestor(catalog, embedder, LIMITS, load)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_text("# Boats\n\nThe harbour holds forty-one boats.\n", encoding="utf-8")
    return path


def blobs_of(catalog: Catalog) -> list[str]:
    return [path.name for path in (catalog.data_dir / "blobs").rglob("*") if path.is_file()]


def test_a_file_becomes_a_document_with_its_bytes_kept(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path, embedder: LengthEmbedder
) -> None:
    added = ingestor.add(note, library)
    assert (added.name, added.new) == ("note.md", True)
    assert added.sentence == "note.md was added."
    document = added.document
    assert (document.title, document.state) == ("Boats", DocumentState.READY)
    assert document.sha256 == hash_file(note)
    assert catalog.documents(library.id) == [document]
    assert catalog.original(document.id).read_bytes() == note.read_bytes()
    assert embedder.embedded == ["Boats\n# Boats The harbour holds forty-one boats."]


def test_every_chunk_of_the_samples_is_its_span_of_the_page(
    catalog: Catalog, tmp_path: Path
) -> None:
    minilm = MiniLmEmbedder()
    library = catalog.create_library("samples", minilm.model, minilm.dimension)
    ingestor = Ingestor(catalog, minilm, LIMITS, load)
    samples = sorted(SAMPLES.glob("*.*"))
    for path in samples:
        ingestor.add(path, library)
    states = {document.name: document.state for document in catalog.documents(library.id)}
    assert len(states) == len(samples) == 5
    assert states.pop("letter-scan.pdf") is DocumentState.NEEDS_OCR
    assert set(states.values()) == {DocumentState.READY}
    pages = {
        (document.id, page.number): page.text
        for document in catalog.documents(library.id)
        for page in catalog.pages(document.id)
    }
    stored = catalog.all_chunks(library.id)
    assert len(stored) > 60
    for chunk in stored:
        place = chunk.chunk
        assert chunk.text == pages[chunk.document.id, place.page][place.start : place.end]
        assert chunk.text.strip()
    _, vectors = vectors_of(catalog, library)
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 2e-3


def test_the_same_bytes_under_another_name_are_the_same_document(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path, tmp_path: Path
) -> None:
    first = ingestor.add(note, library)
    copy = tmp_path / "copy.md"
    copy.write_bytes(note.read_bytes())
    again = ingestor.add(copy, library)
    assert (again.new, again.document) == (False, first.document)
    assert again.sentence == "copy.md is already in the library as note.md."
    assert catalog.documents(library.id) == [first.document]


def test_the_name_its_owner_gives_a_file_wins(
    ingestor: Ingestor, library: Library, note: Path
) -> None:
    assert ingestor.add(note, library, "My boats.md").document.name == "My boats.md"


@pytest.mark.parametrize(
    ("name", "content", "state", "words"),
    [
        ("empty.txt", b"", DocumentState.EMPTY, "The file is empty."),
        ("blank.txt", b" \n\n ", DocumentState.EMPTY, "no text"),
        ("picture.png", png(), DocumentState.NEEDS_OCR, "OCR"),
        ("song.mp3", b"ID3\x04\x00\x00" + bytes(range(256)), DocumentState.UNSUPPORTED, "sound"),
        ("scan.pdf", pdf([PdfPage(image=True)]), DocumentState.NEEDS_OCR, "OCR"),
        ("broken.pdf", b"%PDF-1.7\nnothing more", DocumentState.DAMAGED, "damaged"),
        ("pages.pdf", pdf([paragraph("x")] * 21), DocumentState.TOO_LARGE, "21 pages"),
        ("large.txt", b"words " * 200_000, DocumentState.TOO_LARGE, "TRAMONTANE_MAX_FILE_MB"),
        (
            "secret.pdf",
            encrypted(pdf([paragraph("hidden")]), user="x", owner="y"),
            DocumentState.NEEDS_PASSWORD,
            "password",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_recorded_with_its_state(
    name: str,
    content: bytes,
    state: DocumentState,
    words: str,
    ingestor: Ingestor,
    catalog: Catalog,
    library: Library,
    tmp_path: Path,
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    added = ingestor.add(path, library)
    assert added.document.state is state
    assert words in added.document.reason
    assert added.sentence == f"{name}: {added.document.reason}"
    assert catalog.documents(library.id) == [added.document]
    assert catalog.all_chunks(library.id) == []


def test_a_page_that_needs_ocr_leaves_the_others_readable(
    ingestor: Ingestor, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "half.pdf"
    path.write_bytes(pdf([paragraph("Boats lie here."), PdfPage(image=True)]))
    added = ingestor.add(path, library)
    assert added.document.state is DocumentState.PARTIAL
    assert [page.state for page in catalog.pages(added.document.id)] == ["text", "needs_ocr"]
    assert [chunk.text for chunk in catalog.all_chunks(library.id)] == ["Boats lie here."]
    assert not ingestor.add(path, library).new


def test_a_file_that_could_not_be_read_is_read_again(
    catalog: Catalog, library: Library, embedder: LengthEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "pages.pdf"
    path.write_bytes(pdf([paragraph("Boats lie here.")] * 3))
    strict = Ingestor(catalog, embedder, Limits(1_000_000, max_pages=2), load)
    assert strict.add(path, library).document.state is DocumentState.TOO_LARGE
    added = Ingestor(catalog, embedder, LIMITS, load).add(path, library)
    assert (added.new, added.document.state) == (True, DocumentState.READY)
    assert catalog.documents(library.id) == [added.document]


def test_a_file_that_is_not_there_is_one_sentence(
    ingestor: Ingestor, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    with pytest.raises(DocumentError, match=r"gone\.txt cannot be read \(No such file"):
        ingestor.add(tmp_path / "gone.txt", library)
    with pytest.raises(DocumentError, match=r"cannot be read \(Is a directory\)"):
        ingestor.add(tmp_path, library)
    assert catalog.documents(library.id) == []


def test_a_failing_embedder_leaves_the_words_and_the_next_try_goes_on(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path, embedder: LengthEmbedder
) -> None:
    embedder.fails_at = "boats"
    with pytest.raises(UnavailableError):
        ingestor.add(note, library)
    (document,) = catalog.documents(library.id)
    assert (document.embedded, document.chunks) == (0, len(catalog.all_chunks(library.id)))
    assert len(blobs_of(catalog)) == 1
    embedder.fails_at = "\x00"
    added = ingestor.add(note, library)
    assert not added.new
    assert added.document.embedded == added.document.chunks > 0


def test_a_file_that_changes_while_it_is_read_is_refused(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path
) -> None:
    def change(progress: Progress) -> None:
        if progress.stage is Stage.READING:
            note.write_text("Something else by now.")

    with pytest.raises(DocumentError, match=r"changed while it was read\. Add it again"):
        ingestor.add(note, library, report=change)
    assert catalog.documents(library.id) == []
    assert blobs_of(catalog) == []


def test_a_file_that_vanishes_while_it_is_read_is_one_sentence(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path
) -> None:
    def vanish(progress: Progress) -> None:
        if progress.stage is Stage.READING:
            note.unlink()

    with pytest.raises(StoreError, match=r"note\.md cannot be copied"):
        ingestor.add(note, library, report=vanish)
    assert catalog.documents(library.id) == []


def test_the_file_is_there_even_if_its_last_owner_was_removed_meanwhile(
    catalog: Catalog, library: Library, note: Path
) -> None:
    other = catalog.create_library("other", LengthEmbedder.model, 2)
    first = Ingestor(catalog, LengthEmbedder(), LIMITS, load).add(note, other).document

    class Meanwhile(Catalog):
        def publish(self, reading, held=None):  # type: ignore[no-untyped-def]
            self.remove(first.id)
            return super().publish(reading, held)

    racing = Meanwhile(catalog.data_dir)
    try:
        added = Ingestor(racing, LengthEmbedder(), LIMITS, load).add(note, library)
        assert catalog.original(added.document.id).read_bytes() == note.read_bytes()
    finally:
        racing.close()


def test_progress_tells_pages_then_chunks(
    ingestor: Ingestor, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "pages.pdf"
    path.write_bytes(pdf([paragraph(f"Boat number {number}.") for number in range(3)]))
    told: list[Progress] = []
    ingestor.add(path, library, report=told.append)
    assert [(step.stage, step.done, step.total) for step in told] == [
        (Stage.READING, 1, 3),
        (Stage.READING, 2, 3),
        (Stage.READING, 3, 3),
        (Stage.EMBEDDING, 0, 3),
    ]
    assert {step.name for step in told} == {"pages.pdf"}


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_mended(
    ingestor: Ingestor, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("Boats lie here.")
    added = ingestor.add(path, library)
    assert added.document.name == "caf\ufffd.txt"
    assert catalog.documents(library.id) == [added.document]


def test_letters_without_a_unicode_are_searchable_up_to_the_end(
    ingestor: Ingestor, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "odd.pdf"
    page = paragraph("Boats qqq lie here zzz in the harbour.")
    path.write_bytes(pdf([page], unicode_map={"q": "\x00", "z": "a\x00", "i": "𝄞"}))
    document = ingestor.add(path, library).document
    text = catalog.page(document.id, 1).text
    assert text.endswith("harbour.")
    assert "\x00" not in text
    assert "".join(chunk.text for chunk in catalog.all_chunks(library.id)).endswith("harbour.")


ADD = """
import sys
from pathlib import Path
from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.store.catalog import Catalog
from tests.ingest.test_pipeline import LIMITS, LengthEmbedder
catalog = Catalog(Path(sys.argv[1]))
added = Ingestor(catalog, LengthEmbedder(), LIMITS, load).add(
    Path(sys.argv[2]), catalog.library("documents"),
    report=lambda progress: (print("ready", flush=True), input())
    if progress.stage == "reading" else None,
)
print(added.document.id, added.new)
catalog.close()
"""


def test_the_same_file_from_two_processes_at_once_is_one_document(
    catalog: Catalog, library: Library, note: Path
) -> None:
    processes = [start_python(ADD, str(catalog.data_dir), str(note)) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    answers = [finish(process) for process in processes]
    (document,) = catalog.documents(library.id)
    assert answers == [f"{document.id} True", f"{document.id} False"]
    assert len(catalog.all_chunks(library.id)) == 1
    assert blobs_of(catalog) == [document.sha256]


def test_a_library_is_embedded_again_with_another_model(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path
) -> None:
    ingestor.add(note, library)
    minilm = MiniLmEmbedder()
    told: list[Progress] = []
    assert reembed(catalog, library, minilm, told.append) == 1
    now = catalog.library("documents")
    assert (now.embedding_model, now.dimension) == (minilm.model, minilm.dimension)
    _, vectors = vectors_of(catalog, now)
    expected = minilm.embed(["Boats\n# Boats The harbour holds forty-one boats."])
    assert float(vectors[0] @ expected[0]) == pytest.approx(1.0, abs=1e-3)
    assert [step.stage for step in told] == [Stage.EMBEDDING]


def test_embedding_again_changes_nothing_when_it_fails(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path, embedder: LengthEmbedder
) -> None:
    ingestor.add(note, library)
    before = catalog.library("documents")
    embedder.fails_at = "boats"
    with pytest.raises(UnavailableError):
        reembed(catalog, library, embedder, lambda _: None)
    assert catalog.library("documents") == before


def test_documents_added_while_a_library_is_embedded_again_are_embedded_too(
    ingestor: Ingestor, catalog: Catalog, library: Library, note: Path, tmp_path: Path
) -> None:
    ingestor.add(note, library)
    other = tmp_path / "other.txt"
    other.write_text("A second document.")
    reembed(
        catalog, library, LengthEmbedder(), lambda _: [ingestor.add(other, library)][:0].clear()
    )
    documents = catalog.documents(library.id)
    assert len(documents) == 2
    assert all(document.embedded == document.chunks for document in documents)


def test_an_empty_library_is_embedded_again(catalog: Catalog, library: Library) -> None:
    assert reembed(catalog, library, LengthEmbedder(), lambda _: None) == 0
