"""What the `eval` command prints: figures side by side, by kind, and the worst misses."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from itertools import pairwise

from rich.console import Console
from rich.table import Table

from rag.evaluation import Outcome
from rag.scores import Comparison, Figures, Run, by_kind, compare, figures, worst
from ui.printing import WIDTH, say, say_row

WORST_SHOWN = 10
CHANGED_SHOWN = 10
NO_KIND = "(no kind)"
LONGEST_QUESTION = 90
LABELS = {
    "hit@1": "found first",
    "hit@5": "among the first 5",
    "hit@10": "among the first 10",
    "mrr@10": "mean of 1/rank",
    "document@10": "right document in 10",
    "refused": "refused, with an answer",
    "refused_unanswerable": "refused, without one",
    "answer_contained": "answer contained",
    "still_cites_wrong": "still cites what was wrong",
    "seconds": "seconds a question",
}

Runs = Sequence[tuple[str, Run]]


def say_runs(runs: Runs) -> None:
    """Print the figures of each run, those of each kind, what changed, and the worst misses."""
    _say_figures([(name, figures(run.outcomes)) for name, run in runs])
    name, run = runs[-1]
    kinds = by_kind(run.outcomes)
    if len(kinds) > 1:
        say(f"\nBy kind ({name}):")
        _say_figures([(kind or NO_KIND, figures(group)) for kind, group in kinds.items()])
    for (before, earlier), (after, later) in pairwise(runs):
        _say_changes(f"{before} -> {after}", compare(earlier.outcomes, later.outcomes))
    missed = worst(run.outcomes, WORST_SHOWN)
    if missed:
        say(f"\nThe worst ({name}):")
        for outcome in missed:
            say(_wrapped(f"- {_in_words(outcome)}"))


def say_runs_as_json(runs: Runs) -> None:
    """Print the runs as one JSON object."""
    changes = [
        {
            "before": before,
            "after": after,
            "better": [pair[1].id for pair in changed.better],
            "worse": [pair[1].id for pair in changed.worse],
            "p_value": changed.p_value,
        }
        for (before, earlier), (after, later) in pairwise(runs)
        for changed in [compare(earlier.outcomes, later.outcomes)]
    ]
    say_row({"runs": {name: run.to_json() for name, run in runs}, "changes": changes})


def _say_figures(columns: Sequence[tuple[str, Figures]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name, _ in columns:
        table.add_column(name, justify="right", overflow="fold")
    table.add_row("questions", *(str(column["questions"]) for _, column in columns))
    if any(column["errors"] for _, column in columns):
        table.add_row("errors", *(str(column["errors"]) for _, column in columns))
    for key, label in LABELS.items():
        values = [column[key] for _, column in columns]
        if any(value is not None for value in values):
            table.add_row(label, *("" if value is None else f"{value:.3f}" for value in values))
    width = None if sys.stdout.isatty() else WIDTH
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def _say_changes(title: str, changed: Comparison) -> None:
    better, worse = len(changed.better), len(changed.worse)
    say(
        f"\n{title}: {better} better, {worse} worse "
        f"(sign test: p = {changed.p_value:.3f} that this is chance)"
    )
    for sign, pairs in (("+", changed.better), ("-", changed.worse)):
        for before, after in pairs[:CHANGED_SHOWN]:
            say(_wrapped(f"{sign} {_short(after)}: {_place(before)} -> {_place(after)}"))
        if len(pairs) > CHANGED_SHOWN:
            say(f"{sign} and {len(pairs) - CHANGED_SHOWN} more")


def _in_words(outcome: Outcome) -> str:
    why = outcome.error or outcome.reason
    if not why and outcome.answerable is False:
        evidence = f"evidence {outcome.evidence or 0:.2f}"
        why = f"the documents hold nothing, and it was not refused ({evidence})"
    return f"{_short(outcome)}: {why or _place(outcome)}"


def _short(outcome: Outcome) -> str:
    return (
        f"[{outcome.id}] {textwrap.shorten(outcome.question, LONGEST_QUESTION, placeholder=' …')}"
    )


def _place(outcome: Outcome) -> str:
    if outcome.error:
        return "failed"
    if outcome.answerable is False:
        return "refused" if outcome.refused else "answered"
    return f"rank {outcome.rank}" if outcome.rank else "not found"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
