"""What the `eval` command prints: figures side by side, by kind, and the worst misses."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise

from rich.console import Console
from rich.table import Table

from rag.evaluation import PASSAGES, Outcome
from rag.scores import DEEPEST, Figures, Run, by_kind, compare, figures, in_common, worst
from rag.settings import variable
from ui.evidence import percent
from ui.printing import WIDTH, say, say_row

WORST_SHOWN = 10
CHANGED_SHOWN = 10
FAILED_SHOWN = 10
ABSENT_SHOWN = 10
NO_KIND = "(no kind)"
LONGEST_QUESTION = 90
LABELS = {
    "hit@1": "found first",
    "hit@5": "among the first 5",
    "hit@10": "among the first 10",
    "mrr@10": "mean of 1/rank",
    "document@10": "right document in 10",
    "refused": "refused wrongly",
    "refused_unanswerable": "refused rightly",
    "answer_contained": "answer contained",
    "still_cites_wrong": "still cites what was wrong",
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
        _say_some([f"- {_short(it)} {it.error}" for it in failed], FAILED_SHOWN, "-")
    if compared:
        _say_worst(run, of_last)


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
        say(_wrapped(f"Questions in common, and compared: {common}. Left out: {of_each}."))
        say("")
        return [(name, left) for (name, _), left in zip(runs, kept, strict=True)]
    (saved, earlier), *made = runs
    others = " and ".join(f"{name} ({len(run.outcomes)})" for name, run in made)
    text = f"No question of {saved} ({len(earlier.outcomes)}) is one of {others}"
    if len(made) > 1:
        say(_wrapped(f"{text}, so that run is left out."))
        say("")
        return made
    say(_wrapped(f"{text}: leave out --against for the figures without a comparison."))
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
        _say_kinds({kind: figures(group) for kind, group in kinds.items()})
    for (before, earlier), (after, later) in pairwise(runs):
        _say_changes(f"{before} -> {after}", earlier, later)
        _say_different(before, earlier, after, later)
        _say_changed(earlier, later)


def _say_worst(run: Run, of_last: str) -> None:
    missed = worst([it for it in run.outcomes if not it.error], WORST_SHOWN)
    if missed:
        say(f"\nThe worst{of_last}:")
        for outcome in missed:
            say(_wrapped(f"- {_short(outcome)}"))
            for line in _reason(outcome).splitlines():
                say(_wrapped(line, indent=4))


def say_runs_as_json(runs: Runs) -> None:
    """Print the runs as one JSON object."""
    changes = [
        {
            "before": before,
            "after": after,
            "better": [pair[1].id for pair in changed.better],
            "worse": [pair[1].id for pair in changed.worse],
            "p_value": changed.p_value,
            "shared": changed.shared,
        }
        for (before, earlier), (after, later) in pairwise(runs)
        for changed in [compare(earlier.outcomes, later.outcomes)]
    ]
    say_row({"runs": {name: run.to_json() for name, run in runs}, "changes": changes})


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
    table.add_row(
        "passages searched for", *(str(run.settings.get("passages", "")) for run, _ in columns)
    )
    for key, label in LABELS.items():
        values = [column[key] for _, column in columns]
        if any(value is not None for value in values):
            table.add_row(label, *map(_number, values))
    _print(table)


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
        say(_wrapped(note))


def _counted(outcomes: Sequence[Outcome], one: str, several: str) -> str:
    count = len(outcomes)
    return f"1 question {one}" if count == 1 else f"{count} questions {several}"


def _say_kinds(kinds: Mapping[str, Figures]) -> None:
    told = [key for key in HEADS if any(each[key] is not None for each in kinds.values())]
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    table.add_column("asked", justify="right")
    for key in told:
        table.add_column(HEADS[key], justify="right")
    for kind, each in kinds.items():
        table.add_row(
            kind or NO_KIND, str(each["questions"]), *(_number(each[key]) for key in told)
        )
    _print(table)


def _say_changes(title: str, earlier: Run, later: Run) -> None:
    changed = compare(earlier.outcomes, later.outcomes)
    better, worse = len(changed.better), len(changed.worse)
    text = f"{title}: {better} better, {worse} worse"
    if better or worse:
        text += f" (so uneven a split comes by chance with p = {changed.p_value:.3f})"
    say("")
    say(_wrapped(text))


def _say_different(before: str, earlier: Run, after: str, later: Run) -> None:
    """Say under what other settings two runs were made, where their names do not tell."""
    names = [name for name in later.settings if name in earlier.settings and name not in after]
    for name in names:
        if earlier.settings[name] != later.settings[name]:
            say(_wrapped(f"({name}: {earlier.settings[name]} -> {later.settings[name]})"))
    if earlier.generation != later.generation:
        say(f"(The documents have changed since {before}.)")


def _say_changed(earlier: Run, later: Run) -> None:
    changed = compare(earlier.outcomes, later.outcomes)
    for sign, pairs in (("+", changed.better), ("-", changed.worse)):
        lines = [f"{sign} {_short(it)}: {_place(was)} -> {_place(it)}" for was, it in pairs]
        _say_some(lines, CHANGED_SHOWN, sign)


def _say_some(lines: Sequence[str], count: int, sign: str) -> None:
    for line in lines[:count]:
        say(_wrapped(line))
    if len(lines) > count:
        say(f"{sign} and {len(lines) - count} more")


def _reason(outcome: Outcome) -> str:
    if outcome.answerable is False:
        return (
            "the documents hold nothing, and it was not refused "
            f"(evidence {percent(outcome.evidence or 0.0)})"
        )
    return outcome.reason or _place(outcome)


def _short(outcome: Outcome) -> str:
    question = textwrap.shorten(outcome.question, LONGEST_QUESTION, placeholder=" …")
    return f"[{outcome.id}] {question}".rstrip()


def _place(outcome: Outcome) -> str:
    if outcome.error:
        return "failed"
    if outcome.answerable is False:
        return "refused" if outcome.refused else "answered"
    place = f"rank {outcome.rank}" if outcome.rank else "not found"
    return f"{place}, refused" if outcome.refused else place


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _width() -> int:
    """The width of the terminal, at most that of easy reading."""
    return min(WIDTH, Console().width) if sys.stdout.isatty() else WIDTH


def _print(table: Table) -> None:
    Console(width=_width(), markup=False, emoji=False, highlight=False).print(table)


def _wrapped(text: str, indent: int = 0) -> str:
    before = " " * indent
    return textwrap.fill(
        text,
        _width(),
        initial_indent=before,
        subsequent_indent=before + "  ",
        break_on_hyphens=False,
    )
