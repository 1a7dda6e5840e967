"""What taking a file in would take, with the files that came in it; nothing is kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ingest.loaded import Attachment, LeftOut, LoadedDocument
from ingest.loaders import archives
from ingest.outcomes import READABLE
from rag.domain import DocumentState
from rag.errors import DocumentError, StoreError
from rag.intake import Estimate
from rag.models import embedding_cost
from rag.protocols import Embedder
from rag.store.blobs import hash_file
from rag.tokens import count_tokens as tekken_tokens

DEEPEST = 2  # files in one another that are counted: an attachment of a mail in an archive
TOO_DEEP = "It lies too deep in others to be looked at beforehand."
NESTED = "It is an archive in an archive, which is not opened."
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
class Repeated:
    """A file whose bytes are counted under the name of another, which came before it."""

    name: str
    counted_under: str


@dataclass(frozen=True, slots=True)
class Estimated:
    """How a file reads, and what taking it in would take with the files within it.

    `within` says how many of those are counted, of which so many lie `directly` in it. Those that
    are `uncounted` cannot be read, or lie too deep; those that are `repeated`, of which the file
    itself may be one, are counted under the file that had the same bytes first. All are called as
    they would be in the library. A file that is not `taken_in` would give nothing that can be
    asked, nor would any file within it: it takes nothing.
    """

    estimate: Estimate
    loaded: LoadedDocument
    within: int = 0
    directly: int = 0
    uncounted: tuple[LeftOut, ...] = ()
    repeated: tuple[Repeated, ...] = ()
    taken_in: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether the file and all in it would be taken in, as far as was looked."""
        lost = [it for it in self.loaded.left_out if not it.passed]
        lost += [it for it in self.uncounted if it.reason != TOO_DEEP]
        return self.taken_in and not lost


class Seen:
    """What the files before have in common with those to come, which is taken in once."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}  # what files were called first, by their hashes
        self.lost: dict[str, str] = {}  # why files cannot be taken in, by their hashes
        self._texts: set[str] = set()

    def before(self, sha256: str, name: str) -> str:
        """What a file of this hash was called that was there before, else "".

        From now on it was there, by this name.
        """
        if sha256 in self._files:
            return self._files[sha256]
        self._files[sha256] = name
        return ""

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
    is_read = _is_read(estimate, loaded)
    sha256 = hash_file(path)
    if not is_read and not loaded.attachments:
        seen.lost[sha256] = loaded.reason
    if first := seen.before(sha256, name):
        taken_in = is_read or bool(loaded.attachments)
        repeated = (Repeated(name, first),) * taken_in
        return Estimated(NOTHING, loaded, repeated=repeated, taken_in=taken_in)
    own = estimate if is_read else NOTHING
    if not loaded.attachments:
        return Estimated(own, loaded, taken_in=is_read)
    try:
        with TemporaryDirectory(prefix="tramontane-") as folder:  # which nobody else may enter
            counter = _Counter(Path(folder) / "within", estimate_file, seen)
            counter.count(loaded, name)
    except OSError as error:
        raise StoreError(
            f"The files in {name} have no place to be looked at ({error.strerror}). Make room in "
            "the folder for temporary files."
        ) from error
    total = total_of([own, *counter.estimates])
    names = tuple(counter.uncounted), tuple(counter.repeated)
    taken_in = is_read or bool(counter.estimates or counter.repeated)
    counted = len(counter.estimates), counter.directly
    return Estimated(total, loaded, *counted, *names, taken_in)


class _Counter:
    """Estimates files within files, written one after the other to the same place."""

    def __init__(self, path: Path, estimate_file: EstimateFile, seen: Seen) -> None:
        self._path = path
        self._estimate_file = estimate_file
        self._seen = seen
        self.estimates: list[Estimate] = []
        self.directly = 0  # how many of these lie in no other file within
        self.uncounted: list[LeftOut] = []
        self.repeated: list[Repeated] = []

    def count(self, outer: LoadedDocument, name: str, depth: int = 1) -> None:
        """Count the files in another of that name; archives in archives are not opened."""
        if depth > 1:  # what the file itself leaves out it says by itself
            lost = [it for it in outer.left_out if not it.passed]
            self.uncounted += [replace(it, name=f"{name}/{it.name}") for it in lost]
        if depth > DEEPEST:
            self.uncounted += [LeftOut(f"{name}/{it.name}", TOO_DEEP) for it in outer.attachments]
            return
        for attachment in outer.attachments:
            called = f"{name}/{attachment.name}"
            sha256 = hashlib.sha256(attachment.content).hexdigest()
            if first := self._seen.before(sha256, called):
                if sha256 in self._seen.lost:
                    self.uncounted.append(LeftOut(called, self._seen.lost[sha256]))
                else:
                    self.repeated.append(Repeated(called, first))
                continue
            try:
                estimate, loaded = self._estimate(attachment, called)
            except DocumentError as error:
                self.uncounted.append(LeftOut(called, error.reason))
                continue
            if _is_archive(loaded) and not outer.pages:
                self.uncounted.append(LeftOut(called, NESTED))
                continue
            if _is_read(estimate, loaded):
                self.estimates.append(estimate)
                self.directly += depth == 1
            elif not loaded.attachments:
                self.uncounted.append(LeftOut(called, loaded.reason))
                self._seen.lost[sha256] = loaded.reason
            self.count(loaded, called, depth + 1)

    def _estimate(self, attachment: Attachment, name: str) -> tuple[Estimate, LoadedDocument]:
        """What one file takes.

        Raises:
            DocumentError: it cannot be read, or there is no room to write it.
        """
        try:
            self._path.write_bytes(attachment.content)
        except OSError as error:
            reason = f"It has no place to be looked at ({error.strerror})."
            raise DocumentError(DocumentState.FAILED, reason) from error
        return self._estimate_file(self._path, name)


def _is_read(estimate: Estimate, loaded: LoadedDocument) -> bool:
    """Whether something of a file can be asked, once OCR has read what is left to it."""
    return bool(loaded.pages) and (loaded.state in READABLE or estimate.ocr_pages > 0)


def _is_archive(loaded: LoadedDocument) -> bool:
    """Whether a file is an archive, which is not opened in another."""
    return loaded.media_type == archives.MEDIA_TYPE
