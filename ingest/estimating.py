"""What taking a file in would take, with the files that came in it; nothing is kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ingest.loaded import Attachment, LoadedDocument
from ingest.loaders import archives
from rag.errors import DocumentError, StoreError
from rag.intake import Estimate
from rag.models import embedding_cost
from rag.protocols import Embedder
from rag.store.blobs import hash_file
from rag.tokens import count_tokens as tekken_tokens

DEEPEST = 2  # files in one another that are counted: an attachment of a mail in an archive
PASSAGES_A_SECOND = 150  # embedded, roughly: here with two cores, or by La Plateforme
# The tokenizer of Mistral's first models takes 1.06 times Tekken's tokens for the English of annual
# reports, 1.10 for that of XQuAD, 1.29 for its Spanish and 1.30 for its German.
BILLED_PER_TEKKEN = 1.3
NOTHING = Estimate(0, 0, 0, 0.0, 0.0)


class EstimateFile(Protocol):
    """Says what taking one file in would take, and how it reads."""

    def __call__(self, path: Path, name: str) -> tuple[Estimate, LoadedDocument]:
        """`name` is what its owner calls it."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """How a file reads, and what taking it in would take with the files within it.

    `within` says how many of those are counted. Those that are `uncounted` cannot be read, or lie
    too deep; those that are `repeated`, of which the file itself may be one, are counted where the
    same bytes came first. Both are called as they would be in the library.
    """

    estimate: Estimate
    loaded: LoadedDocument
    within: int = 0
    uncounted: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


class Seen:
    """What the files before have in common with those to come, which is taken in once."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._texts: set[str] = set()

    def is_repeated(self, sha256: str) -> bool:
        """Whether a file of this hash was there before; from now on it was."""
        was_there = sha256 in self._files
        self._files.add(sha256)
        return was_there

    def new(self, texts: Sequence[str]) -> list[str]:
        """Those of the texts that were not there before; from now on they were."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._texts]
        self._texts.update(fresh)
        return fresh


def embedding_tokens(embedder: Embedder, texts: Sequence[str]) -> int:
    """How many tokens embedding takes: of a model that bills them, at most in all likelihood.

    Such a model's own count is a bound for the limits of requests, far above what is billed.
    """
    if not embedding_cost(embedder.model, 1):
        return sum(embedder.count_tokens(texts))
    return math.ceil(BILLED_PER_TEKKEN * sum(tekken_tokens(texts)))


def embedding_estimate(model: str, pages: int, tokens: int, passages: int) -> Estimate:
    """What embedding so many tokens of so many passages with a model will take."""
    dollars = embedding_cost(model, tokens)
    return Estimate(pages, tokens, 0, dollars, passages / PASSAGES_A_SECOND)


def total_of(estimates: Iterable[Estimate]) -> Estimate:
    """What several things take together; its price is known where each price is."""
    total = NOTHING
    for one in estimates:
        known = total.dollars is not None and one.dollars is not None
        total = Estimate(
            total.pages + one.pages,
            total.tokens + one.tokens,
            total.ocr_pages + one.ocr_pages,
            (total.dollars or 0.0) + (one.dollars or 0.0) if known else None,
            total.seconds + one.seconds,
        )
    return total


def estimate_whole(path: Path, name: str, estimate_file: EstimateFile, seen: Seen) -> Estimated:
    """What taking a file in would take, with those within it, as they would be taken in.

    Raises:
        DocumentError: the file itself is not there, or may not be read.
        StoreError: there is no place for temporary files.
    """
    estimate, loaded = estimate_file(path, name)
    if seen.is_repeated(hash_file(path)):
        return Estimated(NOTHING, loaded, repeated=(name,))
    if not loaded.attachments:
        return Estimated(estimate, loaded)
    try:
        with TemporaryDirectory(prefix="tramontane-") as folder:  # which nobody else may enter
            counter = _Counter(Path(folder) / "within", estimate_file, seen)
            counter.count(loaded, name)
    except OSError as error:
        raise StoreError(
            f"The files in {name} have no place to be looked at ({error.strerror}). Make room in "
            "the folder for temporary files."
        ) from error
    total = total_of([estimate, *counter.estimates])
    names = tuple(counter.uncounted), tuple(counter.repeated)
    return Estimated(total, loaded, len(counter.estimates), *names)


class _Counter:
    """Estimates files within files, written one after the other to the same place."""

    def __init__(self, path: Path, estimate_file: EstimateFile, seen: Seen) -> None:
        self._path = path
        self._estimate_file = estimate_file
        self._seen = seen
        self.estimates: list[Estimate] = []
        self.uncounted: list[str] = []
        self.repeated: list[str] = []

    def count(self, outer: LoadedDocument, name: str, depth: int = 1) -> None:
        """Count the files in another of that name; archives in archives are not opened."""
        if depth > 1:  # what the file itself leaves out it says by itself
            self.uncounted += [f"{name}/{it.name}" for it in outer.left_out if not it.passed]
        if depth > DEEPEST:
            self.uncounted += [f"{name}/{it.name}" for it in outer.attachments]
            return
        for attachment in outer.attachments:
            called = f"{name}/{attachment.name}"
            if self._seen.is_repeated(hashlib.sha256(attachment.content).hexdigest()):
                self.repeated.append(called)
                continue
            found = self._estimate(attachment, called)
            if found is None or (_is_archive(found[1]) and not outer.pages):
                self.uncounted.append(called)
                continue
            estimate, loaded = found
            if loaded.pages:
                self.estimates.append(estimate)
            elif not loaded.attachments:
                self.uncounted.append(called)
            self.count(loaded, called, depth + 1)

    def _estimate(
        self, attachment: Attachment, name: str
    ) -> tuple[Estimate, LoadedDocument] | None:
        """None where it cannot be read, or there is no room to write it."""
        try:
            self._path.write_bytes(attachment.content)
            return self._estimate_file(self._path, name)
        except (DocumentError, OSError):
            return None


def _is_archive(loaded: LoadedDocument) -> bool:
    """Whether a file is an archive, which is not opened in another."""
    return loaded.media_type == archives.MEDIA_TYPE
