"""Reads plain text: whatever decodes as text, kept exactly, in sections of bearable length."""

from __future__ import annotations

import re
from pathlib import Path

from ingest import pipe_tables, titles
from ingest.charsets import (
    encoding_of,
    fitting,
    has_few_zeros,
    marked_encoding,
    mended,
    wide_encoding,
)
from ingest.filetypes import unsupported
from ingest.graphemes import boundary_before
from ingest.loaded import LoadedDocument
from ingest.placing import Places
from ingest.short_texts import MOST_BYTES, is_plain_latin
from ingest.written import is_text_throughout
from rag.domain import DocumentState, Page, PageState
from rag.errors import DocumentError

SECTION_CHARACTERS = 20_000
LONGEST_TITLE = 100  # characters
MAX_CONTROL_SHARE = 0.001
MEDIA_TYPE = "text/plain"
SHORT_WIDE_BYTES = 32  # of UTF-16 without a zero, which other sets may be read as
# Told by their zeros, or by marks; Windows-1252 is told by where its letters stand.
SURE = ("latin-1", "utf-16", "utf-32", "iso2022_jp")

_PARAGRAPH_END = re.compile(r"(?:\r\n|\r(?!\n)|\n)[^\S\r\n]*(?:\r\n|\r|\n)+")
_BLANK_LINE = re.compile(r"[^\S\n]*\n")
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a file of plain text.

    Raises:
        DocumentError: the file holds no text, something else than text, or too much of it.
    """
    return loaded_from(decode(path.read_bytes()), name, max_pages=max_pages)


def loaded_from(text: str, name: str, *, max_pages: int) -> LoadedDocument:
    """The same of a text that is decoded already; tables in it as Markdown has them are kept.

    Raises:
        DocumentError: there is no text, or too much of it.
    """
    pages = sections(text, max_pages=max_pages)
    return LoadedDocument(
        title=_first_line(text) or titles.from_name(name),
        media_type=MEDIA_TYPE,
        paginated=False,
        pages=pages,
        outline=(),
        state=DocumentState.READY,
        reason="",
        tables=Places(pages).tables(pipe_tables.find(text)),
    )


def _first_line(text: str) -> str:
    """The first line, if it stands alone and reads like a title."""
    first, _, rest = text.strip().partition("\n")
    alone = bool(_BLANK_LINE.match(rest))
    line = titles.tidy(first)
    if not alone or len(first) > LONGEST_TITLE or line.endswith((".", ",", ";", ":", "!", "?")):
        return ""
    return line if titles.is_meaningful(line) else ""


def decode(content: bytes, declared: str = "") -> str:
    """The text of a file: as its byte order mark says, else as is `declared`, else what fits best.

    `declared` is the name of an encoding, which may be wrong or unknown. Bytes that the encoding
    cannot hold become U+FFFD, and so do a few zeros between characters; at either end they go.

    Raises:
        DocumentError: the content is no text.
    """
    encoding, start = marked_encoding(content)
    encoding = encoding or fitting(content, declared) or encoding_of(content)
    if not encoding:
        raise unsupported("a file of an unknown binary format or text encoding")
    text = mended(content[start:])[0] if encoding == "utf-8" else ""
    text = text or content[start:].decode(encoding, errors="replace")
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    if is_wide and not is_text_throughout(text.strip("\0"), marked=start > 0):
        raise unsupported("a file of an unknown binary format")
    return _checked(text)


def sections(text: str, *, max_pages: int) -> tuple[Page, ...]:
    """The whole text in numbered sections, cut between paragraphs where there are any.

    Raises:
        DocumentError: there is no text, or more than `max_pages` sections of it.
    """
    if not text.strip():
        raise DocumentError(DocumentState.EMPTY, "The file holds no text.")
    pages: list[Page] = []
    start = 0
    while start < len(text):
        if len(pages) == max_pages:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"The text is longer than {max_pages} sections of {SECTION_CHARACTERS:,} "
                "characters. Split it, or raise TRAMONTANE_MAX_PAGES.",
            )
        end = _section_end(text, start)
        number, part = len(pages) + 1, text[start:end]
        state = PageState.TEXT if part.strip() else PageState.EMPTY
        pages.append(Page(number, str(number), part, start, state))
        start = end
    return tuple(pages)


def note_on_zeros(content: bytes) -> str:
    """A sentence on the zeros in a text, as `decode` takes them; empty where there are none."""
    encoding, start = marked_encoding(content)
    encoding = encoding or wide_encoding(content)
    zeros = content.count(0)
    if zeros and encoding.startswith(("utf-16", "utf-32")):
        zeros = content[start:].decode(encoding, errors="replace").count("\0")
    if not zeros:
        return ""
    counted = "a zero byte" if zeros == 1 else f"{zeros:,} zero bytes"
    return f"The file holds {counted}, which no text should; between characters, \ufffd is shown."


def note_on_encoding(content: bytes) -> str:
    """A sentence where `decode` had to guess what bytes stand for; empty where it is sure."""
    encoding, _ = marked_encoding(content)
    if encoding or not content or content.isascii():
        return ""
    encoding = encoding_of(content)
    if encoding == "utf-8":
        _, lines = mended(content)
        counted = "One line is" if lines == 1 else f"{lines:,} lines are"
        return f"{counted} not in UTF-8 as the rest is, and read as Windows-1252." if lines else ""
    beyond = len(content.translate(None, bytes(range(128))))
    if not encoding or beyond > MOST_BYTES or _is_sure(encoding, content):
        return ""
    return (
        f"The file does not say its character set, and is too short to tell it surely: it is read "
        f"as {encoding.replace('_', '-')}. If letters are wrong, save it as UTF-8 and add it again."
    )


def _is_sure(encoding: str, content: bytes) -> bool:
    """Whether a short text can hardly be in another set than the one that it was found to be in."""
    if encoding == "cp1252":
        return is_plain_latin(content)
    if encoding.startswith("utf-16") and 0 not in content:
        return len(content) > SHORT_WIDE_BYTES
    return encoding.startswith(SURE)


def _checked(text: str) -> str:
    controls, zeros = len(_CONTROLS.findall(text)), text.count("\0")
    is_text = has_few_zeros(text) and controls == zeros if zeros else True
    if not is_text or controls > MAX_CONTROL_SHARE * len(text) + 1:
        raise unsupported("a file of an unknown binary format")
    return text.strip("\0").replace("\0", "\ufffd")


def _section_end(text: str, start: int) -> int:
    limit = start + SECTION_CHARACTERS
    if limit >= len(text):
        return len(text)
    earliest = start + SECTION_CHARACTERS // 2
    for border in (_PARAGRAPH_END, _LINE_END):
        ends = [found.end() for found in border.finditer(text, earliest, limit)]
        if ends and not text.startswith("\n", ends[-1]):
            return ends[-1]
        if len(ends) > 1:
            return ends[-2]
    space = max(text.rfind(" ", earliest, limit), text.rfind("\t", earliest, limit))
    return space + 1 if space > 0 else boundary_before(text, limit, start)
