"""Files that came in others: attachments of mails, members of archives."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace

from ingest.incoming import Incoming
from ingest.loaded import Attachment, LoadedDocument
from ingest.loaders import archives
from ingest.pipeline import Ingestor
from ingest.taken import Added
from rag.domain import DocumentState
from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.intake import NOWHERE, WITHIN, Content, Job, Origin
from rag.store.catalog import Catalog

MAILS = frozenset({"message/rfc822", "application/vnd.ms-outlook"})
DEEPEST = 4  # mails and archives in one another
LEFT_OUT = "{} more in it lie {} files deep and are left out."
_LEFT_OUT = re.compile(LEFT_OUT.format(r"\d+", r"\d+"))
TOO_DEEP = f"It lies {DEEPEST} files deep in others. Take it out and add it by itself."
NESTED = "{} is an archive in an archive, which is not opened. Unpack it and add it by itself."


def with_left_out(outcome: str, before: str) -> str:
    """An outcome, with what the one before said of files that were left out."""
    found = _LEFT_OUT.search(before)
    return f"{outcome} {found[0]}" if found and found[0] not in outcome else outcome


class Within:
    """Queues files that came in others, as far down as is sane."""

    def __init__(self, catalog: Catalog, incoming: Incoming) -> None:
        self._catalog = catalog
        self._jobs = catalog.jobs
        self._incoming = incoming

    def queue(self, job: Job, loaded: LoadedDocument) -> str:
        """Queue the files that came in the file of a job, unless that is too deep within others.

        What it holds is written down, for good. Where all of it is there, those go that only its
        version before held.

        Returns:
            A sentence on those that are left out; empty when none is.

        Raises:
            StoreError: it cannot be stored.
        """
        attachments = loaded.attachments
        is_too_deep = bool(attachments) and self._depth(job) >= DEEPEST
        self._catalog.containers.keep(job, _contents(loaded, TOO_DEEP if is_too_deep else ""))
        failpoint("within.written")
        if is_too_deep:
            return LEFT_OUT.format(len(attachments), DEEPEST)
        count = Counter[str]()
        origins: list[Origin] = []
        for attachment in attachments:
            count[attachment.name] += 1
            origins.append(_origin(job, attachment.name, count[attachment.name]))
        if _is_all(loaded):  # before these are queued: one may be the same under another name
            self._catalog.trash.remove_members(job, [origin.place for origin in origins])
        for attachment, origin in zip(attachments, origins, strict=True):
            self._queue(job, attachment, origin)
            failpoint("within.queued")
        return ""

    def open(self, job: Job, loaded: LoadedDocument) -> str:
        """Queue the files of an archive, as `queue` does; the outcome of its job."""
        said = self.queue(job, loaded) or said_of_archive(job.name, loaded)
        return f"{said} {loaded.reason}".strip()

    def record(self, job: Job, added: Added, ingestor: Ingestor) -> None:
        """Write down what a mail holds that a release before records took in.

        Nothing of it is queued: it was taken in with the mail, and may have been removed since.

        Raises:
            DocumentError: the file of the job cannot be read any more.
            StoreError: it cannot be stored.
        """
        mail, containers = added.document, self._catalog.containers
        if added.new or mail.media_type not in MAILS or containers.has(mail):
            return
        loaded = ingestor.load(self._catalog.blobs.path(job.sha256), mail.name, mail.size_bytes)
        containers.keep(replace(job, name=mail.name), _contents(loaded, ""))

    def note_lost(self, job: Job) -> None:
        """Write down why a file that came in another gave no document, now that its job goes."""
        if job.parent_id is not None and job.is_lost:
            self._catalog.containers.refuse(job.library_id, job.sha256, job.outcome)

    def _queue(self, job: Job, attachment: Attachment, origin: Origin) -> None:
        with self._incoming.new_file() as path:
            try:
                path.write_bytes(attachment.content)
                sha256 = self._catalog.blobs.adopt(path)
            except OSError as error:
                raise StoreError(
                    f"{attachment.name} cannot be stored ({error.strerror}). Make room and try "
                    "again."
                ) from error
        name = f"{job.name}/{attachment.name}"
        size = len(attachment.content)
        self._jobs.submit(job.library_id, name, sha256, size, parent_id=job.id, origin=origin)

    def is_nested(self, job: Job, loaded: LoadedDocument) -> bool:
        """Whether an archive came in another file that is no document itself."""
        if job.parent_id is None or loaded.media_type != archives.MEDIA_TYPE:
            return False
        try:
            return self._jobs.get(job.parent_id).document_id is None
        except NotFoundError:
            return False

    def _depth(self, job: Job) -> int:
        """In how many mails and archives a file came."""
        depth, parent = 0, job.parent_id
        while parent is not None and depth < DEEPEST:
            depth += 1
            try:
                parent = self._jobs.get(parent).parent_id
            except NotFoundError:
                break
        return depth


def _is_all(loaded: LoadedDocument) -> bool:
    """Whether nothing that a file holds is left out, as far as is known."""
    return loaded.state is DocumentState.READY and bool(loaded.pages or not loaded.reason)


def _contents(loaded: LoadedDocument, reason: str) -> list[Content]:
    """What a file holds, to be written down; for this reason none of it is taken in."""
    taken = [
        Content(it.name, hashlib.sha256(it.content).hexdigest(), len(it.content), reason)
        for it in loaded.attachments
    ]
    left_out = [Content(it.name, reason=it.reason, passed=it.passed) for it in loaded.left_out]
    return taken + left_out


def _origin(job: Job, name: str, number: int) -> Origin:
    """Where a file came from that is the so many-th of its name within the file of a job."""
    place, alone = job.origin.place, job.origin.alone
    return Origin(f"{place}{WITHIN}{name}#{number}", alone) if place or alone else NOWHERE


def said_of_archive(name: str, loaded: LoadedDocument) -> str:
    """The outcome of an archive: how many files it holds, and how many of them are read next."""
    to_read, held = len(loaded.attachments), loaded.held
    files = "1 file" if held == 1 else f"{held:,} files"
    if to_read == held:
        return f"{name} holds {files}, {'which is' if held == 1 else 'each of which is'} read next."
    return (
        f"{name} holds {files}, of which {to_read:,} {'is' if to_read == 1 else 'are'} read next."
    )
