"""The `tramontane` command."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

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
from rag.errors import NotFoundError, RagError, SettingsError
from rag.settings import Settings, load_settings
from rag.wiring import Application, build, checks, open_for_reembedding
from ui import printing

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
    except RagError as error:
        printing.tell(str(error))
        return MISUSE
    except TyperException as error:
        printing.tell(f"{error.format_message()} Try: tramontane --help")
        return MISUSE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has what it wanted
        sys.stderr.close()
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

    run_server(_settings(data_dir, library, chat=chat, host=host, port=port))


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    json: AsJson = False,
) -> int:
    """Take files in, or all files of a folder."""
    files = list(_files(paths))
    failed = 0
    with _application(data_dir, library) as application:
        ingestor = _ingestor(application)
        with printing.file_progress() as report:
            for path in files:
                added = ingestor.add(path, application.library, report=report)
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
    with _application(data_dir, library) as application:
        documents = application.catalog.documents(application.library.id)
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
) -> int:
    """Remove documents: they are gone from every answer at once."""
    missing = 0
    with _application(data_dir, library) as application:
        for name in documents:
            try:
                for document in _named(application, name):
                    application.catalog.remove(document.id)
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
    question = sys.stdin.read() if question == "-" else question
    with _application(data_dir, library, chat=chat) as application:
        scope = _scope(application, document or [])
        events = application.assistant(passages=k).ask(question, (), scope)
        if json:
            row = BatchQuestion(question=question.strip() or "?", id="1")
            printing.say_row(answer_row(row, drain(events)))
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
    question = sys.stdin.read() if question == "-" else question
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
        printing.tell("The library is empty. Add files with: tramontane add PATH")


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
) -> int:
    """Answer every question of a file: one line of JSON for each, in order."""
    failed = 0
    with _application(data_dir, library, chat=chat) as application, _opened(file) as stream:
        answer = _batch_answerer(application, retrieve_only=retrieve_only, passages=k)
        questions = read_questions(stream, form or _format_of(file))
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
) -> None:
    """Make the search indexes again from the catalog, or embed the library with another model."""
    if embedding is None:
        with _application(data_dir, library) as application:
            application.indexes.discard(application.library.id)
            index = application.indexes.current(application.library.id)
        printing.say(f"The indexes of {len(index.vectors)} chunks were made again.")
        return
    settings = _settings(data_dir, library, embedding=embedding)
    with printing.file_progress() as report:
        catalog, library_now, embedder = open_for_reembedding(settings)
        with closing(catalog):
            count = reembed(catalog, library_now, embedder, report)
    printing.say(f"{count} chunks were embedded again with {embedding}.")


def _settings(data_dir: Path | None, library: str | None, **more: str | int | None) -> Settings:
    given: dict[str, Any] = {"data_dir": data_dir, "library": library, **more}
    return load_settings({name: value for name, value in given.items() if value is not None})


@contextmanager
def _application(
    data_dir: Path | None, library: str | None, *, chat: str | None = None
) -> Iterator[Application]:
    with closing(build(_settings(data_dir, library, chat=chat))) as application:
        yield application


def _ingestor(application: Application) -> Ingestor:
    settings = application.settings
    limits = Limits(settings.max_file_mb * 1_000_000, settings.max_pages)
    return Ingestor(application.catalog, application.embedder, limits)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files themselves and those in folders, hidden ones left out."""
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob("*"))
            yield from (file for file in inside if file.is_file() and not _is_hidden(file, path))
        elif path.exists():
            yield path
        else:
            raise SettingsError(f"There is no file or folder {path}.")


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _named(application: Application, name: str) -> list[Document]:
    known = application.catalog.documents(application.library.id)
    found = [document for document in known if name in (document.id, document.name)]
    if not found:
        raise NotFoundError(
            f"The library {application.library.name!r} has no document {name!r}. "
            "See them with: tramontane list"
        )
    return found


def _scope(application: Application, names: Sequence[str]) -> Scope:
    if not names:
        return application.scope()
    found = [document.id for name in names for document in _named(application, name)]
    return application.scope(frozenset(found))


def _batch_answerer(
    application: Application, *, retrieve_only: bool, passages: int | None
) -> Callable[[BatchQuestion], Row]:
    applications = {application.settings.library: application}

    def place_of(question: BatchQuestion) -> Application:
        name = question.library or application.settings.library
        if name not in applications:
            application.catalog.library(name)  # a batch makes no libraries
            settings = application.settings.model_copy(update={"library": name})
            applications[name] = build(settings)
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


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    if file == "-":
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")  # type: ignore[union-attr]
        yield sys.stdin
        return
    try:
        with Path(file).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            yield stream
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error


def _format_of(file: str) -> Format:
    return "csv" if Path(file).suffix.lower() in (".csv", ".tsv") else "jsonl"


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
