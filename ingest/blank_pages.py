"""Tells blank pages of PDF files from those whose content is damaged or not in the file.

pdfium shows nothing of either. qpdf (through pikepdf) is asked only for pages that seem empty, and
opens the file for the first of them.
"""

from __future__ import annotations

import mmap
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pikepdf

from ingest.pdfium import OpenPdf
from ingest.repair import ODD_FILE_ERRORS

MAX_CONTENT_BYTES = 1_000_000  # of a page that shows nothing; more is not looked at
MAX_PAGES = 100_000
MAX_DEPTH = 64
_COMMENT = re.compile(rb"%[^\r\n]*")
_OBJECT = re.compile(rb"(\d{1,8})\s+\d{1,5}\s+obj\b")
_CONTENTS = re.compile(rb"/Contents\s*(?:\[\s*)?(\d{1,8})\s+\d{1,5}\s+R")
_MOST_OF_A_PAGE = 20_000  # bytes of a page's own entries, before /Contents

_SHOWING = frozenset(["Tj", "TJ", "'", '"', "Do", "sh", "EI", "INLINE IMAGE"])
_STRINGS = frozenset(["Tj", "TJ", "'", '"'])
# All others of content streams: ISO 32000-2, annex A.
_SILENT = re.compile(
    r"[bBfW]\*?|T[*cdDfLmrswz]|[cdFgGhijJkKlmMnqQsSvwy]|d[01]|DP|[cC][sS]|cm|gs|re|RG|rg|ri|SCN?|scn?"
    r"|B[TX]|E[TX]|MP|BMC|BDC|EMC"
)
_ERRORS = (*ODD_FILE_ERRORS, UserWarning)  # warnings are errors here


class BlankPages:
    """The pages of one file, to be asked which of those without words have none to show.

    A file that qpdf cannot read holds nothing against its pages.
    """

    def __init__(self, document: OpenPdf, path: Path) -> None:
        self._document, self._path = document, path
        self._opened = ExitStack()
        self._pages: list[pikepdf.Object | None] | None = None
        self._cut_off: frozenset[int] | None = None

    def close(self) -> None:
        """Close the file; nothing is asked afterwards."""
        self._opened.close()

    def is_blank(self, number: int, *, shows_nothing: bool) -> bool:
        """Whether a page without words, counted from 1, is blank as its maker wanted it.

        `shows_nothing` is whether pdfium found nothing at all on it, not even a line.
        """
        if self._pages is None:
            self._pages = self._open()
        if number > len(self._pages):
            return True
        page = self._pages[number - 1]
        if not isinstance(page, pikepdf.Dictionary):
            return True
        try:
            contents = page.get("/Contents")
            if contents is None:
                return not self._is_cut_off(page)
            streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
            content = b"\n".join(stream.read_bytes() for stream in streams)
            return _draws_nothing(content, shows_nothing=shows_nothing)
        except _ERRORS:
            return False

    def _open(self) -> list[pikepdf.Object | None]:
        try:
            source = self._opened.enter_context(self._document.source())
            document = self._opened.enter_context(pikepdf.open(source))
            return list(_leaves(document.Root.get("/Pages"), 0))[:MAX_PAGES]
        except _ERRORS:
            return []

    def _is_cut_off(self, page: pikepdf.Object) -> bool:
        """Whether the file names a content of the page that is not in it.

        qpdf drops the names of what is missing, so that they are looked for in the bytes. It gives
        pages new numbers in a repaired file, where any that lost its content tells of the others.
        """
        if self._cut_off is None:
            self._cut_off = _pages_without_their_content(self._path)
        if self._document.mended is not None:
            return bool(self._cut_off)
        return page.objgen[0] in self._cut_off


def _leaves(node: pikepdf.Object | None, depth: int) -> Iterator[pikepdf.Object | None]:
    """The pages below a node, as pdfium counts them: also those that are none."""
    kids = node.get("/Kids") if isinstance(node, pikepdf.Dictionary) else None
    if not isinstance(kids, pikepdf.Array):
        yield node
    elif depth < MAX_DEPTH:
        for kid in kids:
            yield from _leaves(kid, depth + 1)


def _pages_without_their_content(path: Path) -> frozenset[int]:
    """The numbers of the objects in plain bytes whose /Contents is no object of the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        named: dict[int, int] = {}
        for contents in _CONTENTS.finditer(content):
            begin = content.rfind(
                b" obj", max(contents.start() - _MOST_OF_A_PAGE, 0), contents.end()
            )
            entry = _OBJECT.search(content, max(begin - 16, 0), contents.start())
            if entry is not None:
                named[int(entry[1])] = int(contents[1])
        missing = set(named.values())
        if missing:
            missing.difference_update(int(entry[1]) for entry in _OBJECT.finditer(content))
    return frozenset(page for page, contents in named.items() if contents in missing)


def _draws_nothing(content: bytes, *, shows_nothing: bool) -> bool:
    """Whether the operators of a page are PDF's, and none would show what pdfium did not find."""
    if len(content) > MAX_CONTENT_BYTES:
        return True
    if not _COMMENT.sub(b"", content).strip(b"\0\t\n\f\r "):
        return True
    with pikepdf.new() as scratch, warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of content that ends before an operator
        instructions = list(pikepdf.parse_content_stream(scratch.make_stream(content)))
    if not instructions:
        return False
    for instruction in instructions:
        name = str(instruction.operator)
        if name in _SHOWING:
            if shows_nothing and not _is_void(instruction):
                return False
        elif not _SILENT.fullmatch(name):
            return False
    return True


def _is_void(
    instruction: pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage,
) -> bool:
    """Whether text is shown that has no character: an empty string, or an array of such."""
    if str(instruction.operator) not in _STRINGS or not len(instruction.operands):
        return False
    shown = instruction.operands[-1]
    parts = list(shown) if isinstance(shown, pikepdf.Array) else [shown]
    return all(not bytes(part) for part in parts if isinstance(part, pikepdf.String))
