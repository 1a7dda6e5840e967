"""Reads a person's own text from a file, whole: to be checked, not to be searched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.loaders import word
from ingest.loaders.load import load
from ingest.pipeline import Limits
from rag.domain import DocumentState
from rag.errors import DocumentError
from rag.folding import readable
from rag.store.blobs import hash_file


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file as read: what its owner calls it, its text, and the digest of its bytes."""

    name: str
    text: str
    sha256: str


def read_draft_file(path: Path, name: str, limits: Limits) -> DraftFile:
    """Read a text, Markdown, PDF or Word file.

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
        text = _text_of(path, name, limits)
    except OSError as error:
        raise DocumentError(
            DocumentState.FAILED, f"{path} cannot be read ({error.strerror})."
        ) from error
    if not text.strip():
        raise DocumentError(DocumentState.EMPTY, f"{name} holds no text.")
    return DraftFile(name, text, sha256)


def _text_of(path: Path, name: str, limits: Limits) -> str:
    if word.is_word(path):
        return word.read_text(path)
    loaded = load(path, name, max_pages=limits.max_pages)
    if loaded.state not in (DocumentState.READY, DocumentState.PARTIAL):
        raise DocumentError(loaded.state, f"{name}: {loaded.reason}")
    if not loaded.paginated:
        return "".join(page.text for page in loaded.pages)
    # A sentence may go on on the next page, as it does in the next line.
    return readable("\n".join(page.text for page in loaded.pages))
