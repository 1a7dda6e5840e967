import json
from dataclasses import asdict, replace
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.evaluation import Outcome
from rag.grading import Grade
from rag.scores import (
    Run,
    by_kind,
    compare,
    compare_answers,
    figures,
    in_common,
    run_from_json,
    sign_test,
    worst,
    worst_answers,
)


def outcome(id_: str, rank: int | None = None, **fields: object) -> Outcome:
    given_ = {"kind": "", "answerable": True, "rank": rank, "document_rank": rank} | fields
    return Outcome(id_, f"Question {id_}?", **given_)  # type: ignore[arg-type]


OUTCOMES = (
    outcome("a", 1, kind="fact", seconds=0.1),
    outcome("b", 4, kind="fact", seconds=0.3, refused=True),
    outcome("c", 12, kind="table", document_rank=2),
    outcome("d", None, kind="table", reason="why"),
    outcome("e", answerable=False, refused=True),
    outcome("f", answerable=False),
    outcome("g", answerable=None, error="It failed."),
)


def test_figures_count_what_each_question_tells() -> None:
    found = figures(OUTCOMES)

    assert (found["questions"], found["errors"]) == (7, 1)
    assert (found["hit@1"], found["hit@5"], found["hit@10"]) == (0.25, 0.5, 0.5)
    assert found["mrr@10"] == pytest.approx((1 + 1 / 4) / 4, abs=1e-4)
    assert found["document@10"] == 0.75
    assert (found["refused"], found["refused_unanswerable"]) == (0.25, 0.5)
    assert found["answer_contained"] is None


def test_questions_on_documents_that_are_not_there_count_in_no_figure() -> None:
    absent = outcome("h", answerable=None, absent=("gone.pdf",))
    found, others = figures([*OUTCOMES, absent]), figures(OUTCOMES)

    assert (found["questions"], found["absent"], others["absent"]) == (8, 1, 0)
    assert {
        name: value for name, value in found.items() if name not in ("questions", "absent")
    } == {name: value for name, value in others.items() if name not in ("questions", "absent")}
    changed = compare([outcome("h", 1), outcome("a", 1)], [absent, outcome("a", 2)])
    assert ([pair[1].id for pair in changed.worse], changed.shared) == (["a"], 1)


def test_runs_are_reduced_to_the_questions_that_all_have() -> None:
    absent = outcome("b", answerable=None, absent=("gone.pdf",))
    questions = (
        [outcome("a", 1), outcome("b", 1), outcome("c", 1), outcome("d", 1)],
        [outcome("d", 2), absent, outcome("c", 2), outcome("e", 2)],
        [outcome("e", 3), outcome("d", 3)],
    )
    runs = [Run({}, 1, 0.0, tuple(each)) for each in questions]

    kept = [[(it.id, it.rank) for it in run.outcomes] for run in in_common(runs)]
    assert kept == [[("d", 1)], [("d", 2)], [("d", 3)]]
    assert [len(run.outcomes) for run in in_common(runs[:2])] == [2, 2]
    assert in_common(runs[:1]) == runs[:1]


def test_no_questions_have_no_figures() -> None:
    found = figures([])

    assert found["questions"] == 0
    assert found["hit@1"] is None


def test_kinds_come_in_the_order_of_the_file() -> None:
    assert list(by_kind(OUTCOMES)) == ["fact", "table", ""]


def test_the_worst_come_first_and_what_went_well_does_not_come() -> None:
    assert [it.id for it in worst(OUTCOMES, 10)] == ["g", "d", "c", "b", "f"]
    assert len(worst(OUTCOMES, 2)) == 2


def test_runs_are_compared_question_by_question() -> None:
    after = [outcome("a", 2), outcome("b", 1), outcome("c", 3), outcome("d", 9), outcome("new", 1)]

    changed = compare(OUTCOMES, after)

    assert [pair[1].id for pair in changed.better] == ["b", "c", "d"]
    assert [pair[1].id for pair in changed.worse] == ["a"]
    assert changed.p_value == pytest.approx(2 * (1 + 4) / 16)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_sign_test_is_a_probability_and_knows_no_sides(better: int, worse: int) -> None:
    assert 0 < sign_test(better, worse) <= 1
    assert sign_test(better, worse) == sign_test(worse, better)


def test_the_sign_test_is_that_of_the_textbook() -> None:
    assert sign_test(9, 1) == pytest.approx(2 * (comb(10, 0) + comb(10, 1)) / 2**10)
    assert sign_test(0, 0) == 1.0


def test_a_run_comes_back_as_it_was_saved() -> None:
    run = Run({"TRAMONTANE_PASSAGES": 8}, 3, 1.5, OUTCOMES)

    assert run_from_json(json.loads(json.dumps(run.to_json()))) == run


DAMAGED = {"settings": {}, "generation": 1, "made_at": 1.0}


@pytest.mark.parametrize(
    "saved",
    [
        [],
        {},
        {"questions": 3},
        {"questions": [{"id": 1}]},
        "x",
        DAMAGED | {"questions": [], "generation": float("inf")},
        DAMAGED | {"questions": [asdict(OUTCOMES[0]) | {"rank": "x"}]},
        DAMAGED | {"questions": [asdict(OUTCOMES[0]) | {"kind": [1]}]},
    ],
)
def test_another_file_is_no_run(saved: object) -> None:
    with pytest.raises(SettingsError, match="no saved run"):
        run_from_json(saved)


def test_questions_that_share_an_id_are_told_apart_by_their_words() -> None:
    before = [Outcome("1", "Q?", "", True, rank=1), Outcome("1", "Q?", "", True, rank=3)]
    after = [Outcome("1", "Q?", "", True, rank=1), Outcome("1", "Q?", "", True, rank=2)]
    other = [Outcome("1", "Another?", "", True, rank=9)]

    assert [pair[1].rank for pair in compare(before, after).better] == [2]
    assert (compare(before, after).shared, compare(before, other).shared) == (2, 0)
    assert compare(before, other).worse == ()


def test_questions_that_were_only_numbered_are_known_by_their_words() -> None:
    before = [Outcome("1", "Q?", "", True, rank=1), Outcome("2", "R?", "", True, rank=2)]
    bad = Outcome("9", "", "", None, error="Line 9 is no question.")
    after = [
        Outcome("1", "New?", "", True, rank=9),
        Outcome("2", "Q?", "", True, rank=3),
        Outcome("3", "R?", "", True, rank=1),
        Outcome("4", "R?", "", True, rank=7),
    ]

    changed = compare([*before, bad], [*after, replace(bad, id="8")])

    assert changed.shared == 2
    assert [(old.id, new.id) for old, new in changed.better] == [("2", "3")]
    assert [(old.id, new.id) for old, new in changed.worse] == [("1", "2")]


def test_a_refusal_counts_where_the_ranks_are_the_same() -> None:
    before = [outcome("a", 2), outcome("b", 2, refused=True), outcome("c", answerable=False)]
    after = [
        outcome("a", 2, refused=True),
        outcome("b", 3),
        outcome("c", answerable=False, refused=True),
    ]

    changed = compare(before, after)

    assert [pair[1].id for pair in changed.better] == ["c"]
    assert [pair[1].id for pair in changed.worse] == ["a", "b"]


# Answers

GOOD = Grade(4, 0, 0, 0, 3, 4, 4, 4)
HALF = Grade(1, 1, 1, 1, 1, 4, 1, 0, ("unsupported: “It is red.”",))
ANSWERED = (
    outcome("a", 1, grade=GOOD, contained=True),
    outcome("b", 1, grade=HALF, contained=False),
    outcome("c", 1, refused=True, contained=False),
    outcome("d", answerable=False, grade=Grade(0, 0, 0, 1, 0, 0, 0, None, ("uncited: “So.”",))),
    outcome("e", answerable=False, refused=True),
    outcome("f", answerable=None, ranked=False, grade=Grade(1, 0, 0, 0, 1, 2, 1, None)),
    outcome("g", answerable=None, error="It failed."),
    outcome("h", answerable=None, absent=("gone.pdf",)),
)


def test_figures_of_answers_are_over_all_claims_and_citations() -> None:
    found = figures(ANSWERED)

    assert found["answers"] == 4
    assert [
        found[f"claims{name}"] for name in ("", "_supported", "_partly", "_unsupported", "_uncited")
    ] == [10, 6, 1, 1, 2]
    assert found["support_rate"] == 0.6
    assert (found["citations"], found["citation_precision"]) == (10, 0.6)
    assert found["citation_recall"] == 0.5
    assert (found["citations_right"], found["answers_citing_right"]) == (0.5, 0.5)
    assert found["refusal_accuracy"] == 0.6
    assert (found["refused"], found["refused_unanswerable"]) == (0.3333, 0.5)
    assert found["answer_contained"] == 0.3333


def test_without_answers_there_are_no_figures_of_them() -> None:
    found = figures(OUTCOMES)

    names = ("answers", "claims", "claims_uncited", "citations", "support_rate", "citation_recall")
    assert [found[name] for name in names] == [None] * len(names)
    assert found["refusal_accuracy"] == 0.6667


def test_a_question_without_passages_counts_in_no_rank() -> None:
    unranked = outcome("z", None, ranked=False)

    assert figures([outcome("a", 1), unranked])["hit@1"] == 1.0
    assert worst([unranked], 10) == []


def test_an_answer_to_what_has_none_is_the_worst_of_answers() -> None:
    assert [it.id for it in worst_answers(ANSWERED, 10)] == ["d", "c", "b"]
    assert [it.id for it in worst_answers(ANSWERED, 1)] == ["d"]


def test_answers_are_compared_by_what_they_say_and_cite() -> None:
    before = [
        outcome("a", 1, grade=GOOD),
        outcome("b", 1, grade=HALF),
        outcome("c", 1, refused=True),
        outcome("d", answerable=False, grade=HALF),
        outcome("e", 1, grade=GOOD),
        outcome("f", 1),
    ]
    after = [
        outcome("a", 3, grade=GOOD),
        outcome("b", 1, grade=GOOD),
        outcome("c", 1, grade=HALF),
        outcome("d", answerable=False, refused=True),
        outcome("e", 1, grade=replace(GOOD, supporting=3)),
        outcome("f", 1, grade=GOOD),
    ]

    changed = compare_answers(before, after)

    assert [pair[1].id for pair in changed.better] == ["b", "c", "d"]
    assert [pair[1].id for pair in changed.worse] == ["e"]
    assert changed.shared == 5
    assert changed.p_value == pytest.approx(2 * (1 + 4) / 16)


def test_a_run_with_answers_comes_back_and_an_older_one_has_none() -> None:
    run = Run({"answers": "answers.jsonl"}, 3, 1.5, ANSWERED)
    saved = json.loads(json.dumps(run.to_json()))

    assert run_from_json(saved) == run
    for row in saved["questions"]:
        del row["grade"], row["ranked"]
    assert run_from_json(saved).outcomes[0] == replace(ANSWERED[0], grade=None)
    assert saved["figures"]["support_rate"] == 0.6
