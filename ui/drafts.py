"""The place of the page where a person's own text is checked against the library."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any, get_args

import gradio as gr

from ingest.queue import IngestQueue
from rag.domain import Span, Verdict
from rag.drafts import CheckedClaim, DraftChecker, read_draft, without_itself
from rag.errors import NotFoundError, QuestionError, RagError
from ui.background import in_batches
from ui.chat import Choice, choose_scope
from ui.draft_reports import (
    MEDIA_TYPES,
    VERDICTS,
    DraftReport,
    Format,
    details,
    exported,
    paragraphs,
    place_of,
    render_paragraph,
    shown_quote,
    summary,
)
from ui.endings import being_read
from ui.viewer import Mark, View, render_note, render_source

if TYPE_CHECKING:
    from rag.wiring import Application

MAX_DRAFT_CHARACTERS = 200_000
TOO_LONG = (
    "The text has {:,} characters; {:,} are checked here at most. Check it in parts, or with: "
    "tramontane verify FILE"
)
GONE = "That statement is gone. Check the text again."
SECONDS_BETWEEN_UPDATES = 0.25
CHARACTERS_A_SECOND = 200_000  # that are drawn anew, at most
SECONDS_OF_SILENCE = 0.5
READ = ".txt,.md,.markdown,.pdf,.docx"
EXPORTS = {"md": "Markdown", "csv": "CSV", "html": "HTML"}
TABS = (
    '<nav class="tabs" aria-label="What to do"><button type="button" data-tab="ask" '
    'aria-current="page">Conversation</button>'
    '<button type="button" data-tab="draft">Check a draft</button></nav>'
)
FORM = (
    '<section class="drafting" aria-label="Check a draft"><h1>Check a draft</h1>'
    "<p>Each statement of your own text is looked up in your documents, and marked.</p>"
    '<div class="sheetbox"><textarea id="draft-text" aria-label="Your text" rows="9" '
    'spellcheck="false" placeholder="Paste your text here, or drop a file…"></textarea>'
    '<div class="line"><label class="pick"><input type="file" id="draft-file" '
    f'accept="{READ}" aria-label="Choose a file">Choose a file</label>'
    '<span id="draft-name"></span><span class="grow"></span>'
    '<button type="button" class="do" id="draft-stop">Stop</button>'
    '<button type="button" class="do main" id="draft-check">Check</button></div></div></section>'
)
# What `drafts.js` asks for comes as an event of the report, with what it is about.
BRIDGE = """
element.addEventListener('gesture', event => {
  const {event: name, ...detail} = event.detail;
  if (['check_draft', 'halt_draft', 'open_finding', 'export_draft'].includes(name))
    trigger(name, detail);
});
"""
SAVE = """
watch('value', () => {
  const {name, type, content} = props.value || {};
  if (!name) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], {type: `${type};charset=utf-8`}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
"""
QUICK: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class State(StrEnum):
    """How far the check of a draft has come."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Checkup:
    """The check of one draft as the page shows it; `error` is one plain sentence."""

    state: State = State.NONE
    report: DraftReport | None = None
    error: str = ""

    def ended(self, state: State, error: str = "") -> Checkup:
        """The same, ended, if it was still running."""
        return replace(self, state=state, error=error) if self.state is State.RUNNING else self


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """The parts of the place that handlers read and write."""

    report: gr.HTML
    file: gr.HTML
    checkup: gr.State


def lay_out_drafts() -> DraftPlace:
    """Make the place, where the page has its middle: the tabs, the form, and the report."""
    gr.HTML(TABS, elem_id="tabs", apply_default_css=False)
    with gr.Column(elem_id="drafts", min_width=0):
        gr.HTML(FORM, elem_id="draft", apply_default_css=False)
        report = gr.HTML(
            [],
            elem_id="report",
            html_template="<section aria-label='What was found'>${value.join('')}</section>",
            js_on_load=BRIDGE,
            apply_default_css=False,
        )
        file = gr.HTML("", elem_id="draft-export", html_template="<i></i>", js_on_load=SAVE)
    return DraftPlace(report, file, gr.State(Checkup()))


def connect_drafts(
    place: DraftPlace,
    choice: gr.State,
    source: gr.HTML,
    handlers: DraftHandlers,
    check: Callable[..., Any],
) -> None:
    """Say which handler answers which gesture; `source` is where pages open.

    `check` is the one that checks, in the library of the choice.
    """
    shown = [place.checkup, place.report]
    checking = place.report.check_draft(
        check,
        choice,
        shown,
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="multiple",  # `once` would lose the one right after a stop
    )
    place.report.halt_draft(handlers.halt, place.checkup, shown, cancels=[checking], **QUICK)
    place.report.open_finding(
        handlers.open, place.checkup, source, trigger_mode="multiple", **QUICK
    )
    place.report.export_draft(handlers.export, place.checkup, place.file, **QUICK)


class DraftHandlers:
    """What gestures in the place do to the page."""

    def __init__(self, application: Application, queue: IngestQueue) -> None:
        """Take who finds and checks, and what is still being read."""
        self._application = application
        self._queue = queue
        self._serial = itertools.count(1)

    def check(self, choice: Choice, event: gr.EventData) -> Iterator[tuple[Checkup, list[str]]]:
        """Check a text; its claims are marked as they are checked."""
        for checkup in self._checkups(str(event.text), str(event.name), str(event.sha256), choice):
            yield checkup, render_checkup(checkup)

    def halt(self, checkup: Checkup) -> tuple[Checkup, list[str]]:
        """Leave it at what was checked so far."""
        checkup = checkup.ended(State.STOPPED)
        return checkup, render_checkup(checkup)

    def open(self, checkup: Checkup, event: gr.EventData) -> str:
        """The page that says most of a claim, with the words marked."""
        try:
            html = render_source(self._application, view_finding(checkup, int(event.index)))
        except NotFoundError as error:
            html = render_note(str(error))
        # Every reply differs, so that the page sees it arrive.
        return f'{html}<i hidden data-serial="finding-{next(self._serial)}"></i>'

    def export(self, checkup: Checkup, event: gr.EventData) -> dict[str, Any]:
        """The report as a file, for the browser to keep."""
        form = next((each for each in get_args(Format) if each == str(event.form)), None)
        if form is None or checkup.report is None:
            return {}
        stem = (checkup.report.name or "draft").rpartition(".")[0] or "draft"
        return {
            "name": f"{stem}-checked.{form}",
            "type": MEDIA_TYPES[form],
            "content": exported(checkup.report, form),
            "serial": next(self._serial),
        }

    def _checkups(self, text: str, name: str, sha256: str, choice: Choice) -> Iterator[Checkup]:
        checkup = Checkup(State.RUNNING)
        application = self._application
        try:
            if len(text) > MAX_DRAFT_CHARACTERS:
                raise QuestionError(TOO_LONG.format(len(text), MAX_DRAFT_CHARACTERS))
            choice.require(application.library.id)
            draft = read_draft(text)
            still_read = tuple(job.name for job in being_read(self._queue.jobs()))
            scope = choose_scope(application, choice, still_read)
            digest = sha256 or hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
            scope, own = without_itself(application.catalog, scope, name=name, sha256=digest)
            report = DraftReport(draft, (), name, own)
            checkup = replace(checkup, report=report)
            yield checkup
            checker = DraftChecker(
                application.retriever, application.verifier, bar=application.settings.bar
            )
            for batch in in_batches(
                checker.check(draft, scope),
                every=SECONDS_BETWEEN_UPDATES + len(text) / CHARACTERS_A_SECOND,
                at_least_every=SECONDS_OF_SILENCE,
            ):
                report = replace(report, checked=(*report.checked, *batch))
                checkup = replace(checkup, report=report)
                yield checkup
            yield checkup.ended(State.DONE)
        except (NotFoundError, QuestionError) as error:
            yield checkup.ended(State.HELD, str(error))
        except RagError as error:
            yield checkup.ended(State.FAILED, str(error))


def view_finding(checkup: Checkup, number: int) -> View:
    """The page of the claim of that number.

    Raises:
        NotFoundError: there is no such claim, or no page for it.
    """
    checked = () if checkup.report is None else checkup.report.checked
    claim = next((each for each in checked if each.number == number), None)
    if claim is None or claim.nearest is None:
        raise NotFoundError(GONE)
    quote, passage = claim.quote, claim.nearest
    if quote is None:
        whole = Span(passage.start, passage.end)
        return View(passage.document.id, passage.page, passage=whole)
    mark = Mark(quote.page, quote.label, Span(quote.start, quote.end), quote.text, number, 0)
    return View(quote.document.id, quote.page, marks=(mark,), opened=mark)


def render_checkup(checkup: Checkup) -> list[str]:
    """The report as HTML: its head, the text paragraph by paragraph, and what each mark means."""
    said = ""
    if checkup.state is State.HELD:
        said = f'<p class="held" role="status">{escape(checkup.error)}</p>'
    elif checkup.state is State.FAILED:
        said = f'<p class="error" role="alert">{escape(checkup.error)}</p>'
    report = checkup.report
    if report is None:
        return [said] if said else []
    text = [render_paragraph(pieces, _render_claim) for pieces in paragraphs(report)]
    return [
        said + _render_head(checkup.state, report),
        f'<h2 class="name">{escape(report.name)}</h2>' if report.name else "",
        *text,
        *map(_render_finding, report.checked),
    ]


def _render_head(state: State, report: DraftReport) -> str:
    done, total = len(report.checked), len(report.draft.claims)
    if state is State.RUNNING:
        share = 100 * done / max(total, 1)
        return (
            f'<div class="sum running"><b>{done:,} of {total:,} statements</b>'
            f'<span class="bar"><i style="width:{share:.0f}%"></i></span></div>'
        )
    more = [f"Stopped after {done:,} of {total:,}."] if done < total else []
    facts = "".join(f"<p>{escape(sentence)}</p>" for sentence in [*more, *details(report)])
    only = ""
    if not report.is_backed:
        only = (
            '<button type="button" class="act" data-only aria-pressed="false">'
            "Show only what is not backed</button>"
        )
    exports = "".join(
        f'<button type="button" class="act" data-export="{form}" '
        f'aria-label="Save as {name}">{name}</button>'
        for form, name in EXPORTS.items()
    )
    return (
        f'<div class="sum {state}" role="status"><b class="{_tone(report)}">{summary(report)}</b>'
        f'{facts}</div><div class="does">{only}<span class="grow"></span>'
        f'<span class="save">Save as</span>{exports}</div>'
    )


def _tone(report: DraftReport) -> str:
    return "good" if report.is_backed and report.checked else "doubt"


def _render_claim(words: str, claim: CheckedClaim) -> str:
    label = f"{VERDICTS[claim.verdict]}: statement {claim.number}"
    return (
        f'<a class="claim {claim.verdict}" href="#finding-{claim.number}" '
        f'data-claim="{claim.number}" aria-description="{escape(label)}">{words}</a>'
    )


def _render_finding(claim: CheckedClaim) -> str:
    """What is said of a claim when its mark is pointed at."""
    why = f'<p class="why">{escape(claim.reason)}</p>' if claim.reason else ""
    quote = ""
    if claim.quote is not None:
        quote = f"<blockquote>“{escape(shown_quote(claim.quote))}”</blockquote>"
    place = ""
    found = claim.quote or claim.nearest
    if found is not None:
        near = "" if claim.quote is not None else "Nearest: "
        place = (
            f'<button type="button" class="typed" data-event="show" '
            f'data-finding="{claim.number}">{near}{escape(place_of(found))}</button>'
        )
    tone = "good" if claim.verdict is Verdict.SUPPORTED else "doubt"
    return (
        f'<div class="finding" id="finding-{claim.number}" hidden>'
        f'<b class="{tone}">{VERDICTS[claim.verdict].capitalize()}</b>{why}{quote}{place}</div>'
    )
