"""The page: three places, and which handler answers which gesture.

Handlers only map what is kept (states) to what is shown (HTML). Gestures inside our own HTML
arrive as events named in `BRIDGE`, with the clicked element's `data-*` attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from ingest.queue import IngestQueue
from rag.errors import NotFoundError
from ui.chat import MAX_QUESTION_CHARACTERS, Choice, ask
from ui.conversation import Conversation, KeptConversations, TurnState
from ui.library import DocumentHandlers
from ui.thread import render_thread
from ui.viewer import (
    INVITATION,
    View,
    render_note,
    render_source,
    view_citation,
    view_nearest,
)

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
const names = ['open', 'choose', 'every', 'remove', 'retry', 'dismiss', 'added', 'example', 'again',
  'fresh', 'model', 'look', 'restore'];
// Whatever opens a page goes through the source's block, one after the other: the last click stays.
let opening = 0, waiting = null;
const open = detail => {
  if (Date.now() - opening < 5000) { waiting = detail; return; }
  opening = Date.now();
  trigger('open', {...detail, serial: opening});
};
if (element.closest('#source')) watch('value', () => {
  opening = 0;
  const next = waiting;
  waiting = null;
  if (next) open(next);
});
const send = (name, detail) => {
  const source = document.querySelector('#source [id^="html-"]');
  if (['cite', 'nearest', 'flip', 'show', 'clear'].includes(name)) {
    if (element === source) open({...detail, kind: name});
    else source.dispatchEvent(new CustomEvent('gesture', {detail: {...detail, event: name}}));
  } else if (names.includes(name)) trigger(name, {...detail});
};
element.addEventListener('click', event => {
  const link = event.target.closest('a[href^="#cite-"]');
  if (link) {
    event.preventDefault();
    const [, turn, index] = link.getAttribute('href').split('-');
    return send('cite', {turn, index});
  }
  const control = event.target.closest('button[data-event]');
  if (control) send(control.dataset.event, control.dataset);
});
element.addEventListener('change', event => {
  const control = event.target.closest('select[data-event]');
  if (control) send(control.dataset.event, {value: control.value});
});
element.addEventListener('gesture', event => send(event.detail.event, event.detail));
"""
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
    documents: gr.HTML
    thread: gr.HTML
    source: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    timer: gr.Timer
    conversation: gr.State
    choice: gr.State
    key: gr.State


def build_page(application: Application, queue: IngestQueue) -> gr.Blocks:
    """The page as Gradio blocks, ready to be mounted."""
    page = _lay_out()
    with page.blocks:
        _connect_documents(page, application, queue)
        _connect_chat(page, application, queue)
        _connect_source(page, application)
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
                documents = _html(
                    "documents", "<nav class='pane' aria-label='Documents'>${value}</nav>"
                )
            with gr.Column(elem_id="middle", min_width=0):
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
    return Page(
        *(blocks, head, documents, thread, source, question, send, stop, timer),
        *(conversation, choice, key),
    )


def _html(name: str, template: str, value: Any = "") -> gr.HTML:
    return gr.HTML(
        value,
        elem_id=name,
        html_template=template,
        js_on_load=BRIDGE,
        apply_default_css=False,
    )


def _connect_documents(page: Page, application: Application, queue: IngestQueue) -> None:
    does = DocumentHandlers(application, queue, partial(_show, application))
    states = [page.choice, page.conversation]
    shown = [page.documents, page.timer, page.thread]
    chosen = [page.choice, page.documents]
    latest: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}
    each: dict[str, Any] = {**QUICK, "trigger_mode": "multiple"}
    page.blocks.load(does.open_page, states, [page.head, *shown], **QUICK)
    page.timer.tick(does.refresh, states, shown, **QUICK)
    page.documents.added(does.refresh, states, shown, **latest)
    page.documents.remove(does.remove, states, [*shown, page.source], **each)
    page.documents.retry(does.retry, states, shown, **each)
    page.documents.dismiss(does.dismiss, page.choice, page.documents, **each)
    # A refresh that was under way may end after the choice and draw the old one: draw once more.
    page.documents.choose(does.choose, page.choice, chosen, **each).then(
        does.refresh, states, shown, **QUICK
    )
    page.documents.every(does.choose_all_or_none, page.choice, chosen, **each).then(
        does.refresh, states, shown, **QUICK
    )
    page.head.look(does.show_head, page.choice, page.head, **latest)
    page.head.model(does.pick, page.choice, page.choice, **each)


class _ChatHandlers:
    """What asking, asking again, stopping, starting afresh and loading again do to the page."""

    def __init__(self, application: Application, queue: IngestQueue) -> None:
        self._application = application
        self._queue = queue
        self._kept = KeptConversations()

    def stream(
        self, question: str, conversation: Conversation, choice: Choice, key: str
    ) -> Iterator[tuple[Any, ...]]:
        """The conversation as it grows; the box is emptied once, so that typing can go on."""
        question = question.strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        conversation = conversation.ended(TurnState.STOPPED)  # by a stop that was overtaken
        box: Any = ""
        for state in self._ask(question, conversation, choice):
            self._kept.keep(key, state)
            yield state, self._show(state), box
            box = gr.skip()

    def again(
        self, conversation: Conversation, choice: Choice, key: str
    ) -> Iterator[tuple[Any, ...]]:
        """The last question once more, in place of its answer; the box keeps its text."""
        if conversation.last is not None:
            question = conversation.last.question
            for state in self._ask(question, conversation.without_last(), choice):
                self._kept.keep(key, state)
                yield state, self._show(state)

    def example(
        self, conversation: Conversation, choice: Choice, key: str, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """An example question, asked as it stands."""
        yield from self.stream(str(event.question), conversation, choice, key)

    def halt(self, conversation: Conversation, key: str) -> tuple[Any, ...]:
        """The conversation with its running turn stopped."""
        conversation = conversation.ended(TurnState.STOPPED)
        self._kept.keep(key, conversation)
        return conversation, self._show(conversation)

    def restore(self, conversation: Conversation, event: gr.EventData) -> tuple[Any, ...]:
        """What the tab held before it was loaded again, unless something was asked since."""
        key = str(event.key)
        kept = self._kept.find(key)
        if conversation.turns or not kept.turns:
            return gr.skip(), gr.skip(), key
        return kept, self._show(kept), key

    def start_afresh(self, key: str) -> tuple[Any, ...]:
        """An empty conversation and an empty source pane."""
        self._kept.keep(key, Conversation())
        return Conversation(), self._show(Conversation()), INVITATION

    def _ask(
        self, question: str, conversation: Conversation, choice: Choice
    ) -> Iterator[Conversation]:
        still_read = [job.name for job in self._queue.jobs() if not job.has_ended]
        return ask(self._application, question, conversation, choice, still_read)

    def _show(self, conversation: Conversation) -> list[str]:
        return _show(self._application, conversation)


def _connect_chat(page: Page, application: Application, queue: IngestQueue) -> None:
    handlers = _ChatHandlers(application, queue)
    kept = [page.conversation, page.choice, page.key]
    shown = [page.conversation, page.thread]
    asking = [
        gr.on(
            [page.send.click, page.question.submit],
            handlers.stream,
            [page.question, *kept],
            [*shown, page.question],
            trigger_mode="once",
            **QUIET,
        ),
        page.thread.again(handlers.again, kept, shown, trigger_mode="once", **QUIET),
        page.thread.example(
            handlers.example, kept, [*shown, page.question], trigger_mode="once", **QUIET
        ),
    ]
    halted = [page.conversation, page.key]
    page.stop.click(handlers.halt, halted, shown, cancels=asking, **QUICK)
    page.head.fresh(handlers.start_afresh, page.key, [*shown, page.source], cancels=asking, **QUICK)
    page.thread.restore(handlers.restore, page.conversation, [*shown, page.key], **QUICK)


def _connect_source(page: Page, application: Application) -> None:
    def open_source(conversation: Conversation, event: gr.EventData) -> str:
        try:
            view = _find_view(conversation, event._data)
            html = INVITATION if view is None else render_source(application, view)
        except NotFoundError as error:
            html = render_note(str(error))
        # Every reply differs, so that the page sees it arrive.
        return f'{html}<i hidden data-serial="{int(event.serial)}"></i>'

    page.source.open(open_source, page.conversation, page.source, trigger_mode="multiple", **QUICK)


def _find_view(conversation: Conversation, asked: Mapping[str, str]) -> View | None:
    """The page that was asked for, by a citation, a passage or a document; None to show none.

    Raises:
        NotFoundError: what it refers to is gone.
    """
    if asked["kind"] == "clear":
        return None
    number = int(asked["page"]) if "page" in asked else None
    if "turn" not in asked:
        return View(asked["id"], number or 1)
    turn, index = int(asked["turn"]), int(asked["index"])
    if asked["kind"] == "nearest":
        return view_nearest(conversation, turn, index)
    return view_citation(conversation, turn, index, number)


def _show(application: Application, conversation: Conversation) -> list[str]:
    examples = () if conversation.turns else example_questions(application)
    return render_thread(conversation, examples)
