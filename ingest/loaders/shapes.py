"""Takes the text out of the shapes of a slide, in the order in which they are read."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lxml import etree
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.shapes.picture import Picture

from ingest import grid, raised
from ingest.numerals import shown
from ingest.spans import ACROSS, Covered

if TYPE_CHECKING:
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide
    from pptx.table import Table, _Cell
    from pptx.text.text import TextFrame

ITEM = "- "
ROW_HEIGHT = 228_600  # EMU, a quarter of an inch: shapes that begin as high stand side by side
DEEPEST = 20  # groups in one another
MAX_POINTS = 10_000  # of a series in a chart
UNREADABLE = (
    *(PythonPptxError, etree.LxmlError, AttributeError, LookupError, TypeError, ValueError),
    *(ArithmeticError, NotImplementedError, AssertionError, RecursionError, struct.error),
)
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_BREAK = f"{_DRAWING}br"
_RUNS = (f"{_DRAWING}r", _BREAK, f"{_DRAWING}fld")
_UNSEEN = (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.DATE)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together, or a table."""

    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    header: tuple[str, ...] = ()
    name: str = ""


def title_of(slide: Slide) -> str:
    """The title of a slide on one line, empty where it has none."""
    title = slide.shapes.title
    return (
        grid.clean(_text_of(title.text_frame)) if title is not None and title.has_text_frame else ""
    )


def parts_of(slide: Slide) -> list[Part]:
    """What a slide says below its title: from top to bottom, then what its speaker notes."""
    title = slide.shapes.title
    skipped = title.shape_id if title is not None else None
    parts = [
        part
        for shape in _in_order(slide.shapes)
        if shape.shape_id != skipped
        for part in _parts(shape, 0)
    ]
    for choice in slide.element.iter(_CHOICE):
        parts += _text(_paragraphs(choice))
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        notes = [line for line in map(grid.clean, _text_of(frame).splitlines()) if line]
        if notes:
            parts.append(Part((f"Speaker notes: {notes[0]}", *notes[1:])))
    return parts


def _in_order(shapes: Iterable[BaseShape]) -> Iterator[BaseShape]:
    """From top to bottom, and from left to right where they begin equally high."""
    row: list[BaseShape] = []
    for shape in sorted(shapes, key=lambda shape: shape.top or 0):
        if row and (shape.top or 0) - (row[0].top or 0) > ROW_HEIGHT:
            yield from sorted(row, key=lambda shape: shape.left or 0)
            row = []
        row.append(shape)
    yield from sorted(row, key=lambda shape: shape.left or 0)


def _parts(shape: BaseShape, depth: int) -> Iterator[Part]:
    if isinstance(shape, GroupShape):
        if depth < DEEPEST:
            for inner in _in_order(shape.shapes):
                yield from _parts(inner, depth + 1)
    elif isinstance(shape, GraphicFrame):
        yield from _of_frame(shape)
    elif isinstance(shape, Picture):
        picture: Any = shape._element
        described = grid.clean(picture.nvPicPr.cNvPr.get("descr", ""))
        yield from _text([f"[image: {described}]" if described else ""])
    elif shape.has_text_frame and not _is_unseen(shape):
        frame: TextFrame = shape.text_frame  # type: ignore[attr-defined]  # that it has one was asked
        yield from _statements(_lines(frame))


def _is_unseen(shape: BaseShape) -> bool:
    return shape.is_placeholder and shape.placeholder_format.type in _UNSEEN


def _lines(frame: TextFrame) -> Iterator[str]:
    """The paragraphs; where there are several, those below the highest level are items."""
    for paragraph in frame.paragraphs:
        text = grid.clean(_said(paragraph._p))
        if text:
            indent = "  " * (paragraph.level - 1) + ITEM if paragraph.level else ""
            yield indent + text


def _statements(lines: Iterable[str]) -> list[Part]:
    """Each paragraph with the items below it: no line of a slide goes on in the next one."""
    parts: list[list[str]] = []
    for line in lines:
        if parts and line.lstrip().startswith(ITEM):
            parts[-1].append(line)
        else:
            parts.append([line])
    return [Part(tuple(part)) for part in parts]


def _text_of(frame: TextFrame) -> str:
    return "\n".join(_said(paragraph._p) for paragraph in frame.paragraphs)


def _said(paragraph: Any) -> str:
    """The text of a paragraph; what its runs raise or lower stays apart from what is before it."""
    pieces: list[str] = []
    for run in paragraph.iterchildren(*_RUNS):
        if run.tag == _BREAK:
            pieces.append("\v")
            continue
        properties, text = run.find(f"{_DRAWING}rPr"), run.findtext(f"{_DRAWING}t") or ""
        level = properties.get("baseline", "") if properties is not None else ""
        high = level.strip("-0%.").isdigit()
        shift = (-1 if level.startswith("-") else 1) if high else 0
        pieces.append(raised.shifted(text, "".join(pieces[-2:]), shift=shift))
    return raised.with_fractions("".join(pieces))


def _text(lines: Iterable[str]) -> list[Part]:
    said = tuple(line for line in lines if line)
    return [Part(said)] if said else []


def _of_frame(shape: GraphicFrame) -> Iterator[Part]:
    """What stands in a table, a chart or a diagram."""
    if shape.has_table:
        yield from _of_table(shape.table)
    elif shape.has_chart:
        yield from _of_chart(shape.chart.element)
    else:
        for relation in shape.element.iter(f"{_DIAGRAM}relIds"):
            part = shape.part.related_part(relation.get(f"{_RELATION}dm", ""))
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            yield from _text(_paragraphs(etree.fromstring(part.blob, parser)))


def _of_table(table: Table) -> Iterator[Part]:
    rows: list[list[str]] = []
    for row in table.rows:
        cells = [
            _cell(cell, rows[-1][place:] if rows else []) for place, cell in enumerate(row.cells)
        ]
        if any(cell and not isinstance(cell, Covered) for cell in cells):
            rows.append(cells)
    if len(rows) < 2:
        yield from _text(" | ".join(filter(None, row)) for row in rows)
        return
    found = grid.headed(rows, int(table.first_row))
    yield Part(found.lines, tuple(found.rows), found.header, " ".join(found.lines))


def _cell(cell: _Cell, above: Sequence[str]) -> str:
    """A cell; of one that is merged with others, what it is there."""
    text = grid.clean(_text_of(cell.text_frame))
    if text or not cell.is_spanned:
        return text
    merged: Any = cell._tc  # python-pptx tells only that it is merged, not with which
    return Covered(above[0]) if merged.vMerge and above else ACROSS


def _of_chart(chart: Any) -> Iterator[Part]:
    """The values behind a chart, a table for all series with the same categories."""
    title = " ".join(_paragraphs(next(chart.iter(f"{_CHART}title"), None)))
    tables: dict[tuple[tuple[int, str], ...], list[tuple[str, dict[int, str]]]] = {}
    for series in chart.iter(f"{_CHART}ser"):
        names = _points(series, "cat") or _points(series, "xVal")
        values = _points(series, "val") or _points(series, "yVal")
        places = sorted({*names, *values})
        categories = tuple((place, names.get(place, str(place + 1))) for place in places)
        name = " ".join(_points(series, "tx").values())
        tables.setdefault(categories, []).append((name, values))
    for categories, columns in tables.items():
        header = ("", *(name for name, _ in columns))
        rows = [
            (category, *(values.get(place, "") for _, values in columns))
            for place, category in categories
        ]
        heading = (header,) if any(header) else ()
        said = (f"Chart: {title}" if title else "Chart",)
        yield Part(said, (*heading, *rows), header if heading else (), title)


def _points(series: Any, name: str) -> dict[int, str]:
    """The texts or numbers that a chart keeps of its data, by their places."""
    found: dict[int, str] = {}
    for points in series.iterchildren(f"{_CHART}{name}"):
        code = next((each.text or "" for each in points.iter(f"{_CHART}formatCode")), "")
        is_number = next(points.iter(f"{_CHART}numCache", f"{_CHART}numLit"), None) is not None
        for point in points.iter(f"{_CHART}pt"):
            place, text = point.get("idx", ""), point.findtext(f"{_CHART}v") or ""
            if place.isascii() and place.isdigit() and int(place) < MAX_POINTS:
                shown_text = _number(text, code) if is_number else grid.clean(text)
                found.setdefault(int(place), shown_text)
    return found


def _number(text: str, code: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return grid.clean(text)
    return shown(value, code) if math.isfinite(value) else ""


def _paragraphs(element: Any) -> Sequence[str]:
    """The texts of all paragraphs within an element."""
    if element is None:
        return ()
    return [
        said for paragraph in element.iter(f"{_DRAWING}p") if (said := grid.clean(_said(paragraph)))
    ]
