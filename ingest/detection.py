"""What kind of file it is, by its content; the name only tells kinds of text apart."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ingest.charsets import (
    MAX_STRAY_ZEROS,
    has_few_zeros,
    is_utf8,
    marked_encoding,
    sample_text,
    wide_encoding,
)
from ingest.containers import OLE_MARK, ZIP_MARKS, ole_type, zip_type
from ingest.delimited_text import delimiter_in
from ingest.filetypes import (
    CONTAINERS,
    NO_TEXT,
    READ_KINDS,
    WORDS,
    FileType,
    mismatch,
    suffix_of,
    type_by_name,
    unsupported,
    without_text,
)
from ingest.mailbox import is_mailbox
from ingest.textless import SIGNATURE, kind_without_text
from ingest.wide_writing import may_be_wide
from rag.domain import DocumentState
from rag.errors import DocumentError

__all__ = ["FileType", "detect", "mismatch", "unsupported"]

HEAD_BYTES = 8192
PDF_MARK_BYTES = 1024  # readers accept the mark anywhere in these
MOST_STRANGE = 20  # one letter in so many may be of another encoding
MAX_CONTROL_SHARE = 0.01  # of the first bytes; text files hold next to none
MAX_JSON_BYTES = 5_000_000  # of a file that only its content can tell from text
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\a\b\x1b\x85")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", FileType.PNG),
    (b"\xff\xd8\xff", FileType.JPEG),
    (b"II*\x00", FileType.TIFF),
    (b"MM\x00*", FileType.TIFF),
    (b"II+\x00", FileType.TIFF),
    (b"MM\x00+", FileType.TIFF),
    (b"{\\rt", FileType.RTF),
)
_FOREIGN = (
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"%!PS", "a PostScript file"),
    (b"AT&TFORM", "a scanned document (DjVu)"),
    (b"ITOLITLS", "a help file (CHM or LIT)"),
    (b"\xffWPC", "a WordPerfect document"),
    (b"\x1f\x8b", "a compressed archive (gzip)"),
    (b"BZh", "a compressed archive (bzip2)"),
    (b"\xfd7zXZ\x00", "a compressed archive (xz)"),
    (b"\x28\xb5\x2f\xfd", "a compressed archive (zstd)"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed archive (7-Zip)"),
    (b"Rar!\x1a\x07", "a compressed archive (RAR)"),
    (b"SQLite format 3\x00", "a database (SQLite)"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"\x1a\x45\xdf\xa3", "a film"),
)
_SIGNED_MAIL = "Open it in your mail program and save the mail without its signature."
_PDF_OBJECT = re.compile(rb"(?:^|[\r\n\s])\d{1,10}\s+\d{1,5}\s+obj\b")
_HTML_START = re.compile(
    r"(?:\s|<\?xml[^>]{0,300}\?>|<!--(?:(?!-->).){0,4000}-->)*"
    r"<(?:!doctype\s+html|html)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_OFFICE_XML = re.compile(r"<\?mso-application\s+progid=\"(Word|Excel|PowerPoint)\.", re.IGNORECASE)
_HEADER_LINE = re.compile(r"[!-9;-~]{1,76}:(?:[ \t].*)?$")
_MAIL_PROOF = frozenset({"message-id", "mime-version", "received", "return-path", "delivered-to"})
_MAIL_PARTIES = frozenset({"from", "to", "sender", "date", "subject"})
_LEAST_HEADERS = 3


def detect(path: Path, name: str) -> FileType:
    """The kind of a file; `name` is what its owner calls it.

    Raises:
        DocumentError: the file is empty or of a kind that cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise DocumentError(DocumentState.EMPTY, "The file is empty.")
    if _is_pdf(head, suffix_of(name)):
        return FileType.PDF
    kind = _type_by_mark(path, head)
    if kind is not None:
        return kind
    if b"%PDF-" in head[:PDF_MARK_BYTES] and _has_binary_bytes(head):
        return FileType.PDF
    text = sample_text(head)
    if is_mailbox(path, head, name):
        return FileType.MBOX
    if _is_mail(text, suffix_of(name)):
        return FileType.EML
    if nothing := _kind_without_text(head):
        raise _holds_no_text(nothing, name)
    foreign = _foreign_kind(head, text)
    if foreign:
        raise _cannot_read(foreign, name)
    return _type_of_text(path, name, text)


def _is_pdf(head: bytes, suffix: str) -> bool:
    """Whether it begins like a PDF or, called one, may be a damaged one.

    Before the mark may stand what a server or a printer left there. A text may quote the mark, and
    an archive may hold a PDF: with a mark that stands later, it is one by its name, or where it is
    nothing else that can be read.
    """
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return True
    return suffix == ".pdf" and (b"%PDF-" in head or bool(_PDF_OBJECT.search(head)))


def _type_by_mark(path: Path, head: bytes) -> FileType | None:
    if head.startswith(ZIP_MARKS):
        return zip_type(path)
    if head.startswith(OLE_MARK):
        return ole_type(path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, kind in _SIGNATURES:
        if (start if kind is FileType.RTF else head).startswith(mark):
            return kind
    return None


def _foreign_kind(head: bytes, text: str) -> str:
    """The kind of a file that cannot be read in plain words; empty for what looks like text."""
    if office := _OFFICE_XML.search(text):
        return f"a {office[1].capitalize()} file in the XML of 2003"
    is_wide = bool(wide_encoding(head)) and text.count("\0") <= MAX_STRAY_ZEROS * len(text)
    if marked_encoding(head)[0] or (is_wide and may_be_wide(head, text)):
        return ""
    if head[:4] == b"RIFF":
        return "a picture (WebP)" if head[8:12] == b"WEBP" else "a sound file or a film"
    if head[4:8] == b"ftyp":
        return "a film or a picture"
    looks_like_text = not _has_binary_bytes(head)
    for signature, kind in _FOREIGN:
        is_printable = signature.isascii() and signature.isalnum()
        if head.startswith(signature) and not (is_printable and looks_like_text):
            return kind
    return "" if looks_like_text else "a file of an unknown binary format"


def _kind_without_text(head: bytes) -> str:
    """The kind of a program or a signature; a text may begin with the same letters."""
    kind = kind_without_text(head)
    return kind if kind == SIGNATURE or _has_binary_bytes(head) else ""


def _holds_no_text(kind: str, name: str) -> DocumentError:
    suffix, promised = suffix_of(name), type_by_name(name)
    if kind == SIGNATURE and suffix == ".p7m":
        return unsupported("a signed mail (S/MIME)", _SIGNED_MAIL)
    if promised is None:
        return without_text(kind)
    reason = f"The file is called {suffix or name}, but is {kind}. {NO_TEXT}"
    return DocumentError(DocumentState.UNSUPPORTED, reason)


def _cannot_read(foreign: str, name: str) -> DocumentError:
    promised = type_by_name(name)
    if promised is None or promised not in CONTAINERS:
        return unsupported(foreign)
    if foreign.endswith("unknown binary format"):
        return _not_what_it_says(name, promised)
    return DocumentError(
        DocumentState.UNSUPPORTED,
        f"The file is called {suffix_of(name)}, but is {foreign}, which cannot be read. "
        f"{READ_KINDS}",
    )


def _not_what_it_says(name: str, promised: FileType) -> DocumentError:
    thing = WORDS[promised].partition(" ")[2]
    called = (
        "called a PDF, but its content is none"
        if promised is FileType.PDF
        else (f"called {suffix_of(name)}, but its content is no {thing}")
    )
    return DocumentError(
        DocumentState.DAMAGED,
        f"The file is {called}. It is damaged or has the wrong name.",
    )


def _type_of_text(path: Path, name: str, text: str) -> FileType:
    """The kind of a text: by what it clearly is, else by its name."""
    suffix, promised = suffix_of(name), type_by_name(name)
    is_told = promised in (FileType.CODE, FileType.MARKDOWN)
    if promised is FileType.HTML or (not is_told and _HTML_START.match(text)):
        return FileType.HTML
    if promised in CONTAINERS:
        if _is_legible(text):
            return FileType.JSON if _is_json(path, text) else FileType.TEXT
        raise _not_what_it_says(name, promised)
    if promised is FileType.XLS:
        return _type_of_export(text)
    if promised in (FileType.RTF, FileType.EML, FileType.MBOX):
        return FileType.TEXT
    if promised is FileType.TEXT or promised is None:
        if text.startswith("#!") and not suffix:
            return FileType.CODE
        return FileType.JSON if _is_json(path, text) else _text_or_table(text)
    is_table = promised in (FileType.CSV, FileType.TSV)
    return FileType.JSON if is_table and _is_json(path, text) else promised


def _text_or_table(text: str) -> FileType:
    delimiter = delimiter_in(text)
    if not delimiter:
        return FileType.TEXT
    return FileType.TSV if delimiter == "\t" else FileType.CSV


def _is_legible(text: str) -> bool:
    """Whether nearly all of a text, read as UTF-8, is letters and signs that people write."""
    strange = text.count("\ufffd")
    return any(map(str.isalpha, text)) and strange * MOST_STRANGE <= len(text)


def _type_of_export(text: str) -> FileType:
    """What programs write that call a table in plain text a workbook."""
    first, second = [*text.splitlines()[:2], "", ""][:2]
    if "\t" in first:
        return FileType.TSV
    is_table = any(0 < first.count(sign) == second.count(sign) for sign in ",;")
    return FileType.CSV if is_table else FileType.TEXT


def _is_mail(text: str, suffix: str) -> bool:
    """Whether it begins with the headers of a mail.

    By name alone, one header is enough; else there must be some that no person writes by hand.
    """
    names: list[str] = []
    for line in text.splitlines()[:-1]:
        if not line.strip():
            break
        if (line[0] in " \t" and names) or (line.startswith("From ") and not names):
            continue
        if not _HEADER_LINE.match(line):
            return bool(names) and suffix in (".eml", ".mht", ".mhtml")
        names.append(line.partition(":")[0].lower())
    if suffix in (".eml", ".mht", ".mhtml"):
        return bool(names)
    has_parties = bool(_MAIL_PARTIES.intersection(names))
    return has_parties and len(names) >= _LEAST_HEADERS and bool(_MAIL_PROOF.intersection(names))


def _is_json(path: Path, text: str) -> bool:
    """Whether the whole of a text is JSON, or each of its lines is an object of it."""
    start = text.lstrip()[:1]
    if start not in ("{", "[") or path.stat().st_size > MAX_JSON_BYTES:
        return False
    try:
        content = path.read_bytes().decode("utf-8-sig")
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _has_binary_bytes(head: bytes) -> bool:
    """Whether it is no text; a few zeros may stand in one that is otherwise whole."""
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    zeros = head.count(0)
    if not zeros:
        return controls > MAX_CONTROL_SHARE * len(head)
    is_short = zeros > MAX_STRAY_ZEROS * len(head)
    return controls > zeros or not has_few_zeros(head) or (is_short and not is_utf8(head))
