"""The `tramontane` command."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from ingest.pipeline import READABLE, Ingestor, Limits, reembed
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
from rag.doctor import Level, examine
from rag.domain import Answer, Document, Scope, TextDelta
from rag.errors import DocumentError, NotFoundError, RagError
from rag.settings import Settings, load_settings
from rag.store.catalog import Catalog
from rag.wiring import Application, build, build_existing, checks, open_for_reembedding
from ui import inputs, printing

DONE, SOME_FAILED, MISUSE = 0, 1, 2
INTERRUPTED = 130

app = typer.Typer(
    name="tramontane",
    help="Ask questions of your own documents, with citations that open on the exact words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where documents and their index are kept.")
]
LibraryName = Annotated[str | None, typer.Option("--library", help="The library that is used.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Count = Annotated[int | None, typer.Option("-k", min=1, max=200, help="How many passages.")]
ChatName = Annotated[
    str | None, typer.Option("--chat", help="Who answers: see TRAMONTANE_CHAT in the README.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--document", help="Only this document, by name or id; may be repeated."),
]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code is 0 when all is done, 1 when some items failed, 2 on misuse."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        code = app(args=None if argv is None else list(argv), standalone_mode=False)
        sys.stdout.flush()
    except RagError as error:
        printing.tell(str(error))
        return MISUSE
    except TyperException as error:
        printing.tell(f"{error.format_message()} Try: tramontane --help")
        return MISUSE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # typer makes the second of the first
        _stop_printing()
        return DONE
    return int(code or DONE)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port.")] = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
) -> None:
    """Serve the page in the browser."""
    # Gradio takes seconds to import, which no other command should wait for.
    from ui.server import run_server

    run_server(_settings(data_dir, library, {"chat": chat, "host": host, "port": port}))


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    json: AsJson = False,
) -> int:
    """Take files in, or all files of a folder."""
    files = inputs.files(paths)
    if not files:
        printing.tell("There are no files in it.")
    failed = 0
    with _application(data_dir, library, opened_by=build) as application:
        ingestor = _ingestor(application)
        with printing.file_progress() as report:
            for path in files:
                try:
                    added = ingestor.add(path, application.library, report=report)
                except DocumentError as error:
                    failed += 1
                    printing.tell(str(error))
                    if json:
                        printing.say_row(_lost_row(path, error))
                    continue
                failed += added.document.state not in READABLE
                if json:
                    printing.say_row(_document_row(added.document) | {"new": added.new})
                else:
                    printing.say(added.sentence)
    return SOME_FAILED if failed else DONE


@app.command(name="list")
def list_documents(
    data_dir: DataDir = None, library: LibraryName = None, json: AsJson = False
) -> None:
    """List the documents of the library."""
    settings = _settings(data_dir, library)
    with closing(Catalog(settings.data_dir)) as catalog:
        documents = _documents(catalog, settings.library)
    if json:
        for document in documents:
            printing.say_row(_document_row(document))
    elif documents:
        printing.say_documents(documents)
    else:
        printing.tell("The library is empty. Add files with: tramontane add PATH")


@app.command()
def remove(
    documents: Annotated[list[str], typer.Argument(help="Names or ids of documents.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    json: AsJson = False,
) -> int:
    """Remove documents: they are gone from every answer at once."""
    missing = 0
    settings = _settings(data_dir, library)
    with closing(Catalog(settings.data_dir)) as catalog:
        for name in documents:
            try:
                for document in _named(catalog, settings.library, name):
                    catalog.remove(document.id)
                    if json:
                        printing.say_row(_document_row(document))
                    else:
                        printing.say(f"{document.name} was removed.")
            except NotFoundError as error:
                printing.tell(str(error))
                missing += 1
    return SOME_FAILED if missing else DONE


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, or - to read it from stdin.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    document: Only = None,
    chat: ChatName = None,
    k: Count = None,
    json: AsJson = False,
) -> None:
    """Answer a question, with citations."""
    question = inputs.read_question(question)
    with _application(data_dir, library, chat=chat) as application:
        scope = _scope(application, document or [])
        events = application.assistant(passages=k).ask(question, (), scope)
        if json:
            answer = drain(events)
            printing.say_row(answer_row(BatchQuestion(question=question, id="1"), answer))
            return
        for event in events:
            if isinstance(event, TextDelta):
                print(event.text, end="", flush=True)
            elif isinstance(event, Answer):
                printing.say("")
                printing.say_answer(event)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for, or - to read it from stdin.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    document: Only = None,
    k: Count = None,
    json: AsJson = False,
) -> None:
    """Find passages, without an answer."""
    question = inputs.read_question(question)
    with _application(data_dir, library) as application:
        scope = _scope(application, document or [])
        count = k or application.settings.passages
        passages = application.retriever.search(question, scope, count)
    if json:
        for passage in passages:
            printing.say_row(passage_row(passage))
    elif passages:
        printing.say_passages(passages)
    else:
        printing.tell("There is no text to search. Add files with: tramontane add PATH")


@app.command()
def batch(
    file: Annotated[str, typer.Argument(help="A CSV or JSONL file of questions, or - for stdin.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    k: Count = None,
    retrieve_only: Annotated[
        bool, typer.Option("--retrieve-only", help="Find passages, and ask no model.")
    ] = False,
    form: Annotated[
        Format | None, typer.Option("--format", help="What the file is, if its name does not say.")
    ] = None,
    json: AsJson = False,
) -> int:
    """Answer every question of a file: one line of JSON for each, in order, always."""
    del json  # accepted because every other command takes it
    failed = 0
    with ExitStack() as stack:
        stream = stack.enter_context(inputs.opened(file))
        application = stack.enter_context(_application(data_dir, library, chat=chat))
        answer = _batch_answerer(application, stack, retrieve_only=retrieve_only, passages=k)
        questions = read_questions(stream, form or inputs.format_of(file))
        with printing.count_progress() as bar:
            for row in run(questions, answer):
                failed += row["error"] is not None
                printing.say_row(row)
                bar.advance(bar.task_ids[0])
    if failed:
        printing.tell(f"{failed} rows have an error: see their field 'error'.")
    return SOME_FAILED if failed else DONE


@app.command()
def doctor(data_dir: DataDir = None, library: LibraryName = None, json: AsJson = False) -> int:
    """Say what is configured, what can be reached, and what is wrong."""
    settings = _settings(data_dir, library)
    findings = list(examine(settings.data_dir, checks(settings)))
    if json:
        for finding in findings:
            row = {"subject": finding.subject, "level": finding.level, "sentence": finding.sentence}
            printing.say_row(row)
    else:
        printing.say_findings(findings)
    return SOME_FAILED if any(finding.level is Level.WRONG for finding in findings) else DONE


@app.command()
def rebuild(
    data_dir: DataDir = None,
    library: LibraryName = None,
    embedding: Annotated[
        str | None, typer.Option(help="Embed the library again with this model.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Make the search indexes again from the catalog, or embed the library with another model."""
    if embedding is None:
        with _application(data_dir, library) as application:
            application.catalog.verify()
            application.indexes.discard(application.library.id)
            count = len(application.indexes.current(application.library.id).vectors)
            model = application.library.embedding_model
        if json:
            printing.say_row({"chunks": count, "embedding": model})
        else:
            printing.say(f"The indexes of {count} chunks were made again.")
        return
    settings = _settings(data_dir, library, {"embedding": embedding})
    with printing.file_progress() as report:
        catalog, library_now, embedder = open_for_reembedding(settings)
        with closing(catalog):
            count = reembed(catalog, library_now, embedder, report)
    if json:
        printing.say_row({"chunks": count, "embedding": embedder.model})
    else:
        printing.say(f"{count} chunks were embedded again with {embedder.model}.")


def _settings(
    data_dir: Path | None, library: str | None, more: Mapping[str, str | int | None] | None = None
) -> Settings:
    given: dict[str, Any] = {"data_dir": data_dir, "library": library} | dict(more or {})
    return load_settings({name: value for name, value in given.items() if value is not None})


@contextmanager
def _application(
    data_dir: Path | None,
    library: str | None,
    *,
    chat: str | None = None,
    opened_by: Callable[[Settings], Application] = build_existing,
) -> Iterator[Application]:
    with closing(opened_by(_settings(data_dir, library, {"chat": chat}))) as application:
        yield application


def _ingestor(application: Application) -> Ingestor:
    settings = application.settings
    limits = Limits(settings.max_file_mb * 1_000_000, settings.max_pages)
    return Ingestor(application.catalog, application.embedder, limits)


def _documents(catalog: Catalog, library: str) -> list[Document]:
    try:
        return catalog.documents(catalog.library(library).id)
    except NotFoundError:  # nothing was ever added to it
        return []


def _named(catalog: Catalog, library: str, name: str) -> list[Document]:
    known = _documents(catalog, library)
    found = [document for document in known if name in (document.id, document.name)]
    if not found:
        raise NotFoundError(
            f"The library {library!r} has no document {name!r}. See them with: tramontane list"
        )
    return found


def _scope(application: Application, names: Sequence[str]) -> Scope:
    if not names:
        return application.scope()
    catalog, library = application.catalog, application.settings.library
    found = [document.id for name in names for document in _named(catalog, library, name)]
    return application.scope(frozenset(found))


def _batch_answerer(
    application: Application, stack: ExitStack, *, retrieve_only: bool, passages: int | None
) -> Callable[[BatchQuestion], Row]:
    applications = {application.settings.library: application}

    def place_of(question: BatchQuestion) -> Application:
        name = question.library or application.settings.library
        if name not in applications:
            application.catalog.library(name)  # a batch makes no libraries
            settings = application.settings.model_copy(update={"library": name})
            applications[name] = stack.enter_context(closing(build(settings)))
        return applications[name]

    def answer(question: BatchQuestion) -> Row:
        place = place_of(question)
        scope = _scope(place, question.documents)
        if retrieve_only:
            count = passages or place.settings.passages
            return retrieval_row(question, place.retriever.search(question.question, scope, count))
        return answer_row(
            question, place.assistant(passages=passages).answer(question.question, scope)
        )

    return answer


def _document_row(document: Document) -> Row:
    return {
        "id": document.id,
        "document": document.name,
        "title": document.title,
        "pages": document.page_count if document.paginated else None,
        "state": document.state,
        "reason": document.reason,
        "size_bytes": document.size_bytes,
    }


def _lost_row(path: Path, error: DocumentError) -> Row:
    nothing = {"id": None, "title": None, "pages": None, "size_bytes": None}
    found = {"document": path.name, "state": error.state, "reason": error.reason}
    return nothing | found | {"new": False}


def _stop_printing() -> None:
    """Let what is still buffered for a reader who has gone vanish quietly."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
