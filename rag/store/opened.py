"""Index files in use: mapped into memory, so that what happens to them happens to the search.

Their hashes are compared when they are opened. Later a look at size, time and identity tells a file
that was overwritten, cut or made again by another process: a few microseconds before each question.
What is cut in the midst of one can still end the process (SIGBUS); what tantivy cannot read panics.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from tantivy import Query, Searcher

from rag.errors import StoreError

Stamp = tuple[int, int, int, int]
PANIC = "PanicException"  # pyo3's, which every extension has of its own and none lets import


class DamagedIndexError(StoreError):
    """An index was damaged while it was searched; the next search makes it again."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("The search index was damaged, and is made again now. Ask again.")


class OpenedFiles:
    """The files of an index as they were when it was opened."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Note them as they are now."""
        self._stamps = {path: _stamp(path) for path in paths}
        self.are_broken = False  # found so by a search

    def are_as_opened(self) -> bool:
        """Whether none was changed or replaced; what was removed meanwhile is still whole here."""
        return not self.are_broken and all(
            stamp is None or _stamp(path) in (stamp, None) for path, stamp in self._stamps.items()
        )


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class CarefulSearcher:
    """A searcher of tantivy that tells damaged files instead of tearing the process down.

    Raises:
        DamagedIndexError: from each method, when the files cannot be read.
    """

    def __init__(self, searcher: Searcher, files: OpenedFiles) -> None:
        """Take a searcher, and the files that it reads."""
        self._searcher = searcher
        self._damage = _Damage(files)

    @property
    def num_docs(self) -> int:
        """How many chunks there are."""
        return int(self._searcher.num_docs)

    def search(self, query: Query, k: int) -> list[tuple[float, Any]]:
        """The best scores with the addresses of what has them."""
        with self._damage:
            return list(self._searcher.search(query, k, count=False).hits)

    def doc_freq(self, field: str, word: str) -> int:
        """In how many chunks a word occurs."""
        with self._damage:
            return int(self._searcher.doc_freq(field, word))

    def fast_field_values(self, field: str, addresses: list[Any]) -> list[Any]:
        """The values of a field, by address."""
        with self._damage:
            return list(self._searcher.fast_field_values(field, addresses))

    def terms_with_prefix(self, field: str, prefix: str) -> list[tuple[str, int]]:
        """The words that begin so, with their counts."""
        with self._damage:
            return list(self._searcher.terms_with_prefix(field, prefix))


class _Damage:
    """Tells a panic, and what tantivy says of files that it cannot read, as damage."""

    def __init__(self, files: OpenedFiles) -> None:
        self._files = files

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None and (kind.__name__ == PANIC or issubclass(kind, (ValueError, OSError))):
            self._files.are_broken = True
            raise DamagedIndexError from error
