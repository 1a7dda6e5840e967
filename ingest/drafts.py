"""Reads a person's own text from a file, whole: to be checked, not to be searched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.loaded import LoadedDocument
from ingest.loaders import markdown, notebook
from ingest.loaders import text as plain_text
from ingest.pipeline import Limits, Reader
from rag.domain import DocumentState, Page
from rag.errors import DocumentError
from rag.folding import readable
from rag.pipe_rows import is_rule
from rag.store.blobs import hash_file

HEADINGS = 6  # levels that Markdown has
_AS_WRITTEN = (markdown.MEDIA_TYPE, notebook.MEDIA_TYPE, plain_text.MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file as read: what its owner calls it, its text, and the digest of its bytes."""

    name: str
    text: str
    sha256: str


def read_draft_file(path: Path, name: str, limits: Limits, reader: Reader) -> DraftFile:
    """Read a file of any kind that holds a text: Markdown, PDF, Word and others.

    Raises:
        DocumentError: it is not there, too large, damaged, or holds no text; the reason says so.
    """
    try:
        size, sha256 = path.stat().st_size, hash_file(path)
        if size > limits.max_bytes:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"{name} has {size / 1e6:,.1f} MB; {limits.max_bytes / 1e6:,.0f} MB are read at "
                "most. Split it, or raise TRAMONTANE_MAX_FILE_MB.",
            )
        text = _text_of(path, name, limits, reader)
    except OSError as error:
        raise DocumentError(
            DocumentState.FAILED, f"{path} cannot be read ({error.strerror})."
        ) from error
    if not text.strip():
        raise DocumentError(DocumentState.EMPTY, f"{name} holds no text.")
    return DraftFile(name, text, sha256)


def _text_of(path: Path, name: str, limits: Limits, reader: Reader) -> str:
    loaded = reader(path, name, max_pages=limits.max_pages, progress=lambda _done, _total: None)
    if loaded.state not in (DocumentState.READY, DocumentState.PARTIAL):
        raise DocumentError(loaded.state, f"{name}: {loaded.reason}")
    if loaded.attachments and not loaded.pages:
        raise DocumentError(
            DocumentState.UNSUPPORTED, f"{name} is an archive. Unpack it and choose one file of it."
        )
    if loaded.media_type in _AS_WRITTEN:
        return "".join(page.text for page in loaded.pages)
    if not loaded.paginated:
        return "".join(_marked(page, loaded) for page in loaded.pages)
    # A sentence may go on on the next page, as it does in the next line.
    return readable("\n".join(page.text for page in loaded.pages))


def _marked(page: Page, loaded: LoadedDocument) -> str:
    """A page with its headings and the rows of its tables marked as in Markdown."""
    text = page.text
    for start, end, instead in sorted(_marks(page, loaded), reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _marks(page: Page, loaded: LoadedDocument) -> Iterator[tuple[int, int, str]]:
    for heading in loaded.outline:
        if heading.page == page.number and heading.start is not None:
            yield heading.start, heading.start, "#" * min(heading.level, HEADINGS) + " "
    for table in loaded.tables:
        for place, row in enumerate(table.rows if table.page == page.number else ()):
            cells = " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row.cells)
            is_first = not place and not is_rule(_line_below(page.text, row.end))
            rule = f"\n|{' --- |' * len(row.cells)}" if is_first else ""
            yield row.start, row.end, f"| {cells} |{rule}"


def _line_below(text: str, place: int) -> str:
    below = text[place:].lstrip("\r\n").splitlines()
    return below[0] if below else ""
