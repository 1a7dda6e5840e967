"""What the outcomes of an evaluation amount to, and whether one run is better than another."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter

from rag.errors import SettingsError
from rag.evaluation import Outcome
from rag.grading import Grade

DEPTHS = (1, 5, 10)
DEEPEST = DEPTHS[-1]  # of the reciprocal rank
Figures = dict[str, float | int | None]
_OUTCOME = TypeAdapter(Outcome)


@dataclass(frozen=True, slots=True)
class Run:
    """One evaluation: under which settings, and how each question came out.

    `settings` hold no secrets; `generation` is that of the library, `made_at` in seconds of 1970.
    """

    settings: Mapping[str, Any]
    generation: int
    made_at: float
    outcomes: tuple[Outcome, ...]

    def to_json(self) -> dict[str, Any]:
        """The run as it is saved, its figures included."""
        return {
            "settings": dict(self.settings),
            "generation": self.generation,
            "made_at": self.made_at,
            "figures": figures(self.outcomes),
            "kinds": {kind: figures(group) for kind, group in by_kind(self.outcomes).items()},
            "questions": [asdict(outcome) for outcome in self.outcomes],
        }


def run_from_json(saved: Any) -> Run:
    """A run as it was saved.

    Raises:
        SettingsError: it is something else.
    """
    names = {field.name for field in fields(Outcome)}
    try:
        outcomes = tuple(
            _OUTCOME.validate_python({name: row[name] for name in row if name in names})
            for row in saved["questions"]
        )
        settings = dict(saved["settings"])
        return Run(settings, int(saved["generation"]), float(saved["made_at"]), outcomes)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SettingsError(
            "The file to compare with is no saved run. Make one with: tramontane eval --save FILE"
        ) from error


def figures(outcomes: Iterable[Outcome]) -> Figures:
    """The figures of some questions; a share is None where no question tells it.

    Those that failed, and the `absent` whose documents are not in the library, count in no share.
    `hit@k` and `mrr@10` are over the questions whose place is known, `document@10` is the share
    whose right document is among the first ten; `refused` is the share refused of the questions
    that the documents answer, `refused_unanswerable` of those that they do not, and
    `refusal_accuracy` the share answered of the former and refused of the latter together.
    """
    asked = list(outcomes)
    done = [it for it in asked if not it.error and not it.absent]
    placed = [it for it in done if it.answerable]
    ranked = [it for it in placed if it.ranked]
    ranks = [it.rank or math.inf for it in ranked]
    known = [it for it in done if it.answerable is not None]
    return {
        "questions": len(asked),
        "errors": sum(bool(it.error) for it in asked),
        "absent": sum(bool(it.absent) for it in asked),
        **{f"hit@{depth}": _share(rank <= depth for rank in ranks) for depth in DEPTHS},
        f"mrr@{DEEPEST}": _mean([1 / rank if rank <= DEEPEST else 0.0 for rank in ranks]),
        f"document@{DEEPEST}": _share((it.document_rank or math.inf) <= DEEPEST for it in ranked),
        "refused": _share(it.refused for it in placed),
        "refused_unanswerable": _share(it.refused for it in done if it.answerable is False),
        "refusal_accuracy": _share(it.refused is not it.answerable for it in known),
        "answer_contained": _share(it.contained for it in done if it.contained is not None),
        "still_cites_wrong": _share(it.cites_wrong for it in done if it.cites_wrong is not None),
        **_answer_figures([it.grade for it in done if it.grade]),
        "seconds": _mean([it.seconds for it in done if it.seconds]),
    }


def _answer_figures(grades: Sequence[Grade]) -> Figures:
    """The figures of the answers that were given, over all their claims and citations.

    `support_rate` is the share of supported claims; `citation_precision` that of citations whose
    verdict is `supported`, and `citations_right` of those to a page that holds the answer, where
    that is known; `citation_recall` is the share of claims that what they cite supports, and
    `answers_citing_right` of answers with a citation to a right page. `answers_cut_off` counts
    those that did not come to their end.
    """
    known = [it for it in grades if it.right is not None]
    claims, citations = sum(it.claims for it in grades), sum(it.citations for it in grades)
    counts: Figures = {
        "answers": len(grades),
        "answers_cut_off": sum(it.cut_off for it in grades),
        "claims": claims,
        "claims_supported": sum(it.supported for it in grades),
        "claims_partly": sum(it.partly for it in grades),
        "claims_unsupported": sum(it.unsupported for it in grades),
        "claims_uncited": sum(it.uncited for it in grades),
        "citations": citations,
    }
    return {name: count if grades else None for name, count in counts.items()} | {
        "support_rate": _ratio(sum(it.supported for it in grades), claims),
        "citation_precision": _ratio(sum(it.supporting for it in grades), citations),
        "citation_recall": _ratio(sum(it.borne_out for it in grades), claims),
        "citations_right": _ratio(
            sum(it.right or 0 for it in known), sum(it.citations for it in known)
        ),
        "answers_citing_right": _share(bool(it.right) for it in known),
    }


def by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each kind of question, in order of first appearance."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.kind, []).append(outcome)
    return kinds


def worst(outcomes: Iterable[Outcome], count: int) -> list[Outcome]:
    """The questions that came out worst, worst first; those that came out well are left out."""
    missed = [
        it
        for it in outcomes
        if it.error or (it.answerable and it.ranked and (it.rank or math.inf) > 1)
    ]
    wrong = [it for it in outcomes_not_refused(outcomes) if it not in missed]
    ranked = sorted(missed, key=lambda it: (-bool(it.error), -(it.rank or math.inf)))
    return [*ranked, *wrong][:count]


def worst_answers(outcomes: Iterable[Outcome], count: int) -> list[Outcome]:
    """The questions whose answers came out worst, worst first; good answers are left out.

    Worst are those given to questions without an answer, then refusals of those with one, then what
    does not have the known answer, then what its sources do not bear out.
    """
    bad = [it for it in outcomes if not it.error and _is_bad(it)]
    return sorted(bad, key=answer_merit)[:count]


def _is_bad(outcome: Outcome) -> bool:
    if outcome.answerable is not None and outcome.refused is outcome.answerable:
        return True
    if outcome.contained is False and not outcome.refused:
        return True
    return bool(outcome.grade and outcome.grade.faults)


def outcomes_not_refused(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The questions without an answer that were answered all the same."""
    return [it for it in outcomes if it.answerable is False and not it.refused and not it.error]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same questions: which came out better or worse in the second.

    `shared` is how many questions are in both, and asked in both; only they are compared.
    `p_value` is that of the two-sided sign test: how likely so uneven a split is by chance.
    """

    better: tuple[tuple[Outcome, Outcome], ...]
    worse: tuple[tuple[Outcome, Outcome], ...]
    p_value: float
    shared: int


def in_common(runs: Sequence[Run]) -> list[Run]:
    """The runs with only the questions that all of them have, so that their figures compare.

    A question whose documents were in the library for one run alone is in none of them.
    """
    kept = [run.outcomes for run in runs]
    neighbours = list(pairwise(range(len(runs))))
    # There and back, so that what is missing at one end goes at the other too.
    for one, other in [*neighbours, *reversed(neighbours)]:
        pairs = [
            (was, now)
            for was, now in _paired(kept[one], kept[other])
            if bool(was.absent) == bool(now.absent)
        ]
        kept[one] = tuple(was for was, _ in pairs)
        kept[other] = tuple(now for _, now in pairs)
    return [replace(run, outcomes=left) for run, left in zip(runs, kept, strict=True)]


def compare(before: Sequence[Outcome], after: Sequence[Outcome]) -> Comparison:
    """Compare question by question: the ranks, and where they are the same the refusals.

    To refuse is good where the documents hold no answer, and bad where they do.
    """
    pairs = [pair for pair in _paired(before, after) if not pair[0].absent and not pair[1].absent]
    return _compared(pairs, _merit)


def compare_answers(before: Sequence[Outcome], after: Sequence[Outcome]) -> Comparison:
    """Compare answer by answer, where both runs have one: by `answer_merit`."""
    pairs = [pair for pair in _paired(before, after) if all(map(_has_answer, pair))]
    return _compared(pairs, answer_merit)


def answer_merit(outcome: Outcome) -> tuple[float, ...]:
    """What orders answers: whether it was rightly given or refused, then what it says and cites.

    To answer what has no answer is worse than to refuse what has one.
    """
    judged = outcome.grade
    right = outcome.answerable is None or outcome.refused is not outcome.answerable
    return (
        float(right),
        float(outcome.refused or outcome.answerable is not False),
        float(outcome.contained is not False),
        judged.support if judged else 1.0,
        float(judged.right != 0) if judged else 1.0,
        judged.precision if judged else 1.0,
    )


def _has_answer(outcome: Outcome) -> bool:
    return not outcome.error and (outcome.grade is not None or outcome.refused)


def _compared(
    pairs: Sequence[tuple[Outcome, Outcome]], merit: Callable[[Outcome], tuple[float, ...]]
) -> Comparison:
    better = tuple(pair for pair in pairs if merit(pair[1]) > merit(pair[0]))
    worse = tuple(pair for pair in pairs if merit(pair[1]) < merit(pair[0]))
    return Comparison(better, worse, sign_test(len(better), len(worse)), len(pairs))


def _paired(before: Sequence[Outcome], after: Sequence[Outcome]) -> list[tuple[Outcome, Outcome]]:
    """The same questions of two runs, in the order of the second.

    First those with the same id, then what is left by its words alone: rows without an id are
    numbered, and count otherwise in a file with a row more.
    """
    left = dict(zip(_keys(before), before, strict=True))
    keys = _keys(after)
    found = [left.pop(key, None) for key in keys]
    waiting: dict[str, deque[Outcome]] = {}
    for outcome in left.values():
        waiting.setdefault(outcome.question, deque()).append(outcome)
    pairs = []
    for other, outcome in zip(found, after, strict=True):
        alike = waiting.get(outcome.question) if outcome.question else None
        if other is None and alike:
            other = alike.popleft()
        if other is not None:
            pairs.append((other, outcome))
    return pairs


def _keys(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    """What tells each question from the others: its id, its words, and how often both came before.

    The ids of two files may mean different questions, and a file may ask the same one twice.
    """
    seen: Counter[tuple[str, str]] = Counter()
    keys = []
    for outcome in outcomes:
        key = (outcome.id, outcome.question)
        keys.append((*key, seen[key]))
        seen[key] += 1
    return keys


def sign_test(better: int, worse: int) -> float:
    """The two-sided probability of a split at least so uneven if both were equally likely."""
    count = better + worse
    tail = sum(math.comb(count, few) for few in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**count) if count else 1.0


def _merit(outcome: Outcome) -> tuple[float, bool]:
    if outcome.error:
        return -1.0, False
    if outcome.answerable is False:
        return 0.0, outcome.refused
    return 1 / outcome.rank if outcome.rank else 0.0, not outcome.refused


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _share(flags: Iterable[bool | None]) -> float | None:
    return _mean([float(bool(flag)) for flag in flags])


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
