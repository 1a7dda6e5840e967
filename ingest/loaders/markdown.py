"""Reads Markdown: plain text with headings and tables."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest import raised, titles
from ingest.loaded import Heading, LoadedDocument
from ingest.loaders import text as plain_text
from rag.domain import Page
from rag.intake import Table

MEDIA_TYPE = "text/markdown"
MAX_HEADING = 300  # characters

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|]|[-*+](?:\s|$)|\d{1,9}[.)]\s|<[!/a-zA-Z])")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`]+|(?<!\w)_+|_+(?!\w)|<[^>]+>")
_FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(?=[\w-]+[ \t]*:)(?:.*\r?\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|$)"
)


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a Markdown file; its first heading of level 1 is its title.

    Raises:
        DocumentError: the file holds no text, something else than text, or too much of it.
    """
    return loaded_from(plain_text.decode(path.read_bytes()), name, max_pages=max_pages)


def loaded_from(text: str, name: str, *, max_pages: int) -> LoadedDocument:
    """The same of a text that is decoded already.

    Raises:
        DocumentError: there is no text, or too much of it.
    """
    text = raised.in_markup(text)
    plain = plain_text.loaded_from(text, name, max_pages=max_pages)
    found = list(headings(text))
    outline = tuple(placed(heading, plain.pages) for heading in found)
    first = next((heading.title for heading in found if heading.level == 1), "")
    return replace(
        plain,
        title=titles.tidy(first) or plain.title,
        media_type=MEDIA_TYPE,
        outline=outline,
        tables=tuple(replace(table, name=_name(table, outline)) for table in plain.tables),
    )


def _name(table: Table, outline: Sequence[Heading]) -> str:
    """The heading that a table stands below."""
    place = (table.page, table.rows[0].start)
    return next((it.title for it in reversed(outline) if (it.page, it.start or 0) < place), "")


def headings(text: str) -> Iterator[Heading]:
    """Headings underlined or marked with `#`, outside code; `start` counts in the whole text."""
    paragraph: list[_Line] = []
    for line in _prose(text):
        marked = _ATX.match(line.text) if len(line.text) <= MAX_HEADING else None
        underline = _SETEXT.match(line.text)
        if marked and (title := _plain(marked[2] or "")):
            yield Heading(len(marked[1]), title, 1, line.start)
        elif underline and len(paragraph) == 1 and (title := _plain(paragraph[0].text)):
            yield Heading(1 if underline[1][0] == "=" else 2, title, 1, paragraph[0].start)
        elif line.text.strip() and not _NO_PARAGRAPH.match(line.text) and not marked:
            paragraph.append(line)
            continue
        paragraph.clear()


def _prose(text: str) -> Iterator[_Line]:
    """The lines outside fenced code; a fence counts as an empty line."""
    fence = ""
    for line in _lines(text):
        opening = _FENCE.match(line.text)
        if fence:
            if opening and opening[1].startswith(fence) and not opening[2].strip():
                fence = ""
        elif opening and not (opening[1][0] == "`" and "`" in opening[2]):
            fence = opening[1]
            yield _Line(line.start, "")
        else:
            yield line


def _lines(text: str) -> Iterator[_Line]:
    front_matter = _FRONT_MATTER.match(text)
    for found in _LINE.finditer(text, front_matter.end() if front_matter else 0):
        yield _Line(found.start(), found[0].rstrip("\r\n"))


def _plain(title: str) -> str:
    return titles.tidy(_MARKUP.sub(r"\1", title[:MAX_HEADING]))


def placed(heading: Heading, pages: Sequence[Page]) -> Heading:
    """A heading on its page; its `start` counted in the whole text of the pages."""
    start = heading.start or 0
    index = bisect_right([page.offset for page in pages], start) - 1
    return replace(heading, page=index + 1, start=start - pages[index].offset)
