"""The `tramontane` command."""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from importlib import metadata
from typing import Annotated

import typer
from typer.exceptions import TyperException

from rag.accounts import Account
from rag.assistant import drain
from rag.batch import (
    BatchQuestion,
    Format,
    Row,
    answer_row,
    passage_row,
    read_questions,
    retrieval_row,
    run,
)
from rag.collecting import collect_seldom
from rag.domain import Answer, Manner, Rewritten, TextDelta
from rag.errors import QuestionError, RagError
from rag.rephrasing import rephrased
from rag.side_by_side import run_side_by_side
from rag.stopping import hearing
from rag.whole.rows import task_row
from rag.wiring import Application, build
from ui import bars, hints, inputs, printing
from ui.adding import add, report
from ui.backing import say_backing
from ui.endings import BEING_READ
from ui.evaluating import evaluate
from ui.evidence import usually_needed
from ui.libraries import commands
from ui.naming import document_row, documents_of, lost_in_archives, scope_of, waiting_words
from ui.offering import models
from ui.opening import DONE, MISUSE, SOME_FAILED, open_application, settings_of
from ui.options import (
    AsIs,
    AsJson,
    Bar,
    ChatName,
    Command,
    Count,
    DataDir,
    LibraryName,
    Only,
    Question,
    misuse,
)
from ui.placing import catalog_of, tell_of_new
from ui.safekeeping import backup, check, restore
from ui.trashing import bring_back, purge, remove, trash
from ui.upkeep import doctor, rebuild
from ui.verifying import verify
from ui.working import classify, extract, summarise, write

INTERRUPTED = 130

app = typer.Typer(
    name="tramontane",
    help="Ask questions of your own documents, with citations that open on the exact words.",
    epilog="Examples:\n\ntramontane add papers/\n\ntramontane ask 'What does it cost?' --json",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code is 0 when all is done, 1 when some items failed, 2 on misuse."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    hints.remember()
    if argv is None:  # a process of its own: what is loaded by now stays until its end
        collect_seldom()
    try:
        arguments = None if argv is None else list(argv)
        code = app(args=arguments, prog_name="tramontane", standalone_mode=False)
        sys.stdout.flush()
    except RagError as error:
        printing.tell(str(error))
        return MISUSE
    except TyperException as error:
        printing.tell(misuse(error))
        return MISUSE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # typer makes the second of the first
        printing.stop()
        return DONE
    return int(code or DONE)


@app.callback()
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Say the version, or without a command how to use this."""
    if version:
        printing.say(f"tramontane {metadata.version('tramontane')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        printing.say(context.get_help())
        raise typer.Exit(MISUSE)


@app.command(cls=Command)
def serve(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The address to serve on.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=0, max=65535, help="The port.")
    ] = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
) -> None:
    """Serve the page in the browser."""
    # Gradio takes seconds to import, which no other command should wait for.
    from ui.server import run_server

    settings = settings_of(data_dir, library, {"chat": chat, "host": host, "port": port})
    tell_of_new(settings)
    run_server(settings)


@app.command(name="list", cls=Command)
def list_documents(
    data_dir: DataDir = None, library: LibraryName = None, json: AsJson = False
) -> None:
    """List the documents of the library."""
    settings = settings_of(data_dir, library)
    with catalog_of(settings) as catalog:
        documents = documents_of(catalog, settings.library)
        waiting = waiting_words(catalog, settings.library)
        waiting += lost_in_archives(catalog, settings.library)
    if json:
        for document in documents:
            printing.say_row(document_row(document))
    elif documents:
        printing.say_documents(documents)
    elif not waiting:
        printing.tell("The library is empty. Add files with: tramontane add PATH")
    for sentence in waiting:
        printing.tell(sentence)


@app.command(cls=Command)
def ask(
    question: Question,
    data_dir: DataDir = None,
    library: LibraryName = None,
    document: Only = None,
    chat: ChatName = None,
    k: Count = None,
    as_is: AsIs = False,
    bar: Bar = None,
    json: AsJson = False,
) -> int:
    """Answer a question, with citations. The exit code is 1 where the answer was cut off."""
    question = inputs.read_question(question)
    with open_application(data_dir, library, chat=chat) as application, hearing(_tell_rest):
        scope = scope_of(application, document or [])
        assistant = application.assistant(passages=k)
        unread = application.catalog.jobs.count(application.library.id, BEING_READ)
        events = assistant.ask(question, (), scope, Manner(bar, not as_is))
        if json:
            answer = drain(events)
            row = answer_row(BatchQuestion(question=question, id="1"), answer)
            printing.say_row(row | {"spent_today": application.meter.spent_today()})
            printing.tell_still_read(unread * answer.refused)
            return DONE if answer.complete else SOME_FAILED
        complete = True
        for event in events:
            if isinstance(event, TextDelta):
                print(event.text, end="", flush=True)
            elif isinstance(event, Rewritten):
                printing.tell_rewritten(event, question)
            elif isinstance(event, Answer):
                complete = event.complete
                usual = application.settings.bar if bar is None else bar
                printing.say("")
                printing.say_answer(event, usually_needed(usual, assistant.card))
                printing.tell_still_read(unread * event.refused)
                if assistant.card.instructable and event.grounded:
                    say_backing(event)
    return DONE if complete else SOME_FAILED


@app.command(cls=Command)
def search(
    question: Question,
    data_dir: DataDir = None,
    library: LibraryName = None,
    document: Only = None,
    k: Count = None,
    as_is: AsIs = False,
    json: AsJson = False,
) -> None:
    """Find passages, without an answer."""
    question = inputs.read_question(question)
    with open_application(data_dir, library) as application:
        scope = scope_of(application, document or [])
        count = k or application.settings.passages
        retriever = application.retriever
        parts = () if as_is else rephrased(question, ()).parts
        found = retriever.retrieve(question, scope, count, parts, widen=not as_is)
        sentences = [] if json else application.scorer.score(question, found.passages)
    if found.notice:
        printing.tell(found.notice)
    if json:
        for passage in found.passages:
            printing.say_row(passage_row(passage))
    elif found.passages:
        printing.tell_also(() if as_is else retriever.also(question))
        printing.say_passages(found.passages, sentences)
        if found.evidence.is_below(application.settings.bar, instructable=False):
            printing.tell_too_little(found.evidence.score, application.settings.bar)
    else:
        printing.tell("There is no text to search. Add files with: tramontane add PATH")


@app.command(cls=Command)
def batch(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Questions as CSV or JSONL, or - for stdin.")
    ],
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    k: Count = None,
    retrieve_only: Annotated[
        bool, typer.Option("--retrieve-only", help="Find passages, and ask no model.")
    ] = False,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", metavar="csv|jsonl", help="What the file is, if its name does not say."
        ),
    ] = None,
    as_is: AsIs = False,
    bar: Bar = None,
    at_once: Annotated[
        int | None,
        typer.Option(
            "--at-once",
            min=1,
            max=256,
            metavar="N",
            help="How many are asked side by side: 16 of a model in this process, else 1.",
        ),
    ] = None,
    json: AsJson = False,
) -> int:
    """Answer a file of questions: one line of JSON for each.

    The lines are in the order of the questions, and none is ever missing. The exit code is 1 where
    a row has an error, or its answer was cut off.
    """
    del json  # accepted because every other command takes it
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        stream = stack.enter_context(inputs.opened(file))
        application = stack.enter_context(open_application(data_dir, library, chat=chat))
        answer = _batch_answerer(
            application, stack, Manner(bar, not as_is), retrieve_only=retrieve_only, passages=k
        )
        questions = read_questions(stream, form or inputs.format_of(file, stream))
        with bars.count_progress() as progress:

            def write(row: Row) -> None:
                counts["failed"] += row["error"] is not None
                counts["cut"] += row["error"] is None and not row["complete"]
                printing.say_row(row | {"spent_today": application.meter.spent_today()})
                progress.advance(progress.task_ids[0])

            together = at_once or application.rows_at_once
            if together > 1:
                run_side_by_side(questions, answer, write, together)
            else:
                for row in run(questions, answer):
                    write(row)
    printing.tell_of_rows(counts["failed"], counts["cut"])
    return SOME_FAILED if counts.total() else DONE


app.add_typer(commands)
app.command(cls=Command)(add)
app.command(cls=Command)(remove)
app.command(cls=Command)(trash)
app.command(name="bring-back", cls=Command)(bring_back)
app.command(cls=Command)(purge)
app.command(cls=Command)(report)
app.command(cls=Command)(summarise)
app.command(name="summarize", cls=Command, hidden=True)(summarise)
app.command(cls=Command)(extract)
app.command(cls=Command)(classify)
app.command(cls=Command)(write)
app.command(cls=Command)(verify)
app.command(name="eval", cls=Command)(evaluate)
app.command(cls=Command)(models)
app.command(cls=Command)(doctor)
app.command(cls=Command)(rebuild)
app.command(cls=Command)(check)
app.command(cls=Command)(backup)
app.command(cls=Command)(restore)


def _batch_answerer(
    application: Application,
    stack: ExitStack,
    manner: Manner,
    *,
    retrieve_only: bool,
    passages: int | None,
) -> Callable[[BatchQuestion], Row]:
    applications = {application.settings.library: application}
    opening = threading.Lock()

    def place_of(question: BatchQuestion) -> Application:
        name = question.library or application.settings.library
        with opening:
            if name not in applications:
                application.catalog.library(name)  # a batch makes no libraries
                settings = application.settings.model_copy(update={"library": name})
                applications[name] = stack.enter_context(closing(build(settings)))
            return applications[name]

    def answer(question: BatchQuestion) -> Row:
        place = place_of(question)
        scope = scope_of(place, question.documents)
        if question.task != "ask":
            if retrieve_only:
                raise QuestionError("With --retrieve-only a row can only ask a question.")
            return task_row(question, place.tasks(passages=passages), place.catalog, scope)
        if retrieve_only:
            count = passages or place.settings.passages
            asked = question.question
            parts = rephrased(asked, ()).parts if manner.rewrite else ()
            account = Account(scope.principal)
            retriever = place.retriever.charged_to(account)
            found = retriever.retrieve(asked, scope, count, parts, widen=manner.rewrite)
            bar = place.settings.bar if manner.bar is None else manner.bar
            return retrieval_row(question, found, bar) | {"cost": account.dollars or None}
        assistant = place.assistant(passages=passages)
        return answer_row(question, assistant.answer(question.question, scope, manner))

    return answer


def _tell_rest(why: str) -> None:
    if why:
        printing.tell(why)


if __name__ == "__main__":
    sys.exit(main())
