"""What the `eval` command prints: figures side by side, by kind, and the worst misses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from rich.table import Table

from rag.evaluation import PASSAGES, Outcome
from rag.scores import (
    DEEPEST,
    Run,
    by_kind,
    compare,
    compare_answers,
    figures,
    in_common,
    worst,
)
from rag.settings import variable
from ui import answer_report
from ui.evidence import percent
from ui.printing import say, say_row
from ui.report_layout import (
    figure,
    print_table,
    say_each,
    say_kinds,
    say_some,
    short,
    wrapped,
)

WORST_SHOWN = 10
CHANGED_SHOWN = 10
FAILED_SHOWN = 10
ABSENT_SHOWN = 10
LABELS = {
    "hit@1": "found first",
    "hit@5": "among the first 5",
    "hit@10": "among the first 10",
    "mrr@10": "mean of 1/rank",
    "document@10": "right document in 10",
    "refused": "refused wrongly",
    "refused_unanswerable": "refused rightly",
    "refusal_accuracy": "answered or refused as due",
    "answer_contained": "answer contained",
    "still_cites_wrong": "still cites what was wrong",
    **answer_report.LABELS,
    "seconds": "seconds a question",
}
HEADS = {
    "hit@1": "first",
    "hit@5": "in 5",
    "hit@10": "in 10",
    "mrr@10": "1/rank",
    "refused": "refused wrongly",
    "refused_unanswerable": "refused rightly",
    "answer_contained": "answer contained",
    "still_cites_wrong": "cites wrong",
}

Runs = Sequence[tuple[str, Run]]


def say_runs(runs: Runs) -> None:
    """Print the figures of each run, those of each kind, what changed, and the worst misses.

    Runs are compared over the questions that all of them have; where there are none, that is said
    instead, with what failed.
    """
    compared = _comparable(runs)
    name, run = runs[-1]
    of_last = f" ({name})" if len(runs) > 1 else ""
    if compared:
        _say_compared(compared, of_last)
    failed = [outcome for outcome in run.outcomes if outcome.error]
    if failed:
        say(f"\nFailed{of_last}:")
        say_some([f"- {short(it)} {it.error}" for it in failed], FAILED_SHOWN, "-")
    if compared:
        _say_worst(run, of_last)
        answer_report.say_worst_answers(run, of_last)


def _comparable(runs: Runs) -> Runs:
    """The runs over the questions that they have in common; none where there is no such question.

    Says what is left out of each.
    """
    kept = in_common([run for _, run in runs])
    lost = [
        len(run.outcomes) - len(left.outcomes) for (_, run), left in zip(runs, kept, strict=True)
    ]
    if not any(lost):
        return runs
    if kept[0].outcomes:
        of_each = ", ".join(
            f"{count or 'none'} of {name}" for (name, _), count in zip(runs, lost, strict=True)
        )
        common = len(kept[0].outcomes)
        say(wrapped(f"Questions in common, and compared: {common}. Left out: {of_each}."))
        say("")
        return [(name, left) for (name, _), left in zip(runs, kept, strict=True)]
    (saved, earlier), *made = runs
    others = " and ".join(f"{name} ({len(run.outcomes)})" for name, run in made)
    text = f"No question of {saved} ({len(earlier.outcomes)}) is one of {others}"
    if len(made) > 1:
        say(wrapped(f"{text}, so that run is left out."))
        say("")
        return made
    say(wrapped(f"{text}: leave out --against for the figures without a comparison."))
    return []


def _say_compared(runs: Runs, of_last: str) -> None:
    """Print the figures side by side, and what changed from run to run."""
    _say_figures(runs)
    _, run = runs[-1]
    _say_depth(run)
    _say_notes(run.outcomes)
    kinds = by_kind(run.outcomes)
    if len(kinds) > 1:
        say(f"\nBy kind{of_last}:")
        by = {kind: figures(group) for kind, group in kinds.items()}
        say_kinds(by, HEADS)
        if answer_report.has_answers(run):
            say(f"\nAnswers by kind{of_last}:")
            say_kinds(by, answer_report.HEADS)
    for (before, earlier), (after, later) in pairwise(runs):
        _say_changes(f"{before} -> {after}", earlier, later)
        _say_different(before, earlier, after, later)
        _say_changed(earlier, later)
        answer_report.say_answer_changes(f"{before} -> {after}", earlier, later)


def _say_worst(run: Run, of_last: str) -> None:
    answers = answer_report.has_answers(run)  # whose refusals are told with them
    asked = [it for it in run.outcomes if not it.error and (it.answerable or not answers)]
    missed = worst(asked, WORST_SHOWN)
    if missed:
        say(f"\nThe worst{of_last}:")
        say_each(missed, [_reason(outcome) for outcome in missed])


def say_runs_as_json(runs: Runs) -> None:
    """Print the runs as one JSON object."""
    changes = [
        {"before": before, "after": after}
        | answer_report.changes_row(compare(earlier.outcomes, later.outcomes))
        | {"answers": _answer_changes(earlier, later)}
        for (before, earlier), (after, later) in pairwise(runs)
    ]
    say_row({"runs": {name: run.to_json() for name, run in runs}, "changes": changes})


def _answer_changes(earlier: Run, later: Run) -> dict[str, Any] | None:
    if not (answer_report.has_answers(earlier) and answer_report.has_answers(later)):
        return None
    return answer_report.changes_row(compare_answers(earlier.outcomes, later.outcomes))


def _say_figures(runs: Runs) -> None:
    columns = [(run, figures(run.outcomes)) for _, run in runs]
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name, _ in runs:
        table.add_column(name, justify="right", overflow="fold")
    table.add_row("questions", *(str(column["questions"]) for _, column in columns))
    if any(column["errors"] for _, column in columns):
        table.add_row("failed", *(str(column["errors"]) for _, column in columns))
    if any(column["absent"] for _, column in columns):
        table.add_row("left out", *(str(column["absent"]) for _, column in columns))
    searched = [run.settings.get("passages") for run, _ in columns]
    if any(searched):
        table.add_row("passages searched for", *(str(count or "") for count in searched))
    for key, label in LABELS.items():
        values = [column[key] for _, column in columns]
        if any(value is not None for value in values):
            table.add_row(label, *map(figure, values))
    print_table(table)


def _say_depth(run: Run) -> None:
    """Say why a search went deeper than one for an answer."""
    usual = run.settings.get(variable("passages"))
    if run.settings.get("passages") == PASSAGES and isinstance(usual, int) and usual < PASSAGES:
        say(f"({PASSAGES} passages, and not the {usual} of an answer, to reach {DEEPEST} pages.)")


def _say_notes(outcomes: Sequence[Outcome]) -> None:
    """Say which questions count otherwise than the rest, or not at all."""
    absent = [it for it in outcomes if it.absent]
    by_document = [it for it in outcomes if it.by_document]
    nowhere = [it for it in outcomes if it.answerable is None and not (it.error or it.absent)]
    notes = []
    if absent:
        names = list(dict.fromkeys(name for it in absent for name in it.absent))
        more = f" and {len(names) - ABSENT_SHOWN} more" if len(names) > ABSENT_SHOWN else ""
        notes.append(
            f"{_counted(absent, 'asks', 'ask')} about documents that are not in this library, and "
            f"{'is' if len(absent) == 1 else 'are'} left out: {', '.join(names[:ABSENT_SHOWN])}"
            f"{more}."
        )
    if by_document:
        notes.append(
            f"{_counted(by_document, 'names', 'name')} no page: the rank is that of the document."
        )
    if nowhere:
        notes.append(
            f"{_counted(nowhere, 'does', 'do')} not say where the answer is, and so "
            f"{'has' if len(nowhere) == 1 else 'have'} no rank."
        )
    if notes:
        say("")
    for note in notes:
        say(wrapped(note))


def _counted(outcomes: Sequence[Outcome], one: str, several: str) -> str:
    count = len(outcomes)
    return f"1 question {one}" if count == 1 else f"{count} questions {several}"


def _say_changes(title: str, earlier: Run, later: Run) -> None:
    changed = compare(earlier.outcomes, later.outcomes)
    better, worse = len(changed.better), len(changed.worse)
    text = f"{title}: {better} better, {worse} worse"
    if better or worse:
        text += f" (so uneven a split comes by chance with p = {changed.p_value:.3f})"
    say("")
    say(wrapped(text))


def _say_different(before: str, earlier: Run, after: str, later: Run) -> None:
    """Say under what other settings two runs were made, where their names do not tell."""
    names = [name for name in later.settings if name in earlier.settings and name not in after]
    for name in names:
        if earlier.settings[name] != later.settings[name]:
            say(wrapped(f"({name}: {earlier.settings[name]} -> {later.settings[name]})"))
    if earlier.generation != later.generation:
        say(f"(The documents have changed since {before}.)")


def _say_changed(earlier: Run, later: Run) -> None:
    changed = compare(earlier.outcomes, later.outcomes)
    for sign, pairs in (("+", changed.better), ("-", changed.worse)):
        lines = [f"{sign} {short(it)}: {_place(was)} -> {_place(it)}" for was, it in pairs]
        say_some(lines, CHANGED_SHOWN, sign)


def _reason(outcome: Outcome) -> str:
    if outcome.answerable is False:
        evidence = "" if outcome.evidence is None else f" (evidence {percent(outcome.evidence)})"
        return f"the documents hold nothing, and it was not refused{evidence}"
    return outcome.reason or _place(outcome)


def _place(outcome: Outcome) -> str:
    if outcome.error:
        return "failed"
    if outcome.answerable is False:
        return "refused" if outcome.refused else "answered"
    place = f"rank {outcome.rank}" if outcome.rank else "not found"
    return f"{place}, refused" if outcome.refused else place
