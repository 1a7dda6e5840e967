"""Reads mails as Outlook saves them (MSG), from the properties in their streams ([MS-OXMSG])."""

from __future__ import annotations

import codecs
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

from ingest import compound, markup, richtext
from ingest.attachments import display_name
from ingest.compound import CompoundFile
from ingest.compressed_rtf import inflate
from ingest.loaded import Attachment, LoadedDocument
from ingest.loaders.html import decode_page
from ingest.loaders.text import decode
from ingest.mailbody import Body, Mail, document_of, on_one_line
from rag.errors import DocumentError

MEDIA_TYPE = "application/vnd.ms-outlook"
DEEPEST = 4  # mails in one another
BOUNDARY = "=_a_mail_in_a_mail"  # the same each time, and never in the parts, which are in base64
MAX_RECIPIENTS = 500
PROPERTIES = "__properties_version1.0"

_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP = "0C1A", "0C1F", "5D01"
_DISPLAY_TO, _DISPLAY_CC = "0E04", "0E03"
_NAME, _SMTP, _ADDRESS = "3001", "39FE", "3003"
_CONTENT, _LONG_NAME, _SHORT_NAME = "3701", "3707", "3704"
_SENT, _DELIVERED, _CODE_PAGE, _INTERNET_CODE_PAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_RECIPIENT_TYPE, _IS_HIDDEN, _FLAGS = 0x0C15, 0x7FFE, 0x3714
_SHOWN_IN_BODY = 4
_RECIPIENTS = {1: "To", 2: "Cc"}
_TIME_FROM = datetime(1601, 1, 1, tzinfo=UTC)
_ENCODINGS = {
    20127: "cp1252",
    20866: "koi8-r",
    21866: "koi8-u",
    28591: "cp1252",
    28592: "iso8859-2",
    28595: "iso8859-5",
    28597: "iso8859-7",
    28605: "iso8859-15",
    50220: "iso2022_jp",
    50221: "iso2022_jp_ext",
    50222: "iso2022_jp_ext",
    51932: "euc_jp",
    51936: "gb18030",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65001: "utf-8",
    10000: "mac_roman",
}


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a mail; files and mails in it become attachments.

    Raises:
        DocumentError: it is damaged, too long, or there is nothing in it.
    """
    with compound.opened(path) as file:
        mail = _Message(file, "", 32).mail(0)
    return document_of(mail, name, MEDIA_TYPE, max_pages=max_pages)


class _Storage:
    """A storage of properties: the mail, a recipient, an attachment or a mail in it."""

    def __init__(self, file: CompoundFile, path: str, header_bytes: int) -> None:
        self.file = file
        self.path = path
        self._fixed = _fixed_properties(file.read(path + PROPERTIES)[header_bytes:])
        self.encoding = self._encoding_of(_CODE_PAGE) or self._encoding_of(_INTERNET_CODE_PAGE)
        self.body_encoding = self._encoding_of(_INTERNET_CODE_PAGE) or self.encoding

    def number(self, tag: int) -> int:
        """A property of fixed length; 0 where it is not there."""
        return self._fixed.get(tag, 0)

    def bytes(self, tag: str) -> bytes:
        """A binary property."""
        return self.file.read(f"{self.path}__substg1.0_{tag}0102")

    def text(self, tag: str, encoding: str = "") -> str:
        """A property that is text; old files write it in the code page of the mail."""
        wide = self.file.read(f"{self.path}__substg1.0_{tag}001F")
        if wide:
            return wide.decode("utf-16-le", errors="replace").replace("\x00", "")
        narrow = self.file.read(f"{self.path}__substg1.0_{tag}001E").rstrip(b"\x00")
        try:
            return decode(narrow, encoding or self.encoding)
        except DocumentError:
            return ""

    def inner(self, kind: str) -> list[str]:
        """The paths of the storages of a kind in this one, in order."""
        start = f"{self.path}__{kind}_version1.0_#"
        found = {name[: len(start) + 8] for name in self.file.names if name.startswith(start)}
        return sorted(f"{name}/" for name in found)

    def _encoding_of(self, tag: int) -> str:
        page = self.number(tag)
        encoding = _ENCODINGS.get(page, f"cp{page}") if page else ""
        with suppress(LookupError):
            return codecs.lookup(encoding).name
        return ""


class _Message(_Storage):
    """A mail, or a mail in one."""

    def mail(self, depth: int) -> Mail:
        """All that is in it; `depth` is how many mails it is in."""
        mail = Mail(headers=self._headers(), bodies=[self._body()])
        for number, path in enumerate(self.inner("attach"), 1):
            found = self._attachment(_Storage(self.file, path, 8), number, depth)
            if found is not None:
                mail.attach(found.name, found.content)
        return mail

    def _headers(self) -> list[tuple[str, str]]:
        address = self.text(_SENDER_SMTP) or self.text(_SENDER_ADDRESS)
        people: dict[str, list[str]] = {"To": [], "Cc": []}
        paths = self.inner("recip")
        for path in paths[:MAX_RECIPIENTS]:
            recipient = _Storage(self.file, path, 8)
            recipient.encoding = recipient.encoding or self.encoding
            kind = _RECIPIENTS.get(recipient.number(_RECIPIENT_TYPE), "")
            if kind:
                smtp = recipient.text(_SMTP) or recipient.text(_ADDRESS)
                people[kind].append(_person(recipient.text(_NAME), smtp))
        if len(paths) > MAX_RECIPIENTS:
            people["To"].append(f"{len(paths) - MAX_RECIPIENTS:,} more")
        return [
            ("From", on_one_line([_person(self.text(_SENDER_NAME), address)])),
            ("To", on_one_line(people["To"] or [self.text(_DISPLAY_TO)])),
            ("Cc", on_one_line(people["Cc"] or [self.text(_DISPLAY_CC)])),
            ("Date", self._date()),
            ("Subject", on_one_line([self.text(_SUBJECT)])),
        ]

    def _date(self) -> str:
        ticks = self.number(_SENT) or self.number(_DELIVERED)
        if not ticks:
            return ""
        with suppress(OverflowError):
            moment = _TIME_FROM + timedelta(microseconds=ticks // 10)
            return moment.strftime("%Y-%m-%d %H:%M UTC")
        return ""

    def _body(self) -> Body:
        plain = self.text(_BODY, self.body_encoding)
        page = self.bytes(_HTML)
        if not page:
            page = self.text(_HTML, self.body_encoding).encode("utf-8", errors="replace")
        with suppress(DocumentError):
            if page.strip():
                return Body(plain, markup.read(decode_page(page)).blocks)
        if plain.strip():
            return Body(plain)
        with suppress(DocumentError):
            return Body("", richtext.read(inflate(self.bytes(_RTF))).blocks)
        return Body()

    def _attachment(self, stored: _Storage, number: int, depth: int) -> Attachment | None:
        """A file or a mail; none for a picture that the text shows, or where nothing is left."""
        stored.encoding = stored.encoding or self.encoding
        if stored.number(_IS_HIDDEN) or stored.number(_FLAGS) & _SHOWN_IN_BODY:
            return None
        name = stored.text(_LONG_NAME) or stored.text(_SHORT_NAME) or stored.text(_NAME)
        content = stored.bytes(_CONTENT)
        inner = f"{stored.path}__substg1.0_{_CONTENT}000D"
        if content:
            return Attachment(display_name(name, f"attachment {number}"), content)
        if depth >= DEEPEST or f"{inner}/{PROPERTIES}" not in self.file.names:
            return None
        mail = _Message(self.file, f"{inner}/", 24).mail(depth + 1)
        called = display_name(mail.subject.replace("/", "-") or name, "attached mail")
        written = _as_eml(mail)
        return Attachment(f"{called.removesuffix('.msg')}.eml", written) if written else None


def _fixed_properties(content: bytes) -> dict[int, int]:
    """Numbers, times and logical values; every entry has 16 bytes."""
    entries = struct.iter_unpack("<LLQ", content[: len(content) // 16 * 16])
    return {tag >> 16: _value(tag & 0xFFFF, value) for tag, _, value in entries}


def _value(kind: int, value: int) -> int:
    if kind == 0x000B:
        return value & 0xFFFF
    return value & 0xFFFFFFFF if kind == 0x0003 else value


def _person(name: str, address: str) -> str:
    name = name.strip().strip("'")
    if "@" not in address or address == name:
        return name or address
    return f"{name} <{address}>" if name else address


def _as_eml(mail: Mail) -> bytes:
    """A mail in a mail, as a file of its own that can be read like any."""
    message = MIMEMultipart(boundary=BOUNDARY)
    try:
        for name, value in mail.headers:
            if value:
                message.add_header(name, Header(value, "utf-8").encode())
        for body in mail.bodies:
            message.attach(MIMEText(body.as_text(), "plain", "utf-8"))
        for attachment in mail.attachments:
            part = MIMEApplication(attachment.content)
            called = ("utf-8", "", attachment.name)
            part.add_header("Content-Disposition", "attachment", filename=called)
            message.attach(part)
        return message.as_bytes()
    except (MessageError, ValueError, LookupError, TypeError, AttributeError):
        return b""
