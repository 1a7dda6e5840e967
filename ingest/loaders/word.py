"""Reads Word documents: headings, paragraphs, lists, tables, notes, headers and footers."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ingest import archive, grid, titles
from ingest.composer import Composed, Composer
from ingest.loaded import LoadedDocument
from ingest.loaders.numbering import Numbering
from ingest.loaders.wordbody import COMMENT, Block, Body, Kind
from ingest.loaders.wordparts import HIDDEN, Notes, Within
from ingest.loaders.wordstyles import Styles
from ingest.ooxml import Package, Part
from rag.domain import DocumentState
from rag.errors import DocumentError

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ZIP = b"PK\x03\x04"
MAIN_PART = "word/document.xml"
_UNREADABLE = (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, EOFError)
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|página|pagina)?\W*\d*\W*(?:(?:of|von|de|di|sur)?\W*\d+)?\W*", re.IGNORECASE
)
_MARGINS = {"header": "Page header", "footer": "Page footer"}


def is_word(path: Path) -> bool:
    """Whether a file is an archive that holds a Word document."""
    with path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            return False
    with suppress(*_UNREADABLE), zipfile.ZipFile(path) as opened:
        return any(name.startswith("word/") for name in opened.namelist())
    return False


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a Word document, in sections; numbered headings and items keep their numbers.

    A footnote or a comment stands below the paragraph that refers to it; what the pages have at
    their top and bottom stands once, at the end. What was deleted while changes were tracked is
    left out, and so is hidden text, which the reason tells. Files embedded in it
    become attachments.

    Raises:
        DocumentError: it is damaged, too large, or holds no text.
    """
    with archive.opened(path) as opened:
        package, within, styles = Package(opened), Within(), Styles()
        blocks = _blocks(package, within, styles)
        margins = list(_margins(package, within, styles))
        written = _title(blocks, package)
        within.add_embedded(package)
    composer = Composer()
    _compose(composer, [*blocks, *margins])
    is_bare = not composer.length and bool(within.files)
    if not composer.length and not is_bare and within.has_hidden:
        raise DocumentError(DocumentState.EMPTY, f"The document shows no text. {HIDDEN}")
    composed = Composed((), (), ()) if is_bare else composer.finish(max_pages)
    first = next((each.title for each in composed.outline if each.level == 1), "")
    title = written or titles.tidy(first) or titles.from_name(name)
    document = composed.document(title, MEDIA_TYPE, reason=within.reason)
    return replace(document, attachments=tuple(within.files), left_out=within.lost)


def read_text(path: Path) -> str:
    """The text of a Word document, as Markdown.

    Paragraphs are separated by blank lines; headings, list items and table rows are marked as in
    Markdown. What was deleted while changes were tracked is left out.

    Raises:
        DocumentError: the file is damaged, or too large.
    """
    with archive.opened(path) as opened:
        blocks = _blocks(Package(opened), Within(), Styles())
    pieces: list[str] = []
    before = Kind.TABLE
    for block in blocks:
        for kind, said in _marked(block):
            pieces += ["\n" if kind is before is Kind.ITEM else "\n\n", said]
            before = kind
    return "".join(pieces[1:])


def _blocks(package: Package, within: Within, styles: Styles) -> list[Block]:
    """What the document says, in order; `within` takes the texts that are files of their own.

    `styles` become those of the document.
    """
    main = package.main_part(MAIN_PART)
    relations = package.relations(main)
    targets = [(each.kind, each.target) for each in relations]
    targets += [("styles", "word/styles.xml"), ("numbering", "word/numbering.xml")]
    parts = {kind: target for kind, target in reversed(targets) if target in package}
    numbering = Numbering()
    for kind, part in (("styles", styles), ("numbering", numbering)):
        _read_aside(package, parts.get(kind), part)
    notes: dict[tuple[str, str], str] = {}
    for kind in ("footnote", "endnote", "comment"):
        found = Notes(kind, styles)
        _read_aside(package, parts.get(f"{kind}s"), found)
        within.has_hidden |= found.has_hidden
        notes.update(found.said())
    body = Body(styles, numbering, notes, within.add_chunks(package, relations))
    package.read(main, body)
    within.has_hidden |= body.has_hidden
    unplaced = (
        text for key, text in notes.items() if key[0] == COMMENT and key not in body.commented
    )
    return [*body.blocks, *(Block(Kind.PARAGRAPH, text) for text in unplaced)]


def _read_aside(package: Package, name: str | None, part: Part) -> None:
    """Read a part that the document can be read without."""
    if name is not None:
        try:
            package.read(name, part)
        except DocumentError as error:
            if error.state is not DocumentState.DAMAGED:
                raise


def _margins(package: Package, within: Within, styles: Styles) -> Iterator[Block]:
    """What stands at the top and the bottom of the pages, each once."""
    seen: set[str] = set()
    for each in package.relations(package.main_part(MAIN_PART)):
        if each.kind in _MARGINS and each.target in package:
            body = Body(styles, Numbering())
            _read_aside(package, each.target, body)
            within.has_hidden |= body.has_hidden
            lines = [" ".join(block.text.split()) or _flat(block) for block in body.blocks]
            text = " | ".join(line for line in lines if not _PAGE_NUMBER.fullmatch(line))
            if text and text not in seen:
                seen.add(text)
                yield Block(Kind.PARAGRAPH, f"{_MARGINS[each.kind]}: {text}")


def _flat(block: Block) -> str:
    return " | ".join(cell for row in block.rows for cell in row if cell)


def _title(blocks: Iterable[Block], package: Package) -> str:
    """What the document calls itself."""
    titled = next((each.text for each in blocks if each.kind is Kind.TITLE), "")
    if titled:
        return titles.tidy(titled)
    try:
        kept = titles.tidy(package.title())
    except DocumentError:
        return ""
    return kept if titles.is_meaningful(kept) else ""


def _compose(composer: Composer, blocks: Iterable[Block]) -> None:
    caption = ""
    for block in blocks:
        if block.kind is Kind.TABLE:
            _compose_table(composer, block, caption)
        elif block.level and block.kind in (Kind.HEADING, Kind.TITLE):
            composer.heading(f"{block.mark} {block.text}".strip(), block.level)
        elif block.kind is Kind.ITEM:
            composer.item(f"{'  ' * block.level}{block.mark} {block.text}")
        else:
            composer.paragraph(block.text)
        for note in block.notes:
            composer.paragraph(note)
        caption = block.text if block.kind is Kind.CAPTION else ""


def _compose_table(composer: Composer, block: Block, caption: str) -> None:
    width = max(map(len, block.rows))
    rows = [row + [""] * (width - len(row)) for row in block.rows]
    if width == 1:
        for row in rows:
            composer.paragraph(row[0])
        return
    table = grid.headed(rows, block.headed)
    composer.paragraph(*table.lines)
    name = titles.tidy(caption or " ".join(table.lines))
    composer.table(table.rows, name=name, header=table.header)


def _marked(block: Block) -> Iterator[tuple[Kind, str]]:
    """A block and its notes as Markdown."""
    if block.kind is Kind.TABLE:
        yield block.kind, "\n".join(_marked_rows(block.rows))
    elif block.level and block.kind in (Kind.HEADING, Kind.TITLE):
        yield block.kind, f"{'#' * block.level} {f'{block.mark} {block.text}'.strip()}"
    else:
        yield block.kind, f"- {block.text}" if block.kind is Kind.ITEM else block.text
    for note in block.notes:
        yield Kind.PARAGRAPH, note


def _marked_rows(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The rows of a table; the first one heads the others."""
    for place, row in enumerate(rows):
        cells = [cell.replace("|", "\\|") for cell in row]
        yield f"| {' | '.join(cells)} |"
        if not place:
            yield "| --- " * len(cells) + "|"
