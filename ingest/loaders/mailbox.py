"""Opens mailboxes (mbox): each mail in one becomes an attachment, to be read by itself."""

from __future__ import annotations

import re
from collections import Counter
from email.parser import BytesHeaderParser
from pathlib import Path

from ingest import titles
from ingest.attachments import display_name
from ingest.loaded import Attachment, LeftOut, LoadedDocument
from ingest.loaders.mail import subject_of
from ingest.mailbox import MAX_HEADER_BYTES, mails_in
from rag.domain import DocumentState
from rag.errors import DocumentError

MEDIA_TYPE = "application/mbox"
MAX_MAILS = 5_000
DELETED = "It was deleted in the mail program."
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_EXPUNGED = 0x8  # of Mozilla's marks: deleted, and there until the folder is tidied up


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """The mails of a mailbox, called by their subjects; those deleted in it are passed over.

    It has no pages of its own: `max_pages` is for each of its mails.

    Raises:
        DocumentError: there is no mail in it.
    """
    mails: list[Attachment] = []
    deleted: list[LeftOut] = []
    beyond = 0
    count = Counter[str]()
    for content in mails_in(path.read_bytes(), name):
        called, is_deleted = _heading(content)
        if is_deleted:
            deleted.append(LeftOut(f"{called}.eml", DELETED, passed=True))
        elif len(mails) == MAX_MAILS:
            beyond += 1
        else:
            count[called] += 1
            number = f" ({count[called]})" if count[called] > 1 else ""
            mails.append(Attachment(f"{called}{number}.eml", content))
    if not mails:
        raise DocumentError(DocumentState.EMPTY, "There are no mails in the mailbox.")
    return LoadedDocument(
        title=titles.from_name(name),
        media_type=MEDIA_TYPE,
        paginated=False,
        pages=(),
        outline=(),
        state=DocumentState.PARTIAL if beyond else DocumentState.READY,
        reason=_left_out(beyond) if beyond else "",
        attachments=tuple(mails),
        left_out=tuple(deleted),
    )


def _heading(content: bytes) -> tuple[str, bool]:
    """What a mail is called by, and whether it was deleted in the mailbox."""
    end = _END_OF_HEADERS.search(content, 0, MAX_HEADER_BYTES)
    message = BytesHeaderParser().parsebytes(content[: end.end() if end else MAX_HEADER_BYTES])
    marks = str(message.get("X-Mozilla-Status", "0")).strip()
    is_deleted = re.fullmatch(r"[0-9a-fA-F]{1,4}", marks) and int(marks, 16) & _EXPUNGED
    return display_name(subject_of(message).replace("/", "-"), "mail"), bool(is_deleted)


def _left_out(number: int) -> str:
    were = "mail was" if number == 1 else "mails were"
    return (
        f"{number:,} {were} left out: of one mailbox, {MAX_MAILS:,} are taken. Split it, and add "
        "the parts."
    )
