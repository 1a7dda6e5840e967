from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from bench.soundness import faults, is_sentence
from ingest.loaded import LoadedDocument
from ingest.sandbox import Sandbox
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.documents import archive_of, docx, paragraph_of, said
from tests.hostile import (
    archives,
    office,
    pages,
    pdf_content,
    pdf_structure,
    pictures,
    texts,
)
from tests.hostile.office import workbook
from tests.hostile.pdf_structure import honest
from tests.hostile.reach import children, trap_in
from tests.hostile.shelf import SECRET, TEXT, HostileFile

KINDS = (pdf_structure, pdf_content, office, archives, pages, texts, pictures)
FILES = list(chain.from_iterable(kind.SHELF.files for kind in KINDS))
READ = (DocumentState.READY, DocumentState.PARTIAL)
MAX_PAGES = 2000
WORKERS = 2
DRAWN = (b"%PDF", b"\x89PNG", b"\xff\xd8", b"II*\x00")  # what pages can be drawn of
IMAGES = (b"\x89PNG", b"\xff\xd8")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    before = children()
    with Sandbox(WORKERS) as sandbox:
        yield sandbox
    assert children() == before


@pytest.fixture(scope="module")
def ahead(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingAhead]:
    with ThreadPoolExecutor(WORKERS) as pool:
        yield ReadingAhead(sandbox, pool, tmp_path_factory.mktemp("hostile"))
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a hostile file ended: what was read and drawn, and what anything did on the way."""

    document: LoadedDocument
    touched: list[str]
    left: list[Path]
    next_text: str
    is_drawn_or_refused: bool


class ReadingAhead:
    """Reads hostile files, each and the one after it at the same time."""

    def __init__(self, sandbox: Sandbox, pool: ThreadPoolExecutor, folder: Path) -> None:
        self._sandbox = sandbox
        self._pool = pool
        self._folder = folder
        self._ends: dict[str, Future[Ended]] = {}

    def end_of(self, file: HostileFile) -> Ended:
        place = FILES.index(file)
        for each in FILES[place : place + WORKERS]:
            if each.key not in self._ends:
                self._ends[each.key] = self._pool.submit(self._end, each)
        return self._ends[file.key].result()

    def _end(self, file: HostileFile) -> Ended:
        folder, world = self._folder / file.key, self._folder / f"{file.key}-world"
        folder.mkdir()
        world.mkdir()
        with trap_in(world) as reach:
            content = file.build(reach.trap)
            document = read(self._sandbox, folder, content, file.name)
            is_fine = self._is_drawn_or_refused(document, folder, content)
            touched = reach.touched()
        good = read(self._sandbox, folder, TEXT.encode(), "good.txt")
        return Ended(document, touched, list(folder.iterdir()), text_of(good), is_fine)

    def _is_drawn_or_refused(self, document: LoadedDocument, folder: Path, content: bytes) -> bool:
        if not document.pages or not content.startswith(DRAWN):
            return True
        path = folder / "stored"
        path.write_bytes(content)
        try:
            return self._sandbox.image(path, 1, 200).startswith(IMAGES)
        except DocumentError as error:
            return is_sentence(error.reason)
        finally:
            path.unlink()


def read(sandbox: Sandbox, folder: Path, content: bytes, name: str) -> LoadedDocument:
    """What reading a file gives; one that is refused has a state and a reason alone."""
    path = folder / "stored"
    path.write_bytes(content)
    try:
        return sandbox.read(path, name, max_pages=MAX_PAGES)
    except DocumentError as error:
        return LoadedDocument(name, "", False, (), (), error.state, error.reason)
    finally:
        path.unlink()


def text_of(document: LoadedDocument) -> str:
    return "".join(page.text for page in document.pages)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.key, marks=pytest.mark.slow if file.slow else ())
        for file in FILES
    ],
)
def test_a_hostile_file_ends_in_a_named_state(file: HostileFile, ahead: ReadingAhead) -> None:
    end = ahead.end_of(file)

    document = end.document
    assert document.state in file.states, document.reason
    assert faults(document) == []
    assert document.state not in READ or file.said in text_of(document)
    everything = [document.title, document.reason, text_of(document)]
    everything += [str(attachment.content) for attachment in document.attachments]
    assert not any(SECRET in text for text in everything)
    assert (end.touched, end.left) == ([], [])
    assert end.next_text == TEXT
    assert end.is_drawn_or_refused


def test_there_are_enough_hostile_files() -> None:
    assert len(FILES) > 60
    assert len({file.key for file in FILES}) == len(FILES)


def test_a_file_is_refused_for_its_own_reason_whatever_was_read_before(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    alone = read(sandbox, tmp_path, pdf_structure.no_pages(), "a.pdf")
    for before in (pdf_structure.locked, pdf_structure.odd_lock, pdf_structure.header_only):
        read(sandbox, tmp_path, before(), "b.pdf")
        after = read(sandbox, tmp_path, pdf_structure.no_pages(), "a.pdf")
        assert (after.state, after.reason) == (alone.state, alone.reason)
    assert alone.state is DocumentState.EMPTY


RENAMED = {
    "pdf": honest(),
    "docx": docx(paragraph_of(said(TEXT))),
    "xlsx": workbook(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{TEXT}</t></is></c></row>'),
    "html": f"<!doctype html><html><body><p>{TEXT}</p></body></html>".encode(),
    "rtf": b"{\\rtf1\\ansi " + TEXT.encode() + b"}",
    "zip": archive_of({"a.txt": TEXT}),
}


@pytest.mark.parametrize("suffix", RENAMED)
def test_a_file_is_read_as_what_it_is_whatever_its_name(
    suffix: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    own = read(sandbox, tmp_path, RENAMED[suffix], f"a.{suffix}")
    assert own.state is DocumentState.READY
    for other in (*RENAMED, "txt"):
        document = read(sandbox, tmp_path, RENAMED[suffix], f"a.{other}")
        assert (document.state, text_of(document)) == (own.state, text_of(own)), other
        assert other == suffix or document.reason.startswith(f"The file is called .{other}"), other


@pytest.mark.parametrize("suffix", ["pdf", "docx", "xlsx", "pptx", "zip", "png"])
def test_a_text_that_is_called_something_else_is_read_as_text(
    suffix: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    document = read(sandbox, tmp_path, TEXT.encode(), f"a.{suffix}")
    assert (document.state, text_of(document)) == (DocumentState.READY, TEXT)
    assert document.reason == (
        f"The file is called .{suffix}, but is plain text; it was read as text."
    )
