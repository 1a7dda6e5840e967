"""The report of a document: page by page what was read, how, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

from ingest.outcomes import page_counts
from rag.domain import Document, Library, Page, PageState
from rag.intake import Job, Member, Table
from rag.store.trash import Kept
from ui import icons
from ui.containing import render_within
from ui.namesakes import Signs, render_sign
from ui.pages import page_words
from ui.progress import LEAST_DOLLARS, cost, render_work
from ui.rereading import Again, render_again_work
from ui.times import written_day
from ui.viewer import render_bar

STATES = {
    PageState.TEXT: "text",
    PageState.OCR: "OCR",
    PageState.EMPTY: "empty",
    PageState.NEEDS_OCR: "needs OCR",
    PageState.FAILED: "failed",
}
UNREAD = (PageState.NEEDS_OCR, PageState.FAILED)
PAGES_AT_ONCE = 10  # that one press reads again: each is read while the reader waits
FEW_TABLES = 8
BUSY = ' aria-disabled="true"'  # at work, it keeps the focus


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring pages that ended alike, from `first` to `last`."""

    state: PageState
    reason: str
    first: Page
    last: Page

    @property
    def count(self) -> int:
        """How many pages they are."""
        return self.last.number - self.first.number + 1


NO_OCR = (
    "No OCR is at work here. Install tesseract or set a key of La Plateforme, see that "
    "TRAMONTANE_OCR is not off, and start again."
)


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to tell of a document; `job` is the last one about it, if it is remembered.

    It may be moved from its library to the `others`. `reading` are the pages that are being read
    again, and `state` is the list's own. `dollars_per_page` is what OCR takes, None where there is
    none.
    """

    document: Document
    pages: Sequence[Page]
    tables: Sequence[Table] = ()
    job: Job | None = None
    reading: frozenset[int] = frozenset()
    state: str = ""
    dollars_per_page: float | None = 0.0
    versions: Sequence[Kept] = ()
    members: Sequence[Member] = ()  # the files that came in it
    also: Sequence[str] = ()  # the other names under which it was handed over
    also_in: Sequence[str] = ()  # the files that held it besides
    library: Library | None = None
    others: Sequence[Library] = ()
    apart: Signs = field(default_factory=dict)  # what tells documents of one name apart
    again: Again | None = None  # how far the pages are that are being read again

    @property
    def is_going(self) -> bool:
        """Whether something is still to happen to the document."""
        return self.job is not None and not self.job.has_ended


def page_runs(pages: Sequence[Page]) -> list[Run]:
    """The pages in order, neighbours that ended alike together."""
    runs = []
    for (state, reason), alike in groupby(pages, lambda page: (page.state, page.reason)):
        first, *more = alike
        runs.append(Run(state, reason, first, more[-1] if more else first))
    return runs


def render_report(report: Report) -> str:
    """The HTML of the report, in the pane of the source."""
    document = report.document
    key = escape(document.id)
    pages = ""
    if document.page_count:
        pages = (
            f'<button type="button" class="act" data-event="show" data-id="{key}">'
            f"{icons.PAGES}<span>Pages</span></button>"
        )
    title = escape(document.title or document.name)
    sign = render_sign(document, report.apart)
    runs = page_runs(report.pages)
    head = render_bar(f'<h2 title="{escape(document.name)}">{title}{sign}</h2>{pages}')
    return (
        f'{head}<div class="report" tabindex="0" role="region" aria-label="Report" '
        f'data-report="{key}" data-state="{escape(report.state)}">'
        f"{_render_summary(report, runs)}{_render_runs(report, runs)}"
        f"{render_within(report.members, document.name)}"
        f"{_render_tables(document, report.tables)}{_render_versions(report.versions)}"
        f"{_render_move(report)}</div>"
    )


def _render_move(report: Report) -> str:
    """To which other library the document can be moved; nothing where there is none."""
    if not report.others:
        return ""
    stays = report.library is not None and report.library.stays_here
    options = "".join(
        f'<option value="{escape(each.id)}"{" data-lets-go" * (stays and not each.stays_here)}>'
        f"{escape(each.name)}</option>"
        for each in report.others
    )
    return (
        '<div class="h"><h3>Another library</h3></div>'
        f'<form class="move" data-event="move" data-id="{escape(report.document.id)}">'
        f'<select name="to" aria-label="The library it is moved to">{options}</select>'
        '<button type="submit" class="act">Move it there</button></form>'
    )


def _render_versions(versions: Sequence[Kept]) -> str:
    """The earlier versions, the newest first, each to be opened."""
    if not versions:
        return ""
    rows = "".join(
        f'<li><button type="button" class="rep" data-event="show" '
        f'data-id="{escape(version.document.id)}">replaced on '
        f"{written_day(version.since)}</button> "
        f'<button type="button" class="rep" data-event="bring" title="As a document of its own" '
        f'data-id="{escape(version.document.id)}">Bring back</button></li>'
        for version in versions
    )
    return f'<div class="h"><h3>Earlier versions</h3></div><ul class="versions">{rows}</ul>'


def passages_words(document: Document) -> str:
    """How many passages there are, and how they are found."""
    if not document.chunks:
        return "No passages: nothing of it can be found."
    count = f"{document.chunks:,} passage{'s' * (document.chunks != 1)}"
    if document.embedded == document.chunks:
        return f"{count}, found by words and by meaning."
    if not document.embedded:
        return f"{count}, found by words only."
    return f"{count}, found by words; {document.embedded:,} of them by meaning, too."


def place(document: Document, first: Page, last: Page) -> str:
    """Where pages stand, in words."""
    if not document.paginated:
        ends = dict.fromkeys([str(first.number), str(last.number)])
        return f"part{'s' * (len(ends) > 1)} {'–'.join(ends)}"
    called = dict.fromkeys(page_words(page.number, page.label) for page in (first, last))
    return "–".join(called).replace("–p. ", "–")


def _render_summary(report: Report, runs: Sequence[Run]) -> str:
    document, job = report.document, report.job
    counts = page_counts(report.pages)
    if not document.paginated:
        counts = counts.replace("page", "part", 1)
    lines = [passages_words(document)] if document.chunks or not report.is_going else []
    lines += filter(None, [_paid_words(report)])
    lines.append(f"{document.name}, {_size(document.size_bytes)}.")
    if report.also:
        lines.append(f"It was also added as {', '.join(report.also)}.")
    if report.also_in:
        lines.append(f"It is also in {', '.join(report.also_in)}.")
    facts = "".join(f"<p>{escape(line)}</p>" for line in lines)
    note = f'<p class="note">{escape(document.reason)}</p>' if document.reason else ""
    needs_ocr = any(page.state is PageState.NEEDS_OCR for page in report.pages)
    if needs_ocr and report.dollars_per_page is None:
        note += f'<p class="note">{NO_OCR}</p>'
    work = ""
    if job is not None and not job.has_ended:
        work = render_work(job, document)
    elif report.again is not None:
        work = render_again_work(report.again)
    return (
        f"<h3>{escape(counts)}</h3>{_render_strip(runs)}{note}"
        f'<div class="facts">{facts}</div>{work}'
    )


def _paid_words(report: Report) -> str:
    """What embedding and OCR took; nothing where it is free, or still to come.

    What was billed for a document is not known, only what it was expected to be.
    """
    document, job = report.document, report.job
    if job is None or not job.has_ended or job.estimate is None or job.estimate.dollars == 0:
        return ""
    is_read = any(page.state is PageState.OCR for page in report.pages)
    if not (is_read or document.embedded):
        return f"Embedding and OCR would cost {cost(job.estimate)}. None of it was done."
    waits = any(page.state is PageState.NEEDS_OCR for page in report.pages)
    if waits or document.embedded < document.chunks:
        return f"Embedding and OCR would cost {cost(job.estimate)}. A part of it was done."
    return f"Embedding and OCR cost {cost(job.estimate)}."


def _render_strip(runs: Iterable[Run]) -> str:
    """All pages as one line, coloured by how they ended."""
    parts = "".join(
        f'<i data-state="{run.state}" style="flex-grow:{run.count}"></i>' for run in runs
    )
    return f'<div class="strip" aria-hidden="true">{parts}</div>' if parts else ""


def _render_runs(report: Report, runs: Sequence[Run]) -> str:
    rows = "".join(_render_run(report, run) for run in runs)
    return f'<ol class="runs">{rows}</ol>' if rows else ""


def _render_run(report: Report, run: Run) -> str:
    document = report.document
    where = escape(place(document, run.first, run.last))
    key = escape(document.id)
    again = ""
    if _can_be_read(report, run):
        numbers = range(run.first.number, run.first.number + min(run.count, PAGES_AT_ONCE))
        few = "" if len(numbers) == run.count else f" {len(numbers)}"
        words = f"Read{few} {'by OCR' if run.state is PageState.NEEDS_OCR else 'again'}"
        words += _price(run.state, len(numbers) * (report.dollars_per_page or 0.0))
        busy = not report.reading.isdisjoint(numbers)
        again = (
            f'<button type="button" class="redo" data-event="reread" data-id="{key}" '
            f'data-first="{numbers[0]}" data-last="{numbers[-1]}" '
            f'aria-label="{words}: {where}"{BUSY * busy}>{icons.AGAIN}'
            f"<span>{'Reading…' if busy else words}</span></button>"
        )
    reason = f'<p class="why">{escape(run.reason)}</p>' if run.reason else ""
    return (
        f'<li data-state="{run.state}" data-pages="{run.first.number} {run.last.number}">'
        f'<i data-state="{run.state}" aria-hidden="true"></i>'
        f'<button type="button" class="to" data-event="show" data-id="{key}" '
        f'data-page="{run.first.number}">{where}</button>'
        f"<span>{STATES[run.state]}</span>{again}{reason}</li>"
    )


def _can_be_read(report: Report, run: Run) -> bool:
    """Whether pages that were not read may be now; a page that failed may be without OCR."""
    has_ocr = report.dollars_per_page is not None
    return (
        run.state in UNREAD and not report.is_going and (has_ocr or run.state is PageState.FAILED)
    )


def _price(state: PageState, dollars: float) -> str:
    """What reading pages costs, in words; a page that failed may be read without OCR."""
    if not dollars:
        return ""
    digits = 2 if dollars >= LEAST_DOLLARS else 3
    about = "about" if state is PageState.NEEDS_OCR else "at most"
    return f", {about} ${dollars:,.{digits}f}"


def _render_tables(document: Document, tables: Sequence[Table]) -> str:
    parts: dict[int, list[Table]] = {}
    for table in tables:
        parts.setdefault(table.number, []).append(table)
    if not parts:
        return ""
    found = list(parts.values())
    rows = "".join(_render_table(document, table) for table in found[:FEW_TABLES])
    more = len(found) - FEW_TABLES
    rest = f'<li class="nothing">and {more:,} more</li>' if more > 0 else ""
    return (
        f'<div class="h"><h3>Tables</h3><span>{len(found):,}</span></div>'
        f'<ul class="tables">{rows}{rest}</ul>'
    )


def _render_table(document: Document, parts: Sequence[Table]) -> str:
    first, last = parts[0], parts[-1]
    count = sum(len(part.rows) for part in parts) - bool(first.header)
    name = first.name or ", ".join(cell for cell in first.header if cell) or "Table"
    noun = "p." if document.paginated else "part"
    ends = dict.fromkeys([str(first.page), str(last.page)])
    return (
        f'<li><button type="button" class="to" data-event="show" '
        f'data-id="{escape(document.id)}" data-page="{first.page}">{escape(name)}</button>'
        f"<span>{noun} {'–'.join(ends)} · {count:,} row{'s' * (count != 1)}</span></li>"
    )


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000)):,} kB"
    return f"{size_bytes / 1e6:,.1f} MB"
