"""The commands that work on whole documents: summaries, forms, sorting, e-mails and reports."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.batch import BatchQuestion, Row, answer_row, read_rows
from rag.domain import Answer, Document, Event, TextDelta, ToolCall
from rag.errors import QuestionError, RagError, SettingsError
from rag.whole.classification import Class, Sorted, read_classes
from rag.whole.composing import TextKind, kind_of
from rag.whole.pages import readable_documents
from rag.whole.rows import extraction_row, sorted_row
from rag.whole.schemas import Field, read_schema
from rag.whole.tasks import Tasks, drained
from ui import bars, inputs, printing
from ui.backing import say_backing
from ui.evidence import usually_needed
from ui.naming import documents_named, scope_of
from ui.opening import DONE, SOME_FAILED, open_application, open_without_documents
from ui.options import AsJson, Bar, ChatName, Count, DataDir, LibraryName, Only

if TYPE_CHECKING:
    from rag.wiring import Application

TEXT_COLUMNS = ("text", "question")

Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="DOCUMENT", help="Names or ids of documents; without any, all."),
]


def summarise(
    documents: Named = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    wish: Annotated[
        str,
        typer.Option("--wish", metavar="TEXT", help="How it should be, such as 'in French'."),
    ] = "",
    json: AsJson = False,
) -> int:
    """Summarise documents, cited by page."""
    with open_application(data_dir, library, chat=chat) as application:
        chosen = _readable(application, documents or [])
        tasks = application.tasks()
        return _say(tasks.summarise(chosen, wish), tasks, wish, json=json)


def write(
    instruction: Annotated[
        str,
        typer.Argument(metavar="INSTRUCTION", help="What to write, or - to read it from stdin."),
    ],
    data_dir: DataDir = None,
    library: LibraryName = None,
    document: Only = None,
    chat: ChatName = None,
    k: Count = None,
    kind: Annotated[
        str | None, typer.Option("--as", metavar="email|report", help="What is to be written.")
    ] = None,
    bar: Bar = None,
    json: AsJson = False,
) -> int:
    """Write an e-mail or a report from what the documents say, cited."""
    instruction = inputs.read_question(instruction)
    chosen: TextKind = _kind(kind, instruction)
    with open_application(data_dir, library, chat=chat) as application:
        scope = scope_of(application, document or [])
        tasks = application.tasks(passages=k, bar=bar)
        return _say(tasks.write(instruction, chosen, scope), tasks, instruction, json=json)


def extract(
    documents: Annotated[
        list[str], typer.Argument(metavar="DOCUMENT", help="Names or ids of documents.")
    ],
    schema: Annotated[
        str,
        typer.Option("--schema", metavar="FILE", help="The fields, as a JSON schema; - is stdin."),
    ],
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    k: Count = None,
    json: AsJson = False,
) -> int:
    """Fill in the fields of a JSON schema from documents, each value with its quote."""
    form = read_schema(_json_of(_read(schema), schema))
    failed = 0
    with open_application(data_dir, library, chat=chat) as application:
        tasks = application.tasks(passages=k)
        for document in _readable(application, documents):
            failed += _extract(document, form, tasks, several=len(documents) > 1, json=json)
    return SOME_FAILED if failed else DONE


def _extract(document: Document, form: Field, tasks: Tasks, *, several: bool, json: bool) -> bool:
    """Fill in a form from one document; whether something failed."""
    with _steps() as tell:
        answer, extraction = drained(tasks.extract(document, form), tell)
    if json:
        spent = answer_row(BatchQuestion(question=answer.question), answer)
        kept = {name: spent[name] for name in ("model", "usage", "cost")}
        printing.say_row(extraction_row(extraction) | kept)
    else:
        if several:
            printing.say(f"{document.name}:")
        printing.say(answer.text)
        printing.say_answer(answer, 0.0)
    return extraction.failed


def classify(
    documents: Named = None,
    classes: Annotated[
        str,
        typer.Option(
            "--classes",
            metavar="NAMES|FILE",
            help="The classes: names between commas, or a file with one a line ('name: what "
            "belongs to it') or JSON; - is stdin.",
        ),
    ] = "",
    rows: Annotated[
        str | None,
        typer.Option(
            "--rows", metavar="FILE", help="Sort the texts of a CSV or JSONL file; - is stdin."
        ),
    ] = None,
    multi: Annotated[
        bool, typer.Option("--multi", help="A text may have several classes.")
    ] = False,
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    json: AsJson = False,
) -> int:
    """Sort documents, or the texts of a file, into classes."""
    if rows is not None and documents:
        raise SettingsError("Name documents or --rows, not both.")
    if rows == inputs.STDIN and classes == inputs.STDIN:
        raise SettingsError("Only one of --rows and --classes can come from stdin.")
    given = _classes(classes)
    most = None if multi else 1
    if rows is not None:
        with open_without_documents(data_dir, library, chat=chat) as application:
            return _classify_rows(rows, application.tasks(), given, most, json=json)
    failed = False
    with open_application(data_dir, library, chat=chat) as application:
        chosen = _readable(application, documents or [])
        for document in chosen:
            with _steps() as tell:
                _, found = drained(application.tasks().classify([document], given, most=most), tell)
            _say_sorted(found[0], None, json=json)
            failed = failed or found[0].failed
    return SOME_FAILED if failed else DONE


def _classify_rows(
    file: str, tasks: Tasks, classes: list[Class], most: int | None, *, json: bool
) -> int:
    """Sort the texts of a file, one line for each; what goes wrong with one is its `error`."""
    failed = 0
    with inputs.opened(file) as stream, bars.count_progress() as bar:
        form = inputs.format_of(file, stream)
        for number, (_, row) in enumerate(read_rows(stream, form, TEXT_COLUMNS), start=1):
            id_ = str(number)
            error: str | None = None
            found: Sorted | None = None
            if isinstance(row, dict):
                id_ = str(row.get("id") or number)
                text = next((str(row[name]) for name in TEXT_COLUMNS if row.get(name)), "")
                try:
                    _, sorted_ = drained(tasks.classify([text], classes, most=most))
                    found = sorted_[0]
                except RagError as fault:
                    error = str(fault)
            else:
                error = row
            failed += error is not None or (found is not None and found.failed)
            if found is not None:
                _say_sorted(found, id_, json=json)
            elif json:
                printing.say_row({"id": id_, "class": None, "classes": [], "error": error})
            else:
                printing.tell(f"{id_}: {error}")
            bar.advance(bar.task_ids[0])
    return SOME_FAILED if failed else DONE


def _say_sorted(found: Sorted, id_: str | None, *, json: bool) -> None:
    """Print an item with its classes; a row under its id, a document under its name."""
    if json:
        row = sorted_row(found)
        item = row.pop("item")
        named: Row = {"document": item} if id_ is None else {"id": id_}
        error = found.reason if found.failed else None
        printing.say_row(named | row | {"error": error})
        return
    names = ", ".join(fit.name for fit in found.fits) or "—"
    why = found.reason or found.fits[0].reason
    printing.say(f"{id_ or found.item.name}\t{names}{f'	({why})' if why else ''}")


def _say(events: Iterator[Event], tasks: Tasks, asked: str, *, json: bool) -> int:
    """Print what is written as it comes, and then what it cites; or all of it as JSON.

    Returns:
        The exit code.
    """
    complete = True
    with _steps() as tell:
        for event in events:
            tell(event)
            complete = event.complete if isinstance(event, Answer) else complete
            if json and isinstance(event, Answer):
                question = BatchQuestion(question=asked or event.question, id="1")
                printing.say_row(answer_row(question, event))
            elif not json and isinstance(event, TextDelta):
                printing.say_piece(event.text)
            elif not json and isinstance(event, Answer):
                printing.say("")
                usual = usually_needed(tasks.bar, tasks.card)
                printing.say_answer(event, usual)
                if tasks.card.instructable:
                    say_backing(event)
    return DONE if complete else SOME_FAILED


@contextmanager
def _steps() -> Iterator[Callable[[Event], None]]:
    """Show on stderr what is being read, until text comes."""
    with bars.step_progress() as bar:

        def tell(event: Event) -> None:
            if isinstance(event, ToolCall):
                bar.update(bar.task_ids[0], description=event.name)
            elif isinstance(event, TextDelta | Answer):
                bar.stop()

        yield tell


def _readable(application: Application, names: list[str]) -> list[Document]:
    """The documents that are named, in that order, or all; those that have text.

    Raises:
        NotFoundError: one is not there, or has no text.
    """
    catalog = application.catalog
    if not names:
        return readable_documents(catalog, application.scope())
    library = application.settings.library
    found = [each for name in names for each in documents_named(catalog, library, name)]
    for document in found:
        readable_documents(catalog, application.scope(frozenset({document.id})))
    return list(dict.fromkeys(found))


def _kind(given: str | None, instruction: str) -> TextKind:
    if given is None:
        return kind_of(instruction)
    match given.strip().lower().replace("-", ""):
        case "email" | "mail":
            return "email"
        case "report":
            return "report"
    raise SettingsError(f"--as must be email or report, not {given!r}.")


def _classes(given: str) -> list[Class]:
    """The classes of a file, of stdin, or as they stand.

    Raises:
        QuestionError: they are none.
        SettingsError: the file cannot be read.
    """
    if not given.strip():
        raise QuestionError('Name the classes: --classes "invoice, contract, letter", or a file.')
    is_file = given == inputs.STDIN or _is_file(given)
    text = _read(given) if is_file else given
    if text.lstrip().startswith(("[", "{")):
        return read_classes(_json_of(text, given))
    return read_classes(text)


def _is_file(name: str) -> bool:
    if name.lstrip().startswith(("[", "{")):
        return False
    if Path(name).is_file():
        return True
    if Path(name).suffix in (".json", ".txt", ".csv", ".yaml"):
        raise SettingsError(f"There is no file {name}.")
    return False


def _read(file: str) -> str:
    """What a file or stdin holds.

    Raises:
        SettingsError: it cannot be read.
    """
    if file == inputs.STDIN:
        return inputs.read_question(file)
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is no UTF-8 text.") from error


def _json_of(text: str, file: str) -> Any:
    """What JSON says.

    Raises:
        QuestionError: it is none.
    """
    try:
        return json_module.loads(text)
    except (ValueError, RecursionError) as error:
        name = "The input" if file == inputs.STDIN else file
        raise QuestionError(f"{name} is no JSON: {error}.") from error
