"""The page: three places, and which handler answers which gesture.

Handlers only map what is kept (states) to what is shown (HTML). Gestures inside our own HTML
arrive as events named in `BRIDGE`, with the clicked element's `data-*` attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ingest.queue import IngestQueue
from rag.errors import NotFoundError, RagError
from ui.chat import MAX_QUESTION_CHARACTERS, Choice, ask
from ui.conversation import Conversation, TurnState
from ui.documents import are_running, render_documents
from ui.header import render_head
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
MODEL_PROBLEM = "The models cannot be listed: {}"
EXAMPLES = (
    ("mistral-models-guide.pdf", "How many parameters does Mixtral 8x7B use per token?"),
    ("mistral-models-guide.pdf", "Which models are under the Apache 2.0 licence?"),
    ("questions-and-answers.md", "How much memory does Mixtral 8x7B need?"),
    ("les-modeles-mistral.txt", "Mixtral 8x7B utilise combien de paramètres par jeton ?"),
)
BRIDGE = """
const names = ['open', 'choose', 'remove', 'dismiss', 'added', 'example', 'again', 'fresh',
  'model'];
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
  if (['cite', 'nearest', 'flip', 'show'].includes(name)) {
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


def build_page(application: Application, queue: IngestQueue) -> gr.Blocks:
    """The page as Gradio blocks, ready to be mounted."""
    page = _lay_out()
    with page.blocks:
        _connect_documents(page, application, queue)
        _connect_chat(page, application)
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
        blocks, head, documents, thread, source, question, send, stop, timer, conversation, choice
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
    def list_documents(choice: Choice) -> str:
        documents = application.catalog.documents(application.library.id)
        jobs = [job for job in queue.jobs() if job.id not in choice.dismissed]
        return render_documents(documents, jobs, choice.excluded)

    def refresh(choice: Choice, conversation: Conversation) -> tuple[Any, ...]:
        running = are_running(queue.jobs())
        thread = gr.skip() if conversation.turns else _show(application, conversation)
        return list_documents(choice), gr.Timer(active=running), thread

    def open_page(choice: Choice, conversation: Conversation) -> tuple[Any, ...]:
        try:
            head = render_head(application.models(), choice.model)
        except RagError as error:
            gr.Warning(MODEL_PROBLEM.format(error))
            head = render_head([], None)
        return head, *refresh(choice, conversation)

    def choose(choice: Choice, event: gr.EventData) -> tuple[Choice, str]:
        choice = replace(choice, excluded=choice.excluded ^ {str(event.id)})
        return choice, list_documents(choice)

    def dismiss(choice: Choice, event: gr.EventData) -> tuple[Choice, str]:
        choice = replace(choice, dismissed=choice.dismissed | {int(event.id)})
        return choice, list_documents(choice)

    def remove(choice: Choice, conversation: Conversation, event: gr.EventData) -> tuple[Any, ...]:
        try:
            application.catalog.remove(str(event.id))
        except RagError as error:
            gr.Warning(str(error))
        return *refresh(choice, conversation), INVITATION

    def pick(choice: Choice, event: gr.EventData) -> Choice:
        return replace(choice, model=str(event.value))

    states = [page.choice, page.conversation]
    shown = [page.documents, page.timer, page.thread]
    page.blocks.load(open_page, states, [page.head, *shown], **QUICK)
    page.timer.tick(refresh, states, shown, **QUICK)
    page.documents.added(refresh, states, shown, trigger_mode="always_last", **QUICK)
    page.documents.remove(remove, states, [*shown, page.source], trigger_mode="multiple", **QUICK)
    page.documents.dismiss(
        dismiss, page.choice, [page.choice, page.documents], trigger_mode="multiple", **QUICK
    )
    page.documents.choose(
        choose, page.choice, [page.choice, page.documents], trigger_mode="multiple", **QUICK
    )
    page.head.model(pick, page.choice, page.choice, trigger_mode="multiple", **QUICK)


class _ChatHandlers:
    """What asking, asking again, stopping and starting afresh do to the page."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def stream(
        self, question: str, conversation: Conversation, choice: Choice
    ) -> Iterator[tuple[Any, ...]]:
        """The conversation as it grows; the box is emptied once, so that typing can go on."""
        question = question.strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        conversation = conversation.ended(TurnState.STOPPED)  # by a stop that was overtaken
        box: Any = ""
        for state in ask(self._application, question, conversation, choice):
            yield state, self._show(state), box
            box = gr.skip()

    def again(self, conversation: Conversation, choice: Choice) -> Iterator[tuple[Any, ...]]:
        """The last question once more, in place of its answer; the box keeps its text."""
        if conversation.last is not None:
            question = conversation.last.question
            for state in ask(self._application, question, conversation.without_last(), choice):
                yield state, self._show(state)

    def example(
        self, conversation: Conversation, choice: Choice, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """An example question, asked as it stands."""
        yield from self.stream(str(event.question), conversation, choice)

    def halt(self, conversation: Conversation) -> tuple[Any, ...]:
        """The conversation with its running turn stopped."""
        conversation = conversation.ended(TurnState.STOPPED)
        return conversation, self._show(conversation)

    def start_afresh(self) -> tuple[Any, ...]:
        """An empty conversation and an empty source pane."""
        return Conversation(), self._show(Conversation()), INVITATION

    def _show(self, conversation: Conversation) -> list[str]:
        return _show(self._application, conversation)


def _connect_chat(page: Page, application: Application) -> None:
    handlers = _ChatHandlers(application)
    kept = [page.conversation, page.choice]
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
    page.stop.click(handlers.halt, page.conversation, shown, cancels=asking, **QUICK)
    page.head.fresh(handlers.start_afresh, None, [*shown, page.source], cancels=asking, **QUICK)


def _connect_source(page: Page, application: Application) -> None:
    def open_source(conversation: Conversation, event: gr.EventData) -> str:
        try:
            html = render_source(application, _find_view(conversation, event._data))
        except NotFoundError as error:
            html = render_note(str(error))
        # Every reply differs, so that the page sees it arrive.
        return f'{html}<i hidden data-serial="{int(event.serial)}"></i>'

    page.source.open(open_source, page.conversation, page.source, trigger_mode="multiple", **QUICK)


def _find_view(conversation: Conversation, asked: Mapping[str, str]) -> View:
    """The page that was asked for, by a citation, a passage or a document.

    Raises:
        NotFoundError: what it refers to is gone.
    """
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
