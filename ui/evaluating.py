"""The `eval` command: how well a library answers questions whose answers are known."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from rag.batch import BadRow
from rag.errors import SettingsError
from rag.evaluation import PASSAGES, Evaluator, Outcome
from rag.known_questions import EvaluationQuestion, marked_questions, marked_row, read_evaluation
from rag.marks import Marks
from rag.scores import Run, run_from_json
from rag.settings import Settings, variable
from ui import inputs, printing
from ui.opening import DONE, SOME_FAILED, open_application, settings_of
from ui.options import AsJson, ChatName, Count, DataDir, LibraryName
from ui.reporting import say_runs, say_runs_as_json

if TYPE_CHECKING:
    from rag.wiring import Application

NOW = "now"
STDOUT = Path("-")
SAYS_NOTHING = frozenset({"host", "port", "space_id", "samples", "max_file_mb", "max_pages"})
OF_ANSWERS = frozenset({"chat", "chat_model", "chat_api_key", "chat_context_tokens"})

Asked = EvaluationQuestion | BadRow


@dataclass(frozen=True, slots=True)
class _How:
    """How a run asks; without a number of `passages` it searches deeper than an answer draws on."""

    passages: int | None
    answers: bool
    within: bool


def evaluate(
    file: Annotated[
        str | None,
        typer.Argument(metavar="QUESTIONS", help="Questions as CSV or JSONL, or - for stdin."),
    ] = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    k: Count = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="Ask the model too, and look into its answers.")
    ] = False,
    within: Annotated[
        bool, typer.Option("--within", help="Search each question in its right documents only.")
    ] = False,
    marked: Annotated[
        bool, typer.Option("--marked", help="Ask the questions marked as answered wrongly.")
    ] = False,
    different: Annotated[
        list[str] | None,
        typer.Option(
            "--compare",
            metavar="SETTING=VALUE",
            help="Ask again under another setting, such as TRAMONTANE_RERANK=chat; several are "
            "changed at once.",
        ),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Save the run as JSON.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Compare with a saved run.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write the marked questions as JSONL; - is stdout."
        ),
    ] = None,
    json: AsJson = False,
) -> int:
    """Measure how well questions with known answers are answered.

    Rows have a question and its evidence (document and page), or no evidence where the documents
    hold no answer. Ranks count pages, or documents where no page is named.
    """
    runs = [] if against is None else [(_name_of(against), _load(against))]
    changed = _changed(different or [])
    _check(settings_of(data_dir, library, {"chat": chat, **changed}), changed, answers=answers)
    _check_files(save, export, only_exports=file is None and not marked)
    with ExitStack() as stack:
        application = stack.enter_context(open_application(data_dir, library, chat=chat))
        if export is not None:
            _export(application, export)
            if file is None and not marked:
                return DONE
        asked = _asked(application, stack, file, marked=marked)
        usual = application.settings.passages if "passages" in changed else None
        run = _run(application, asked, _How(k or usual, answers, within))
    made = [(NOW, run)]
    if changed:
        with open_application(data_dir, library, chat=chat, more=changed) as application:
            count = application.settings.passages if "passages" in changed else k
            other = _run(application, asked, _How(count, answers, within))
        made.append((", ".join(different or []), other))
    (say_runs_as_json if json else say_runs)([*runs, *made])
    if save is not None:
        _save(run, save)
    outcomes = [outcome for _, each in made for outcome in each.outcomes]
    failed = any(it.error for it in outcomes) or all(it.absent for it in outcomes)
    return SOME_FAILED if failed else DONE


def _asked(
    application: Application, stack: ExitStack, file: str | None, *, marked: bool
) -> list[Asked]:
    asked: list[Asked] = []
    if file is not None:
        stream = stack.enter_context(inputs.opened(file))
        asked += read_evaluation(stream, inputs.format_of(file, stream))
    if marked:
        marks = Marks(application.catalog.data_dir)
        asked += marked_questions(marks.marked(application.library.id))
    if not asked:
        raise SettingsError(
            "No answer is marked as wrong yet: mark one in the page."
            if marked and file is None
            else "There are no questions. Name a file of them, or --marked for the answers that "
            "were marked as wrong in the page."
        )
    return asked


def _run(application: Application, asked: Sequence[Asked], how: _How) -> Run:
    settings = application.settings
    passages = how.passages or max(PASSAGES, settings.passages)
    assistant = application.assistant(passages=how.passages) if how.answers else None
    evaluator = Evaluator(application.catalog, application.retriever, assistant, bar=settings.bar)
    outcomes: list[Outcome] = []
    with printing.count_progress() as bar:
        for question in asked:
            if isinstance(question, BadRow):
                outcomes.append(Outcome(question.id, "", "", None, error=question.reason))
            else:
                scope = application.scope()
                if how.within and (right := evaluator.documents_of(question, scope.library_id)):
                    scope = application.scope(frozenset(document.id for document in right))
                outcomes.append(evaluator.ask(question, scope, passages))
            bar.advance(bar.task_ids[0])
    shown = settings.model_dump(mode="json", exclude=set(SAYS_NOTHING))
    secrets = {
        name for name in Settings.model_fields if isinstance(getattr(settings, name), SecretStr)
    }
    kept = {variable(name): value for name, value in shown.items() if name not in secrets}
    made = {"passages": passages, "answers": how.answers, "within": how.within}
    return Run(kept | made, application.library.generation, time.time(), tuple(outcomes))


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


def _load(path: Path) -> Run:
    try:
        return run_from_json(json_module.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no JSON file. Make one with --save.") from error


def _save(run: Run, path: Path) -> None:
    text = json_module.dumps(run.to_json(), ensure_ascii=False, indent=1)
    _write(path, text + "\n")
    printing.tell(f"The run was saved in {path}.")


def _export(application: Application, path: Path) -> None:
    marked = Marks(application.catalog.data_dir).marked(application.library.id)
    if path == STDOUT:
        for each in marked:
            printing.say_row(marked_row(each))
        return
    lines = [json_module.dumps(marked_row(each), ensure_ascii=False) + "\n" for each in marked]
    _write(path, "".join(lines))
    printing.tell(f"{len(marked)} marked questions were written to {path}.")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error
