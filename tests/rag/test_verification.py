from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from rag.domain import Verdict
from rag.errors import ProviderError
from rag.providers.minilm.judge import JUDGE_FILE, MiniLmJudge
from rag.signs import signs, telling, window
from rag.verification import clauses
from rag.wiring import build_verifier

VERIFIER = build_verifier()
LEAFLET = (
    "Take one tablet twice a day with food. Do not exceed four tablets in 24 hours. Most patients "
    "feel better within three days. Store the tablets below 25 °C."
)


def verdict(claim: str, text: str = LEAFLET) -> Verdict:
    return VERIFIER.check_text(claim, text).verdict


@pytest.mark.parametrize(
    "claim",
    [
        "Take one tablet twice a day with food.",
        "take one tablet twice a day",
        "Most patients feel better within 3 days.",
        "Store tablets below 25 °C.",
    ],
)
def test_what_stands_there_is_supported(claim: str) -> None:
    assert verdict(claim) is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Do not exceed six tablets in 24 hours.", "the source says four, not six"),
        ("Store the tablets below 35 °C.", "the source says 25 °C, not 35 °C"),
        ("Bananas grow in Ecuador.", "the source does not name Ecuador"),
    ],
)
def test_what_does_not_is_unsupported_and_says_why(claim: str, reason: str) -> None:
    found = VERIFIER.check_text(claim, LEAFLET)

    assert (found.verdict, found.reason) == (Verdict.UNSUPPORTED, reason)


def test_the_span_is_part_of_the_text() -> None:
    found = VERIFIER.check_text("Patients mostly feel better in three days.", LEAFLET)

    assert LEAFLET[found.span.start : found.span.end] == (
        "Most patients feel better within three days."
    )


def test_a_shortened_quote_may_not_leave_out_what_denies() -> None:
    assert signs("Store the tablets below 25 °C.", LEAFLET).verbatim
    assert not signs("Do exceed four tablets in 24 hours.", LEAFLET).verbatim
    assert not signs("Most patients do not feel better within three days.", LEAFLET).verbatim


def test_a_shortened_quote_may_not_take_a_figure_to_another() -> None:
    passage = (
        "A charge lasts 35 hours on low and 20 hours on high. A spent cell cannot be refilled."
    )
    assert verdict("A charge lasts 35 hours on high.", passage) is Verdict.UNSUPPORTED
    assert verdict("A spent cell can be refilled.", passage) is Verdict.UNSUPPORTED
    assert verdict("A charge lasts 35 hours on low.", passage) is Verdict.SUPPORTED


def test_a_window_holds_what_the_span_lacks_of_the_claim() -> None:
    long = LEAFLET + " filler" * 80 + ". The tablets contain lactose."
    span = signs("Take one tablet twice a day; it contains lactose.", long).span

    read = window("Take one tablet twice a day; it contains lactose.", long, span)

    assert read.startswith("Take one tablet twice a day with food.")
    assert read.endswith("The tablets contain lactose.")
    assert "filler" not in read


def test_clauses() -> None:
    assert clauses("Nemo has 12 billion parameters and Camembert ripens for weeks.") == [
        "Nemo has 12 billion parameters",
        "Camembert ripens for weeks.",
    ]
    assert clauses("Bread and butter.") == ["Bread and butter."]
    assert telling("The tablets of 24 hours") == {"table", "24", "hours"}


def test_a_damaged_judge_is_refused(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "rag/providers/minilm"
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    (tmp_path / JUDGE_FILE).write_bytes(b"no model")

    with pytest.raises(ProviderError, match="missing or damaged"):
        MiniLmJudge(folder=tmp_path)


def test_a_judgement_is_a_share_of_three() -> None:
    (judgement,) = MiniLmJudge(threads=1).judge([("Sales rose.", "Sales rose by a tenth.")])

    assert judgement.said + judgement.beyond + judgement.against == pytest.approx(1)


def test_the_claims_looked_at_while_tuning_are_judged_as_well_as_they_were() -> None:
    path = Path(__file__).parents[2] / "bench/claims/development.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = VERIFIER.check_texts([(row["claim"], row["passage"]) for row in rows])

    def accepted(*kinds: str) -> float:
        verdicts = [f.verdict for f, row in zip(found, rows, strict=True) if row["kind"] in kinds]
        return verdicts.count(Verdict.SUPPORTED) / len(verdicts)

    assert accepted("verbatim") >= 0.95
    assert accepted("verbatim", "paraphrase", "computed") >= 0.92
    assert accepted("number", "unit", "period", "entity", "negation") <= 0.16
    assert accepted("overgeneralised", "half_true") <= 0.2


@pytest.mark.parametrize("piece", [".", ". ", "a 1 2\n", "12.5 % ", "not no never "])
def test_a_hostile_passage_is_checked_in_time_that_grows_with_its_length(piece: str) -> None:
    claim = "Net sales were 12.5 % in 2022, not 13 %."

    def seconds(characters: int) -> float:
        text = (piece * (characters // len(piece) + 1))[:characters]
        started = time.process_time()
        signs(claim, text)
        return time.process_time() - started

    # The least of three: what else the process does now and then, such as collecting, is not meant.
    most = 16 * max(min(seconds(12_000) for _ in range(3)), 0.05)
    assert min(seconds(96_000) for _ in range(3)) < most
