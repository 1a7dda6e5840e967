"""The page: three places, and which handler answers which gesture.

Handlers only map what is kept (states) to what is shown (HTML). Gestures inside our own HTML
arrive as events named in `BRIDGE`, with the clicked element's `data-*` attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.asking import ChatHandlers
from ui.chat import MAX_QUESTION_CHARACTERS, Choice
from ui.checkup import Checkup
from ui.conversation import Conversation
from ui.drafts import DraftPlace, connect_drafts, lay_out_drafts
from ui.embedding_handlers import EmbeddingHandlers
from ui.library import DocumentHandlers
from ui.library_handlers import LibraryHandlers
from ui.marking import MarkHandlers
from ui.rooms import Handler, Rooms
from ui.source import SourceHandlers
from ui.thread import render_invitation, render_thread
from ui.viewer import INVITATION

if TYPE_CHECKING:
    from rag.wiring import Application

SECONDS_BETWEEN_POLLS = 0.7
EXAMPLES = (
    ("mistral-models-guide.pdf", "How many parameters does Mixtral 8x7B use per token?"),
    ("mistral-models-guide.pdf", "What does a batch job cost?"),
    ("questions-and-answers.md", "How much memory does Mixtral 8x7B need?"),
    ("les-modeles-mistral.txt", "Combien de paramètres Mixtral emploie-t-il pour chaque jeton ?"),
)
BRIDGE = """
const names = ['open', 'choose', 'every', 'remove', 'retry', 'dismiss', 'cancel', 'confirm',
  'decline', 'reread', 'added', 'example', 'again', 'fresh', 'model', 'look', 'restore', 'typed',
  'anyway', 'alone', 'good', 'mark', 'unmark', 'answers', 'check', 'bring', 'purge', 'library',
  'make', 'rename', 'policy', 'unmake', 'remake', 'move', 'price', 'embed', 'unembed', 'goon',
  'menu', 'erase', 'language'];
// Whatever opens a page goes through the source's block, one after the other: the last click stays,
// and nothing that arrives late takes its place. A call that fails or takes too long frees the way.
const MOST_MS = 5000;
const serialOf = html => Number(/data-serial="(\\d+)"><\\/i>$/.exec(html)?.[1] ?? 0);
let newest = 0, isOpening = false, waiting = null, shown = props.value, late;
const open = detail => {
  if (isOpening) { waiting = detail; return; }
  isOpening = true;
  newest = Math.max(Date.now(), newest + 1);
  late = setTimeout(settle, MOST_MS);
  trigger('open', {...detail, serial: newest});
};
const settle = () => {
  clearTimeout(late);
  isOpening = false;
  const next = waiting;
  waiting = null;
  if (next) open(next);
};
if (element.closest('#source')) {
  watch('value', () => {
    const serial = serialOf(props.value);
    if (serial && serial < newest) { props.value = shown; return; }
    shown = props.value;
    settle();
  });
  document.addEventListener('call-failed', settle);
}
// Which documents are asked is set by one call after the other: each begins with what the one
// before has set, and a list that was drawn for an older choice takes no newer one's place.
const MOST_CHOOSING_MS = 30000;
const setOf = html => Number(/data-set="(\\d+)"><\\/i>$/.exec(html)?.[1] ?? 0);
const choices = [];
let isChoosing = false, drawn = setOf(props.value), overdue;
const choose = (name, detail) => {
  if (isChoosing) { choices.push([name, detail]); return; }
  isChoosing = true;
  overdue = setTimeout(chosen, MOST_CHOOSING_MS);
  trigger(name, detail);
};
const chosen = () => {
  clearTimeout(overdue);
  isChoosing = false;
  if (choices.length) choose(...choices.shift());
};
if (element.closest('#documents')) {
  watch('value', () => {
    const set = setOf(props.value);
    if (set && set < drawn) { props.value = shown; return; }
    shown = props.value;
    if (set > drawn) { drawn = set; chosen(); }
  });
  document.addEventListener('call-failed', chosen);
}
const send = (name, detail) => {
  const source = document.querySelector('#source [id^="html-"]');
  if (['cite', 'nearest', 'passage', 'flip', 'show', 'report', 'checkup', 'clear'].includes(name)) {
    if (element === source) open({...detail, kind: name});
    else source.dispatchEvent(new CustomEvent('gesture', {detail: {...detail, event: name}}));
  } else if (['choose', 'every'].includes(name)) choose(name, {...detail});
  else if (names.includes(name)) trigger(name, {...detail});
};
element.addEventListener('click', event => {
  const link = event.target.closest('a[href^="#cite-"]');
  if (link) {
    event.preventDefault();
    const [, turn, index] = link.getAttribute('href').split('-');
    return send('cite', {turn, index});
  }
  const control = event.target.closest('button[data-event]');
  if (control && control.ariaDisabled !== 'true') send(control.dataset.event, control.dataset);
});
element.addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target;
  send(form.dataset.event, {...form.dataset, ...Object.fromEntries(new FormData(form))});
});
element.addEventListener('gesture', event => send(event.detail.event, event.detail));
"""
REPORT_AGAIN = "() => { document.dispatchEvent(new Event('report-again')); }"
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Only answers come as a stream through Gradio's queue. An event that joins the queue at the moment
# another one of the same visitor ends can be lost with the stream of that other one, so what is
# quick answers its own request.
QUICK: dict[str, Any] = {**QUIET, "queue": False}


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of the page that handlers read and write."""

    blocks: gr.Blocks
    head: gr.HTML
    libraries: gr.HTML
    documents: gr.HTML
    welcome: gr.HTML
    thread: gr.HTML
    source: gr.HTML
    notices: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    timer: gr.Timer
    conversation: gr.State
    choice: gr.State
    key: gr.State
    drafts: DraftPlace


def build_page(application: Application, rooms: Rooms) -> gr.Blocks:
    """The page as Gradio blocks, ready to be mounted."""
    page = _lay_out()
    with page.blocks:
        _connect_documents(page, rooms)
        asking = _connect_chat(page, application, rooms)
        _connect_libraries(page, rooms, asking)
        _connect_source(page, application, rooms)
        check = rooms.stream(lambda room: room.drafts.check)
        drafts = rooms.of(Choice()).drafts
        connect_drafts(page.drafts, page.choice, page.source, drafts, check)
    return page.blocks


def example_questions(application: Application) -> tuple[str, ...]:
    """The example questions, while the sample documents they are about are there."""
    names = {document.name for document in application.catalog.documents(application.library.id)}
    return tuple(question for name, question in EXAMPLES if name in names)


def _lay_out() -> Page:
    with gr.Blocks(
        title="Tramontane", analytics_enabled=False, fill_width=True, fill_height=True
    ) as blocks:
        conversation = gr.State(Conversation())
        choice = gr.State(Choice())
        key = gr.State("")  # of the tab, under which its conversation is kept
        timer = gr.Timer(SECONDS_BETWEEN_POLLS, active=False)
        head = _html("head", "<header class='pane'>${value}</header>")
        with gr.Row(elem_id="places"):
            with gr.Column(elem_id="left", min_width=0):
                libraries = _html("libraries", "<div class='pane'>${value}</div>")
                documents = _html(
                    "documents", "<nav class='pane' aria-label='Documents'>${value}</nav>"
                )
            with gr.Column(elem_id="middle", min_width=0):
                drafts = lay_out_drafts()
                # Not in the thread: a list that arrives late would draw it over a new question.
                welcome = _html(
                    "welcome", "<section class='pane' aria-label='Conversation'>${value}</section>"
                )
                thread = _html(
                    "thread",
                    "<section class='pane' aria-label='Conversation'>${value.join('')}</section>",
                    [],
                )
                with gr.Row(elem_id="composer"):
                    question = gr.Textbox(
                        elem_id="question",
                        label="Question",
                        show_label=False,
                        container=False,
                        placeholder="Ask your documents…",
                        lines=1,
                        max_lines=8,
                        max_length=MAX_QUESTION_CHARACTERS,
                        autofocus=True,
                    )
                    send = gr.Button("Ask", elem_id="send", variant="primary", min_width=0)
                    stop = gr.Button("Stop", elem_id="stop", min_width=0)
            with gr.Column(elem_id="right", min_width=0):
                source = _html(
                    "source", "<aside class='pane' aria-label='Source'>${value}</aside>", INVITATION
                )
        notices = _html("notices", "<div>${value}</div>")
    return Page(
        *(blocks, head, libraries, documents, welcome, thread, source, notices, question, send),
        *(stop, timer, conversation, choice, key, drafts),
    )


def _html(name: str, template: str, value: Any = "") -> gr.HTML:
    return gr.HTML(
        value,
        elem_id=name,
        html_template=template,
        js_on_load=BRIDGE,
        apply_default_css=False,
    )


def _connect_libraries(page: Page, rooms: Rooms, asking: list[Any]) -> None:
    does = LibraryHandlers(rooms)
    entering = [page.choice, page.conversation, page.key]
    whole = [page.choice, page.libraries, page.head, page.documents, page.timer, page.welcome]
    entered = [*whole, page.conversation, page.thread, page.source]
    each: dict[str, Any] = {**QUICK, "trigger_mode": "multiple"}
    states = [page.choice, page.conversation]
    shown = [page.documents, page.timer, page.welcome]
    refresh = rooms.quick(lambda room: room.documents.refresh)
    show_head = rooms.quick(lambda room: room.documents.show_head)
    page.blocks.load(does.open_page, page.choice, [page.choice, page.libraries], **QUICK)
    page.libraries.library(does.choose, entering, entered, cancels=asking, **QUICK)
    page.libraries.make(does.make, entering, entered, cancels=asking, **QUICK)
    page.libraries.unmake(does.unmake, entering, entered, cancels=asking, **QUICK)
    for place in (page.libraries, page.documents):
        place.remake(does.remake, page.choice, page.libraries, **each).then(
            refresh, states, shown, **QUICK
        )
    page.libraries.erase(does.erase, page.choice, page.libraries, **each)
    page.libraries.language(does.language, page.choice, page.libraries, **each)
    page.libraries.rename(does.rename, page.choice, page.libraries, **each)
    page.libraries.policy(does.policy, page.choice, page.libraries, **each).then(
        show_head, page.choice, page.head, **QUICK
    )
    anew = EmbeddingHandlers(rooms, does)
    changed = [page.libraries, *shown]
    page.libraries.price(anew.price, page.choice, page.libraries, **each)
    page.libraries.embed(anew.embed, states, changed, **each)
    page.libraries.menu(anew.show, page.choice, page.libraries, **each)
    page.documents.unembed(anew.stop, states, changed, **each)
    page.documents.goon(anew.go_on, states, changed, **each)
    page.source.move(does.move, page.choice, page.libraries, **each).then(
        refresh, states, shown, **QUICK
    ).then(None, js=REPORT_AGAIN)
    restored = [*whole, page.conversation, page.thread, page.key]
    page.thread.restore(does.restore, states, restored, **QUICK)


def _connect_documents(page: Page, rooms: Rooms) -> None:
    on = DocumentHandlers

    def does(handler: Handler) -> Handler:
        return rooms.quick(lambda room: MethodType(handler, room.documents))

    states = [page.choice, page.conversation]
    shown = [page.documents, page.timer, page.welcome]
    chosen = [page.choice, page.documents]
    latest: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}
    each: dict[str, Any] = {**QUICK, "trigger_mode": "multiple"}
    page.blocks.load(does(on.open_page), states, [page.head, *shown], **QUICK)
    page.timer.tick(does(on.refresh), states, shown, **QUICK)
    page.documents.added(does(on.refresh), states, shown, **latest)
    page.documents.remove(does(on.remove), states, shown, **each)
    page.documents.bring(does(on.bring_back), states, shown, **each)
    page.documents.purge(does(on.purge), states, shown, **each)
    page.source.bring(does(on.bring_back), states, shown, **each).then(None, js=REPORT_AGAIN)
    page.documents.retry(does(on.retry), states, shown, **each)
    page.documents.cancel(does(on.cancel), states, shown, **each)
    page.documents.confirm(does(on.confirm), states, shown, **each)
    page.documents.decline(does(on.decline), states, shown, **each)
    page.documents.dismiss(does(on.dismiss), page.choice, page.documents, **each)
    # What is done in the report of a document shows in the list; the page then looks again.
    page.source.retry(does(on.retry), states, shown, **each)
    page.source.cancel(does(on.cancel), states, shown, **each)
    page.source.confirm(does(on.confirm), states, shown, **each)
    page.source.reread(does(on.read_again), states, shown, **each).then(None, js=REPORT_AGAIN)
    # A refresh that was under way may end after the choice and draw the old one: draw once more.
    page.documents.choose(does(on.choose), page.choice, chosen, **each).then(
        does(on.refresh), states, shown, **QUICK
    )
    page.documents.every(does(on.choose_all_or_none), page.choice, chosen, **each).then(
        does(on.refresh), states, shown, **QUICK
    )
    page.head.look(does(on.show_head), page.choice, page.head, **latest)
    page.head.model(does(on.pick), page.choice, page.choice, **each)


def _connect_chat(page: Page, application: Application, rooms: Rooms) -> list[Any]:
    on = ChatHandlers

    def does(handler: Handler) -> Handler:
        return rooms.stream(lambda room: MethodType(handler, room.chat))

    handlers = rooms.of(Choice()).chat
    known = [page.conversation, page.choice, page.key]
    shown = [page.conversation, page.thread]
    streams: dict[str, Any] = {**QUIET, "trigger_mode": "once"}
    asking = [
        gr.on(
            [page.send.click, page.question.submit],
            does(on.stream),
            [page.question, *known],
            [*shown, page.question],
            **streams,
        ),
        page.thread.again(does(on.again), known, shown, **streams),
        page.thread.typed(does(on.as_typed), known, shown, **streams),
        page.thread.anyway(does(on.all_the_same), known, shown, **streams),
        page.thread.alone(does(on.without_documents), known, shown, **streams),
        page.welcome.example(does(on.example), known, [*shown, page.question], **streams),
    ]
    halted = [page.conversation, page.key]
    page.stop.click(handlers.halt, halted, shown, cancels=asking, **QUICK)
    afresh = rooms.quick(lambda room: room.chat.start_afresh)
    cleared = [*shown, page.source]
    page.head.fresh(afresh, [page.choice, page.key], cleared, cancels=asking, **QUICK)
    marks = MarkHandlers(application, rooms.kept, render_thread)
    told = [*shown, page.notices]
    page.thread.mark(marks.mark, halted, told, **QUICK)
    page.thread.good(marks.praise, halted, told, **QUICK)
    page.thread.unmark(marks.unmark, halted, told, **QUICK)
    page.thread.answers(marks.name_page, halted, told, **QUICK)
    return asking


def _connect_source(page: Page, application: Application, rooms: Rooms) -> None:
    opened = SourceHandlers(application, rooms).open
    page.source.open(opened, page.conversation, page.source, trigger_mode="multiple", **QUICK)
    page.source.check(Checkup(application).run, None, page.source, trigger_mode="once", **QUICK)


def invite(application: Application) -> str:
    """What the page says in a library before anything was asked there."""
    return render_invitation(example_questions(application))
