"""The runs of the `eval` command: made by asking or from answers, saved and loaded."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag.answer_rows import AnswerRow, Answers
from rag.batch import BadRow
from rag.errors import SettingsError
from rag.evaluation import PASSAGES, Evaluator, Outcome
from rag.known_questions import EvaluationQuestion
from rag.rechecking import Rechecker
from rag.scores import Run, run_from_json
from rag.settings import Settings, variable
from ui import bars, printing

if TYPE_CHECKING:
    from rag.wiring import Application

SAYS_NOTHING = frozenset({"host", "port", "space_id", "samples", "max_file_mb", "max_pages"})

Asked = EvaluationQuestion | BadRow


@dataclass(frozen=True, slots=True)
class How:
    """How a run asks; without a number of `passages` it searches deeper than an answer draws on."""

    passages: int | None
    answers: bool
    within: bool


def run_of_questions(application: Application, asked: Sequence[Asked], how: How) -> Run:
    """Ask every question."""
    settings = application.settings
    passages = how.passages or max(PASSAGES, settings.passages)
    assistant = application.assistant(passages=how.passages) if how.answers else None
    evaluator = Evaluator(application.catalog, application.retriever, assistant, bar=settings.bar)
    outcomes: list[Outcome] = []
    with bars.count_progress() as bar:
        for question in asked:
            if isinstance(question, BadRow):
                outcomes.append(_failed(question))
            else:
                scope = application.scope()
                if how.within and (right := evaluator.documents_of(question, scope.library_id)):
                    scope = application.scope(frozenset(document.id for document in right))
                outcomes.append(evaluator.ask(question, scope, passages))
            bar.advance(bar.task_ids[0])
    made = {"passages": passages, "answers": how.answers, "within": how.within}
    return _run(application, _kept(settings) | made, outcomes)


def run_of_answers(
    application: Application, asked: Sequence[Asked], rows: Sequence[AnswerRow | BadRow], name: str
) -> Run:
    """Judge the answers of a file of that name, and ask nobody.

    Those that come without verdicts are checked against the pages that they cite.
    """
    library_id = application.library.id
    evaluator = Evaluator(
        application.catalog, application.retriever, None, bar=application.settings.bar
    )
    rechecker = Rechecker(application.catalog, application.verifier, library_id)
    answers = Answers(rows)
    outcomes: list[Outcome] = []
    with bars.share_progress("judging", len(asked)) as bar:
        for question in asked:
            if isinstance(question, BadRow):
                outcomes.append(_failed(question))
            else:
                answer = answers.take(question) or BadRow(
                    "", f"There is no answer to it in {name}."
                )
                if isinstance(answer, AnswerRow):
                    answer = rechecker.recheck(answer)
                outcomes.append(evaluator.judge(question, answer, library_id))
            bar.advance(bar.task_ids[0])
    if answers.left:
        count = len(answers.left)
        were = "answer was to no question, and was" if count == 1 else "answers were to no question"
        printing.tell(f"{count} {were} passed over.")
    models = {row.model: None for row in rows if isinstance(row, AnswerRow) and row.model}
    return _run(
        application, {"answers": True, "answers_of": name, "models": ", ".join(models)}, outcomes
    )


def load_run(path: Path) -> Run:
    """A run as it was saved.

    Raises:
        SettingsError: it cannot be read, or is something else.
    """
    try:
        return run_from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no JSON file. Make one with --save.") from error


def save_run(run: Run, path: Path) -> None:
    """Save a run as JSON.

    Raises:
        SettingsError: the file cannot be written.
    """
    write_text(path, json.dumps(run.to_json(), ensure_ascii=False, indent=1) + "\n")
    printing.tell(f"The run was saved in {path}.")


def write_text(path: Path, text: str) -> None:
    """Write a file.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error


def _failed(row: BadRow) -> Outcome:
    return Outcome(row.id, "", "", None, error=row.reason)


def _run(application: Application, settings: Mapping[str, Any], outcomes: Sequence[Outcome]) -> Run:
    return Run(settings, application.library.generation, time.time(), tuple(outcomes))


def _kept(settings: Settings) -> dict[str, Any]:
    """The settings that say something of a run, without secrets."""
    shown = settings.model_dump(mode="json", exclude=set(SAYS_NOTHING))
    secrets = {
        name for name in Settings.model_fields if isinstance(getattr(settings, name), SecretStr)
    }
    return {variable(name): value for name, value in shown.items() if name not in secrets}
