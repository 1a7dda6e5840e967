"""The source on the right: a page with its quotes marked, and the way to its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote as url_quote

from ingest.boxes import Rectangle
from ingest.highlights import highlights
from ingest.rendering import SHOWN, page_size
from rag.domain import Answer, Document, Page, Passage, Span, Verdict
from rag.errors import DocumentError, NotFoundError, RagError
from rag.store.trash import Kept
from ui import icons
from ui.conversation import Conversation, Turn
from ui.namesakes import Signs, render_sign, signs_of
from ui.pages import page_words
from ui.references import Reference, references
from ui.render import excerpt, render_page_text
from ui.times import written_day

if TYPE_CHECKING:
    from pathlib import Path

    from rag.wiring import Application

QUOTE_CHARACTERS = 90
GONE = "That source is gone. Ask the question again."
SEEN = "seen"  # the telling part of a passage that was opened, not quoted
EDGE_GAP = 0.012  # of a page's width, between a passage and its edge
OPEN, OTHER = "open", "other"
GUESS = "guess"  # an opened quote whose words were not found
DAMAGED = (
    "The original of {} is damaged: `tramontane check` names every original that is. Add the file "
    "again: that puts it back."
)
NOT_SAID = "These words were not found in the source: this is the passage the model pointed to."
PANE = '<div class="pg" tabindex="0" role="region" aria-label="Page">'
ZOOM = (
    f'<span class="zoom" role="group" aria-label="Size of the page">'
    f'<button type="button" data-zoom="out" aria-label="Smaller" title="Smaller">{icons.MINUS}'
    f'</button><button type="button" data-zoom="fit" aria-label="Fit the width" '
    f'title="Fit the width">{icons.FIT}</button><button type="button" data-zoom="in" '
    f'aria-label="Larger" title="Larger">{icons.PLUS}</button></span>'
)
INVITATION = (
    f'<div class="blank">{icons.QUOTE}<p>The page behind a citation opens here, '
    "with its words marked.</p></div>"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of a page to be marked, under the number or letter of its chip.

    `index` is that of its reference, None in a passage. A `doubtful` one does not say what it is
    cited for, which is the `reason`.
    """

    page: int
    label: str
    span: Span
    text: str
    number: int | str = 0
    index: int | None = None
    doubtful: bool = False
    reason: str = ""

    @property
    def place(self) -> tuple[int | str, int, Span]:
        """What two citations of the same words share."""
        return self.number, self.page, self.span


@dataclass(frozen=True, slots=True)
class View:
    """What the pane shows: a page of a document, and what is marked in that document.

    `opened` is the mark that was clicked; `turn` is the answer it belongs to; `passage` is what
    was opened as a whole, which has an edge.
    """

    document_id: str
    page: int
    turn: int | None = None
    marks: tuple[Mark, ...] = ()
    opened: Mark | None = None
    passage: Span | None = None


def view_citation(
    conversation: Conversation, turn: int, index: int, page: int | None = None
) -> View:
    """The page of a reference (or another of its document), with the answer's quotes of it.

    Raises:
        NotFoundError: the conversation has no such reference.
    """
    found = references(_find_answer(_find_turn(conversation, turn)))
    if not 0 <= index < len(found):
        raise NotFoundError(GONE)
    opened = found[index].quote
    marks = [
        _mark_of(reference, position)
        for position, reference in enumerate(found)
        if reference.quote.document.id == opened.document.id
    ]
    chosen = next(mark for mark in marks if mark.index == index)
    return View(opened.document.id, page or opened.page, turn, tuple(marks), chosen)


def _mark_of(reference: Reference, index: int) -> Mark:
    quote = reference.quote
    return Mark(
        *(quote.page, quote.label, Span(quote.start, quote.end), quote.text),
        *(reference.sign, index, reference.verdict is Verdict.UNSUPPORTED, reference.reason),
    )


def view_nearest(conversation: Conversation, turn: int, index: int) -> View:
    """The page of a passage that did not suffice for an answer.

    Raises:
        NotFoundError: the conversation has no such passage.
    """
    found = _find_turn(conversation, turn)
    return _view_one_of(_find_answer(found).nearest, index, found)


def view_passage(conversation: Conversation, turn: int, index: int) -> View:
    """The page of a passage that was found for an answer.

    Raises:
        NotFoundError: the conversation has no such passage.
    """
    found = _find_turn(conversation, turn)
    return _view_one_of(_find_answer(found).passages, index, found)


def _view_one_of(passages: Sequence[Passage], index: int, turn: Turn) -> View:
    if not 0 <= index < len(passages):
        raise NotFoundError(GONE)
    passage = passages[index]
    whole, part = Span(passage.start, passage.end), turn.telling_part(passage)
    mark = None if part is None else Mark(passage.page, passage.label, part, "")
    marks = () if mark is None else (mark,)
    return View(passage.document.id, passage.page, turn.number, marks, mark, whole)


def render_source(application: Application, view: View) -> str:
    """The HTML of the pane; a page that cannot be shown is one sentence."""
    try:
        cited = application.catalog.cited
        document, newer = cited.document(view.document_id), cited.replaced(view.document_id)
        apart = signs_of(application.catalog, document.library_id)
        if document.page_count == 0:
            return _render_head(document, None, view, apart) + _render_sentence(document.reason)
        page = cited.page(view.document_id, view.page)
        body = _render_page(application, document, page, view)
    except RagError as error:
        return render_note(str(error))
    note = _render_age(newer) + _render_doubt(view.opened)
    below = _render_here(document, page) + _render_quotes(document, view)
    return _render_head(document, page, view, apart) + note + body + below


def render_note(sentence: str) -> str:
    """The pane with nothing but a sentence."""
    return render_bar("<h2>Source</h2>") + _render_sentence(sentence)


def render_bar(content: str) -> str:
    """The bar on top of the pane, with what closes it where it covers the page."""
    return (
        f'<div class="vh">{content}<button type="button" class="close" data-close="source" '
        f'aria-label="Close the source">{icons.CROSS}</button></div>'
    )


def _find_turn(conversation: Conversation, number: int) -> Turn:
    found = conversation.turn(number)
    if found is None:
        raise NotFoundError(GONE)
    return found


def _find_answer(turn: Turn) -> Answer:
    if turn.answer is None:
        raise NotFoundError(GONE)
    return turn.answer


def _render_sentence(sentence: str) -> str:
    return f'<div class="blank"><p>{escape(sentence)}</p></div>'


def _render_head(document: Document, page: Page | None, view: View, apart: Signs) -> str:
    title = escape(document.title or document.name)
    steps = ZOOM if page is not None else ""
    if page is not None and document.page_count > 1:
        steps += (
            f'<span class="turns">{_step(view, page.number - 1, document, "Previous page")}'
            f'<span class="pn">{_position(document, page)}</span>'
            f"{_step(view, page.number + 1, document, 'Next page')}</span>"
        )
    steps += (
        f'<button type="button" class="report-on" data-event="report" '
        f'data-id="{escape(document.id)}" aria-label="Report on {title}" title="Report">'
        f"{icons.REPORT}</button>"
    )
    called = f"{title}{render_sign(document, apart)}"
    return render_bar(f'<h2 title="{escape(document.name)}">{called}</h2>{steps}')


def _position(document: Document, page: Page) -> str:
    if not document.paginated:
        return f"part {page.number} of {document.page_count}"
    if page.label and page.label != str(page.number):
        place = f"({page.number} of {document.page_count})"
        return f'{escape(page_words(page.number, page.label))}<span class="of"> {place}</span>'
    return f"p. {page.number} of {document.page_count}"


def _step(view: View, number: int, document: Document, name: str) -> str:
    icon = icons.LEFT if name.startswith("Prev") else icons.RIGHT
    disabled = "" if 1 <= number <= document.page_count else " disabled"
    return (
        f'<button type="button" data-event="flip" data-id="{escape(document.id)}" '
        f'data-page="{number}"{_answer_reference(view)} aria-label="{name}"{disabled}>'
        f"{icon}</button>"
    )


def _render_age(newer: Kept | None) -> str:
    """That what is opened is an earlier version, if it is one."""
    if newer is None:
        return ""
    now, day = newer.document, written_day(newer.since)
    sentence = f"An earlier version of {now.title or now.name}, replaced on {day}."
    return f'<p class="doubt-note" role="note">{escape(sentence)}</p>'


def _render_doubt(opened: Mark | None) -> str:
    """Why what is opened does not bear out what it is cited for."""
    if opened is None or not opened.doubtful:
        return ""
    sentence = f"Not backed: {opened.reason}." if opened.reason else NOT_SAID
    return f'<p class="doubt-note" role="note">{escape(sentence)}</p>'


def _answer_reference(view: View) -> str:
    if view.turn is None or view.opened is None or view.opened.index is None:
        return ""
    return f' data-turn="{view.turn}" data-index="{view.opened.index}"'


def _render_page(application: Application, document: Document, page: Page, view: View) -> str:
    if document.media_type not in SHOWN:
        spans = {mark.span: name for mark, name in _marks_in_order(view, page.number)}
        text = render_page_text(page.text, spans, view.passage)
        return f'{PANE}<div class="text">{text}</div></div>'
    path = application.catalog.cited.original(document.id)
    # A PDF of which the end is missing is mended when it is opened: its pages are white.
    if path.stat().st_size != document.size_bytes:
        return _render_sentence(DAMAGED.format(document.name))
    try:
        return _render_sheet(application, document, page, view, path)
    except DocumentError:
        return _render_sentence(DAMAGED.format(document.name))


def _render_sheet(
    application: Application, document: Document, page: Page, view: View, path: Path
) -> str:
    """The picture of a page, with its marks upon it."""
    marks = _marks_in_order(view, page.number)
    width, height = page_size(path, page.number)
    words = application.catalog.cited.words(document.id, page.number)

    def find(span: Span) -> list[Rectangle]:
        return highlights(path, document, page, words, span.start, span.end)

    boxes = [] if view.passage is None else _render_edges(find(view.passage))
    for mark, name in reversed(marks):  # the opened one last: above the others
        for box in find(mark.span):
            boxes.append(
                f'<i class="hl {name}" style="left:{box.left:.3%};top:{box.top:.3%};'
                f'width:{box.right - box.left:.3%};height:{box.bottom - box.top:.3%}"></i>'
            )
    source = f"documents/{url_quote(document.id, safe='')}/pages/{page.number}.jpg"
    name = escape(f"Page {page.label or page.number} of {document.title or document.name}")
    return (
        f'{PANE}<div class="sheet" data-points="{width:.0f}" '
        f'style="aspect-ratio:{width:.2f}/{height:.2f}">'
        f'<img src="{source}" alt="{name}">{"".join(boxes)}</div></div>'
    )


def _render_edges(passage: Sequence[Rectangle]) -> list[str]:
    """A thin line left of a passage, one for each column it stands in."""
    columns: list[list[Rectangle]] = []
    for box in passage:
        if not columns or box.bottom < columns[-1][-1].top:
            columns.append([])
        columns[-1].append(box)
    edges = []
    for boxes in columns:
        left = max(0.0, min(box.left for box in boxes) - EDGE_GAP)
        top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
        edges.append(
            f'<i class="edge" style="left:{left:.3%};top:{top:.3%};height:{bottom - top:.3%}"></i>'
        )
    return edges


def _marks_in_order(view: View, page: int) -> list[tuple[Mark, str]]:
    """The marks of a page and their classes, the opened one first."""
    here = [mark for mark in view.marks if mark.page == page]
    opened = [mark for mark in here if mark == view.opened]
    others = [
        mark
        for mark in here
        if not mark.doubtful and (view.opened is None or mark.span != view.opened.span)
    ]
    return [(mark, _class_of(mark)) for mark in opened] + [(mark, OTHER) for mark in others]


def _class_of(opened: Mark) -> str:
    if opened.index is None:
        return SEEN
    return GUESS if opened.doubtful else OPEN


def _render_here(document: Document, page: Page) -> str:
    """The page that is shown, for the thread to name as the right one of a marked question."""
    title = document.title or document.name
    place = f"{title}, {page_words(page.number, page.label)}" if document.paginated else title
    return (
        f'<i class="here" hidden data-id="{escape(document.id)}" data-page="{page.number}" '
        f'data-place="{escape(place)}"></i>'
    )


def _render_quotes(document: Document, view: View) -> str:
    quotes = _each_once([mark for mark in view.marks if mark.index is not None])
    if not quotes or view.turn is None:
        return ""
    rows = "".join(_render_quote(mark, view, paginated=document.paginated) for mark in quotes)
    return (
        f'<div class="qs"><div class="h"><h3>Quoted from this document</h3>'
        f"<span>{len(quotes)}</span></div>{rows}</div>"
    )


def _each_once(marks: Sequence[Mark]) -> list[Mark]:
    """The marks of different words; of those of the same words, one that is not doubtful."""
    once: dict[tuple[int | str, int, Span], Mark] = {}
    for mark in marks:
        if mark.place not in once or once[mark.place].doubtful:
            once[mark.place] = mark
    return list(once.values())


def _render_quote(mark: Mark, view: View, *, paginated: bool) -> str:
    current = ' aria-current="true"' if view.opened and mark.place == view.opened.place else ""
    where = escape(page_words(mark.page, mark.label)) if paginated else ""
    return (
        f'<button type="button" class="qq" data-event="cite" data-turn="{view.turn}" '
        f'data-index="{mark.index}"{current}>'
        f'<span class="cite{" doubt" * mark.doubtful}">{escape(str(mark.number))}</span>'
        f"<b>{escape(excerpt(mark.text, QUOTE_CHARACTERS))}</b>"
        f"<span>{where}</span></button>"
    )
