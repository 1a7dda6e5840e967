"""The `eval` command: how well a library answers questions whose answers are known."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.answer_rows import AnswerRow, holds_answers, questions_of, read_answers
from rag.batch import BadRow, Format, read_rows
from rag.errors import SettingsError
from rag.known_questions import marked_questions, read_evaluation
from rag.marks import MarkedAnswer, Marks
from rag.scores import Run
from rag.settings import Settings, variable
from ui import inputs
from ui.marked import STDOUT, export_marked, say_marked, say_marked_as_json
from ui.opening import DONE, SOME_FAILED, open_application, settings_of
from ui.options import AsJson, ChatName, Count, DataDir, LibraryName
from ui.reporting import say_runs, say_runs_as_json
from ui.runs import SAYS_NOTHING, Asked, How, load_run, run_of_answers, run_of_questions, save_run

if TYPE_CHECKING:
    from rag.wiring import Application

NOW = "now"
OF_ANSWERS = frozenset({"chat", "chat_model", "chat_api_key", "chat_context_tokens", "strict"})

Questions = Annotated[
    str | None,
    typer.Argument(metavar="QUESTIONS", help="Questions as CSV or JSONL, or - for stdin."),
]
Answered = Annotated[
    str | None,
    typer.Argument(
        metavar="ANSWERS",
        help="The answers to them, as batch writes them: they are judged, and nobody is asked.",
    ),
]
AskAnswers = Annotated[
    bool, typer.Option("--answers", help="Ask the model too, and look into its answers.")
]
Within = Annotated[
    bool, typer.Option("--within", help="Search each question in its right documents only.")
]
AskMarked = Annotated[
    bool, typer.Option("--marked", help="Ask the questions whose answers were marked.")
]
ListMarks = Annotated[bool, typer.Option("--marks", help="List what was marked, and why.")]
Different = Annotated[
    list[str] | None,
    typer.Option(
        "--compare",
        metavar="SETTING=VALUE",
        help="Ask again under another setting, such as TRAMONTANE_RERANK=chat; several are "
        "changed at once.",
    ),
]
Save = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Save the run as JSON.")]
Against = Annotated[
    Path | None, typer.Option("--against", metavar="FILE", help="Compare with a saved run.")
]
Export = Annotated[
    Path | None,
    typer.Option(
        "--export", metavar="FILE", help="Write the marked questions as JSONL; - is stdout."
    ),
]


@dataclass(frozen=True, slots=True)
class _Given:
    """The files on the command line: questions, and the answers of the file of that name."""

    questions: tuple[Asked, ...] = ()
    answers: tuple[AnswerRow | BadRow, ...] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read."""

    name: str
    text: str
    form: Format
    answers: bool


def evaluate(
    file: Questions = None,
    answered: Answered = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    k: Count = None,
    answers: AskAnswers = False,
    within: Within = False,
    marked: AskMarked = False,
    marks: ListMarks = False,
    different: Different = None,
    save: Save = None,
    against: Against = None,
    export: Export = None,
    json: AsJson = False,
) -> int:
    """Measure how well questions with known answers are answered.

    Rows have a question and its evidence (document and page), or no evidence where the documents
    hold no answer. Ranks count pages, or documents where no page is named.
    """
    runs = [] if against is None else [(_name_of(against), load_run(against))]
    changed = _changed(different or [])
    _check(settings_of(data_dir, library, {"chat": chat, **changed}), changed, answers=answers)
    asks = file is not None or marked
    _check_files(save, export, only_exports=not asks)
    opened = partial(open_application, data_dir, library, chat=chat)
    with opened() as application:
        if _shown(application, export, marks=marks, json=json) and not asks:
            return DONE
        given = _read([name for name in (file, answered) if name is not None])
        _check_answers(given, within or k or chat or changed)
        asked = _asked(application, given, marked=marked)
        how = How(k or _compared_count(application, changed), answers, within)
        made = [(NOW, _made(application, asked, given, how))]
    if changed:
        with opened(more=changed) as application:
            made.append((", ".join(different or []), _again(application, asked, changed, how)))
    (say_runs_as_json if json else say_runs)([*runs, *made])
    return _finished([run for _, run in made], save)


def _shown(application: Application, export: Path | None, *, marks: bool, json: bool) -> bool:
    """Export and list what is marked, as far as that is wanted; whether anything was."""
    if export is not None:
        export_marked(_marked(application), export)
    if marks:
        (say_marked_as_json if json else say_marked)(_marked(application))
    return marks or export is not None


def _read(files: Sequence[str]) -> _Given:
    """What the files hold: questions, answers, or each in one of two files, in any order."""
    read = [_file(name) for name in files]
    questions = [each for each in read if not each.answers]
    answers = [each for each in read if each.answers]
    if len(questions) > 1 or len(answers) > 1:
        raise SettingsError(
            f"{read[0].name} and {read[1].name} both hold {'answers' if answers else 'questions'}. "
            "Name a file of questions and one of answers, as the command batch writes them."
        )
    asked = tuple(read_evaluation(_stream(each), each.form) for each in questions)
    rows = tuple(read_answers(_stream(answers[0]))) if answers else None
    return _Given(
        tuple(asked[0]) if asked else tuple(questions_of(rows or ())),
        rows,
        answers[0].name if answers else "",
    )


def _file(name: str) -> _File:
    with inputs.opened(name) as stream:
        form = inputs.format_of(name, stream)
        text = stream.read()
    rows = read_rows(io.StringIO(text, newline=""), "jsonl") if form == "jsonl" else iter(())
    first = next((row for _, row in rows if not isinstance(row, str)), "")
    return _File(name, text, form, holds_answers(first))


def _stream(file: _File) -> io.StringIO:
    return io.StringIO(file.text, newline="")


def _asked(application: Application, given: _Given, *, marked: bool) -> list[Asked]:
    """The questions of the file, and those that were marked."""
    asked = [*given.questions]
    if marked:
        asked += marked_questions(_marked(application))
    if not asked:
        raise SettingsError(
            "No answer is marked yet: mark one in the page."
            if marked and not given.name
            else "There are no questions. Name a file of them, or --marked for those whose answers "
            "were marked in the page."
        )
    return asked


def _marked(application: Application) -> list[MarkedAnswer]:
    catalog = application.catalog
    marks = Marks(catalog.data_dir, catalog.library_with_id)
    return marks.marked(application.library.id)


def _made(application: Application, asked: Sequence[Asked], given: _Given, how: How) -> Run:
    """The run: over the answers that are given, or by asking."""
    if given.answers is None:
        return run_of_questions(application, asked, how)
    return run_of_answers(application, asked, given.answers, given.name)


def _again(
    application: Application, asked: Sequence[Asked], changed: Collection[str], how: How
) -> Run:
    """The run under other settings, of which the number of passages may be one."""
    passages = _compared_count(application, changed) or how.passages
    return run_of_questions(application, asked, replace(how, passages=passages))


def _compared_count(application: Application, changed: Collection[str]) -> int | None:
    """The number of passages of the settings, where that is what is compared."""
    return application.settings.passages if "passages" in changed else None


def _finished(made: Sequence[Run], save: Path | None) -> int:
    """Save the first run, and return the exit code of all."""
    if save is not None:
        save_run(made[0], save)
    outcomes = [outcome for run in made for outcome in run.outcomes]
    failed = any(it.error for it in outcomes) or all(it.absent for it in outcomes)
    return SOME_FAILED if failed else DONE


def _changed(different: Iterable[str]) -> dict[str, str]:
    """The settings of `--compare`, by their field names."""
    fields = {variable(name): name for name in Settings.model_fields}
    changed: dict[str, str] = {}
    for pair in different:
        name, sign, value = pair.partition("=")
        if not sign or name.strip().upper() not in fields:
            raise SettingsError(
                f"--compare takes a setting and its value, such as TRAMONTANE_RERANK=chat, not "
                f"{pair!r}. The README's table has the settings."
            )
        field = fields[name.strip().upper()]
        if field in SAYS_NOTHING:
            raise SettingsError(
                f"{name.strip()} changes no answer, so there is nothing to compare."
            )
        if field in changed:
            raise SettingsError(
                f"--compare names {name.strip()} twice, and compares one other run. Ask again for "
                "each value, with --save and --against."
            )
        changed[field] = value.strip()
    return changed


def _check(settings: Settings, changed: Collection[str], *, answers: bool) -> None:
    """See that what is compared can make a difference."""
    idle = sorted(OF_ANSWERS.intersection(changed))
    if idle and not answers and settings.rerank != "chat":
        raise SettingsError(
            f"{variable(idle[0])} changes answers and not what is found. Add --answers to compare "
            "them."
        )


def _check_answers(given: _Given, asks_otherwise: object) -> None:
    """See that nothing is wanted of answers that are there already."""
    if given.answers is not None and asks_otherwise:
        raise SettingsError(
            f"The answers of {given.name} are there already, and -k, --chat, --within and "
            "--compare would ask anew. Leave those out, and compare saved runs with --against."
        )


def _check_files(save: Path | None, export: Path | None, *, only_exports: bool) -> None:
    """See that what is to be written has a place."""
    if save == STDOUT:
        raise SettingsError("--save needs the name of a file. --json prints the run instead.")
    if save is not None and not save.absolute().parent.is_dir():
        raise SettingsError(f"{save} cannot be written: there is no folder {save.parent}.")
    if export == STDOUT and not only_exports:
        raise SettingsError(
            "--export - prints the marked questions, and nothing else fits beside them. Name a "
            "file, or export without asking questions."
        )


def _name_of(path: Path) -> str:
    """What a saved run is called beside the one made now."""
    return path.name if path.name != NOW else f"saved as {NOW}"
