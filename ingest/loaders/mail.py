"""Reads mails (EML) and web pages saved with all they show (MHTML), which are mails too."""

from __future__ import annotations

import email
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from pathlib import Path

from ingest import markup
from ingest.attachments import display_name
from ingest.loaded import LoadedDocument
from ingest.loaders.html import decode_page
from ingest.loaders.text import decode
from ingest.mailbody import HEADERS, Body, Mail, document_of, on_one_line
from rag.domain import DocumentState
from rag.errors import DocumentError

MEDIA_TYPE = "message/rfc822"
MAX_PARTS = 20_000
MAX_HEADER = 20_000  # characters
_UNREADABLE = (
    *(MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    *(RecursionError, OverflowError),
)
_SHOWN_INSIDE = ("image/", "font/", "text/css", "text/javascript", "application/javascript")
_MARKDOWN = ("text/markdown", "text/x-markdown")
_TEXTS = frozenset({"text/plain", "text/html", "text/rfc822-headers", *_MARKDOWN})
_MAILS = frozenset({"message/rfc822", "message/global", "message/news"})
_SIGNATURES = frozenset(
    ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
)
_ENDINGS = {
    "application/pdf": ".pdf",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "image/png": ".png",
    "image/jpeg": ".jpg",
}


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a mail; files and mails in it become attachments.

    Raises:
        DocumentError: it is encrypted, damaged, too long, or there is nothing in it.
    """
    mail = Mail()
    try:
        message = email.message_from_bytes(path.read_bytes())
        mail.headers.extend(_headers(message))
        _collect(message, mail)
    except _UNREADABLE as error:
        raise DocumentError(
            DocumentState.DAMAGED, "The mail is damaged and cannot be read."
        ) from error
    return document_of(mail, name, MEDIA_TYPE, max_pages=max_pages)


def subject_of(message: Message) -> str:
    """What a mail is about, if it says, in readable characters."""
    try:
        return dict(_headers(message)).get("Subject", "")
    except _UNREADABLE:
        return ""


def _headers(message: Message) -> Iterator[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), []).append(_decoded(str(value)[:MAX_HEADER]))
    for name in HEADERS:
        yield name, on_one_line(found.get(name.lower(), []))


def _decoded(value: str) -> str:
    """A header in readable characters, however it was written."""
    if not value.isascii():
        with suppress(DocumentError, UnicodeError):
            value = decode(value.encode("utf-8", "surrogateescape"))
    try:
        parts = decode_header(value)
    except _UNREADABLE:
        return value
    return "".join(
        part if isinstance(part, str) else _text(part, charset) for part, charset in parts
    )


def _text(content: bytes, charset: str | None) -> str:
    try:
        return decode(content, charset or "")
    except DocumentError:
        return content.decode("latin-1")


def _collect(message: Message, mail: Mail) -> None:
    """Go through the parts of a mail in their order."""
    todo: list[tuple[Message, Body | None]] = [(message, None)]
    for _part in range(MAX_PARTS):
        if not todo:
            return
        part, body = todo.pop()
        kind = part.get_content_type()
        _check_encryption(part, kind)
        if kind in _MAILS:
            _attach_mail(part, mail)
        elif part.is_multipart():
            if kind == "multipart/alternative" and body is None:
                body = Body()
                mail.bodies.append(body)
            inner = [it for it in part.get_payload() if isinstance(it, Message)]
            if kind.startswith("message/"):
                _add_report(inner, mail)
            todo.extend((it, body) for it in reversed(inner))
        else:
            _add_leaf(part, kind, body, mail)
    mail.left_out += len(todo)


def _add_report(blocks: Sequence[Message], mail: Mail) -> None:
    """Take a report on a mail, such as that it was not delivered, whose text is in its headers."""
    said = (
        "\n".join(
            f"{name}: {on_one_line([_decoded(str(value)[:MAX_HEADER])])}"
            for name, value in block.raw_items()
        )
        for block in blocks
    )
    mail.bodies.append(Body("\n\n".join(filter(None, said))))


def _add_leaf(part: Message, kind: str, body: Body | None, mail: Mail) -> None:
    """Take a part that has no others in it: as text of the mail or as a file."""
    is_file = part.get_content_disposition() == "attachment"
    content = _payload(part)
    if not content.strip():
        return
    name = _file_name(part)
    if kind in _SIGNATURES:
        mail.pass_over_signature(display_name(name, "signature"))
        return
    if kind.startswith("multipart/"):  # which never say where their parts begin
        kind = "text/plain"
    if not is_file and not name and kind in _TEXTS:
        with suppress(DocumentError):
            _add_text(part, kind, content, body, mail)
            return
    is_shown = kind.startswith(_SHOWN_INSIDE) and (
        "Content-ID" in part or "Content-Location" in part
    )
    if is_file or not is_shown:
        fallback = f"attachment {len(mail.attachments) + 1}{_ENDINGS.get(kind, '')}"
        mail.attach(display_name(name, fallback), content)


def _add_text(part: Message, kind: str, content: bytes, body: Body | None, mail: Mail) -> None:
    charset = str(part.get_param("charset") or "")
    if (
        body is None
        or (kind == "text/plain" and body.plain)
        or (kind == "text/html" and body.blocks)
    ):
        body = Body()
        mail.bodies.append(body)
    if kind == "text/html":
        text = decode(content, charset) if charset else decode_page(content)
        body.blocks = markup.read(text).blocks
    else:
        body.plain = decode(content, charset)


def _payload(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except _UNREADABLE:
        return b""
    return content if isinstance(content, bytes) else b""


def _file_name(part: Message) -> str:
    try:
        return _decoded(part.get_filename("") or "")
    except _UNREADABLE:
        return ""


def _attach_mail(part: Message, mail: Mail) -> None:
    inner = part.get_payload(0) if part.is_multipart() else None
    if not isinstance(inner, Message):
        return
    subject = subject_of(inner).replace("/", "-")
    name = display_name(_file_name(part) or subject, "attached mail")
    ending = "" if name.lower().endswith(".eml") else ".eml"
    with suppress(*_UNREADABLE):
        mail.attach(name + ending, inner.as_bytes())


def _check_encryption(part: Message, kind: str) -> None:
    is_enveloped = kind in ("application/pkcs7-mime", "application/x-pkcs7-mime") and str(
        part.get_param("smime-type") or "enveloped-data"
    ).lower().startswith(("enveloped", "authenveloped"))
    if is_enveloped or kind == "multipart/encrypted":
        raise DocumentError(
            DocumentState.NEEDS_PASSWORD,
            "The mail is encrypted. Decrypt it in your mail program and save it again.",
        )
