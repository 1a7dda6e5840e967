"""Measure verdicts on the claim sets: how many true claims pass, how many false ones are caught.

    python -m bench.verification                       all sets, figures only
    python -m bench.verification development tuning    some of them
    python -m bench.verification --show number         the wrong ones of what may be looked at
    python -m bench.verification --rules               what each rule refuses

`bench/claims/development.jsonl` and the parts `tuning` of `third.jsonl` and `fourth.jsonl` were
looked at while rules and weights were chosen; `held_out.jsonl` and the part `judging` of
`fourth.jsonl` were not, and of that of `third.jsonl` only which rules refuse how many true claims.
All were written for this, in English and French; the fourth after the judge was trained. The fifth
is on real texts of the evaluation folder, and is left out where that is not there; the verdicts on
its part `judging` were not looked at, but rules for tables were tried on tables made like its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.claim_sources import passages_of
from rag.domain import Verdict
from rag.evidence import SentenceScorer
from rag.folding import flowing
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.refuted import RULES
from rag.store.words import Words
from rag.verification import Check, Verifier

CLAIMS = Path(__file__).with_name("claims")
EVALUATION = Path("../shared/eval")
ACCEPTED = ("verbatim", "paraphrase", "computed")
CHANGED = ("number", "unit", "period", "entity", "negation")
STRETCHED = ("overgeneralised", "half_true")
PARTS = {  # name: the file, and which of its claims
    "tuning": ("third", "tuning"),
    "judging": ("third", "judging"),
    "fourth_tuning": ("fourth", "tuning"),
    "fourth_judging": ("fourth", "judging"),
    "fifth_tuning": ("fifth", "tuning"),
    "fifth_judging": ("fifth", "judging"),
}
SETS = ("development", *PARTS, "held_out")
SHOWN = ("development", "tuning", "fourth_tuning", "fifth_tuning")  # whose claims may be read


@dataclass(frozen=True, slots=True)
class Row:
    """A claim of a set, what kind it is, and what was found."""

    kind: str
    language: str
    claim: str
    passage: str
    check: Check

    @property
    def is_right(self) -> bool:
        """Whether it was accepted if it holds, and not if it does not."""
        return (self.check.verdict is Verdict.SUPPORTED) == (self.kind in ACCEPTED)


def read(name: str, evaluation: Path = EVALUATION) -> list[dict[str, str]]:
    """The claims of a set, each with its passage; those whose passage is not there left out."""
    file, part = PARTS.get(name, (name, ""))
    path = CLAIMS / f"{file}.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    wanted = [line for line in lines if not part or line["part"] == part]
    sources = path.with_suffix(".sources.jsonl")
    if not sources.exists():
        return wanted
    passages = passages_of(sources, evaluation)
    return [
        {**line, "passage": passages[line["source"]]}
        for line in wanted
        if line["source"] in passages
    ]


def measured(lines: Sequence[Mapping[str, str]], verifier: Verifier) -> list[Row]:
    """Claims with what the verifier finds."""
    checks = verifier.check_texts([(line["claim"], line["passage"]) for line in lines])
    return [
        Row(line["kind"], line["language"], line["claim"], line["passage"], check)
        for line, check in zip(lines, checks, strict=True)
    ]


def share(rows: Sequence[Row]) -> str:
    """The share of right verdicts, and of how many."""
    return f"{sum(row.is_right for row in rows) / len(rows):.3f} of {len(rows)}" if rows else "-"


def print_table(rows: Sequence[Row]) -> None:
    """Right verdicts by kind, and by the groups that have an aim."""
    by_kind: Mapping[str, list[Row]] = {
        kind: [row for row in rows if row.kind == kind]
        for kind in dict.fromkeys(row.kind for row in rows)
    }
    for kind in sorted(by_kind):
        print(f"  {kind:18} {share(by_kind[kind])}")
    groups = {
        "true, not computed": ACCEPTED[:2],
        "true": ACCEPTED,
        "changed": CHANGED,
        "stretched": STRETCHED,
    }
    for name, kinds in groups.items():
        print(f"  {name:18} {share([row for row in rows if row.kind in kinds])}")
    for language in sorted({row.language for row in rows}):
        print(f"  in {language:15} {share([row for row in rows if row.language == language])}")


def print_rules(lines: Sequence[Mapping[str, str]]) -> None:
    """How many true and false claims each rule refuses, each by itself."""
    for name, rule in RULES.items():
        refused = [
            line["kind"] in ACCEPTED
            for line in lines
            if rule.found(flowing(line["claim"]), line["passage"])
        ]
        print(f"  {name:18} {sum(refused)} true, {len(refused) - sum(refused)} false")


def show(rows: Iterable[Row]) -> None:
    """Print the claims that were judged wrongly, with their evidence."""
    for row in rows:
        span = row.check.span
        print(f"{row.kind} {row.language} -> {row.check.verdict} {row.check.strength:.2f}", end=" ")
        print(f"({row.check.reason})\n  claim: {row.claim}")
        print(f"  read:  {' '.join(row.passage[span.start : span.end].split())}")


def main() -> int:
    """Print the figures of each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}")
    parser.add_argument("--rules", action="store_true", help="count what each rule refuses")
    parser.add_argument("--show", metavar="KIND", help="print wrong ones of what may be read")
    parser.add_argument("--evaluation", type=Path, default=EVALUATION, metavar="EVAL_DIR")
    arguments = parser.parse_args()
    verifier = Verifier(SentenceScorer(MiniLmEmbedder(), Words()).nearest, MiniLmJudge())
    for name in arguments.sets or SETS:
        lines = read(name, arguments.evaluation)
        if not lines:
            print(f"{name}: its passages are not in {arguments.evaluation}")
            continue
        started = time.perf_counter()
        rows = measured(lines, verifier)
        took = (time.perf_counter() - started) / len(rows) * 1000
        print(f"{name}: {len(rows)} claims, {took:.1f} ms each")
        print_table(rows)
        if arguments.rules:
            print_rules(lines)
        if arguments.show and name in SHOWN:
            show(row for row in rows if not row.is_right and arguments.show in (row.kind, "all"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
