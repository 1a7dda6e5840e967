"""What the `eval` command prints of answers: what their sources bear out, and what changed."""

from __future__ import annotations

from typing import Any

from rag.evaluation import Outcome
from rag.scores import Comparison, Run, compare_answers, worst_answers
from ui.printing import say
from ui.report_layout import say_each, say_some, short, wrapped

WORST_SHOWN = 10
CHANGED_SHOWN = 10
FAULTS_SHOWN = 4  # of one answer
LABELS = {
    "answers": "answers",
    "answers_cut_off": "- cut off before their end",
    "claims": "claims",
    "claims_supported": "- supported",
    "claims_partly": "- partly",
    "claims_unsupported": "- unsupported",
    "claims_uncited": "- uncited",
    "support_rate": "claims supported",
    "citations": "citations",
    "citation_precision": "citations that support (precision)",
    "citation_recall": "claims so supported (recall)",
    "citations_right": "citations to a right page",
    "answers_citing_right": "answers citing a right page",
}
HEADS = {
    "answers": "answers",
    "claims": "claims",
    "support_rate": "supported",
    "citation_precision": "precision",
    "citation_recall": "recall",
    "citations_right": "right page",
    "answers_citing_right": "cite right",
    "refusal_accuracy": "refusals",
}


def has_answers(run: Run) -> bool:
    """Whether a run looked into answers."""
    return any(outcome.grade for outcome in run.outcomes)


def say_worst_answers(run: Run, of_last: str) -> None:
    """Print the answers that came out worst, with what is wrong with each."""
    bad = worst_answers(run.outcomes, WORST_SHOWN) if has_answers(run) else []
    if bad:
        say(f"\nThe worst answers{of_last}:")
        say_each(bad, [_faults(outcome) for outcome in bad])


def say_answer_changes(title: str, earlier: Run, later: Run) -> None:
    """Print how many answers came out better and worse in the later run, and which."""
    if not (has_answers(earlier) and has_answers(later)):
        return
    changed = compare_answers(earlier.outcomes, later.outcomes)
    better, worse = len(changed.better), len(changed.worse)
    chance = f" (by chance with p = {changed.p_value:.3f})" if better or worse else ""
    say(wrapped(f"{title}, answers: {better} better, {worse} worse{chance}"))
    for sign, pairs in (("+", changed.better), ("-", changed.worse)):
        lines = [f"{sign} {short(now)}: {_told(was)} -> {_told(now)}" for was, now in pairs]
        say_some(lines, CHANGED_SHOWN, sign)


def changes_row(changed: Comparison) -> dict[str, Any]:
    """A comparison as JSON."""
    return {
        "better": [pair[1].id for pair in changed.better],
        "worse": [pair[1].id for pair in changed.worse],
        "p_value": changed.p_value,
        "shared": changed.shared,
    }


def _faults(outcome: Outcome) -> str:
    """What is wrong with an answer, a line for each thing."""
    lines = []
    if outcome.answerable is False and not outcome.refused:
        lines.append("the documents hold nothing, and it was answered")
    if outcome.answerable and outcome.refused:
        lines.append("refused, and the documents hold the answer")
    if outcome.contained is False and not outcome.refused:
        lines.append("the known answer is not in it")
    faults = outcome.grade.faults if outcome.grade else ()
    more = len(faults) - FAULTS_SHOWN
    return "\n".join([*lines, *faults[:FAULTS_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _told(outcome: Outcome) -> str:
    """How an answer came out, in a few words."""
    if outcome.refused or outcome.grade is None:
        return "refused"
    judged = outcome.grade
    told = f"{judged.supported} of {judged.claims} claims supported"
    if outcome.contained is False:
        told += ", not the known answer"
    return f"{told}, no right page" if judged.right == 0 else told
