"""The written pairs as the application reads them: each claim beside the words that carry it.

    python -m bench.verifier.windows --out windows.jsonl
    python -m bench.verifier.windows --balance --out balance.jsonl
    python -m bench.verifier.windows --mix windows.jsonl balance.jsonl --out mixed.jsonl

The last takes as many false claims of the first as it has true ones, and 300 more. Writes rows of
claim, evidence and label for `bench.verifier.training`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from bench.verifier.pairs import SUPPORTED, balanced, written
from rag.alignment import align
from rag.evidence import SentenceScorer
from rag.folding import flowing
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.store.words import Words
from rag.verification import window

MIX_SEED, MORE_FALSE = 3, 300
WRITTEN = Path(__file__).with_name("written")


def main() -> int:
    """Cut every written pair, and what is made of it by rules."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--edits", type=int, default=1, help="false ones of each that holds")
    parser.add_argument("--balance", action="store_true", help="what the written ones lack, only")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mix", type=Path, nargs=2, metavar=("WINDOWS", "BALANCE"))
    arguments = parser.parse_args()
    if arguments.mix:
        mix(*arguments.mix, arguments.out)
        return 0
    scorer = SentenceScorer(MiniLmEmbedder(), Words())
    chance = random.Random(arguments.seed)  # noqa: S311 - shuffles, guards nothing
    paths = sorted(WRITTEN.glob("*.jsonl"))
    count = 0
    rows = balanced(paths, chance) if arguments.balance else written(paths, chance, arguments.edits)
    with arguments.out.open("w", encoding="utf-8") as file:
        for claim, passage, label in rows:
            span = align(claim, passage, scorer.nearest).span
            row = [flowing(claim), window(claim, passage, span), label]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    print(f"wrote {count} pairs")
    return 0


def mix(windows: Path, balance: Path, out: Path) -> None:
    """Write the rows of both, of the first as many false ones as true ones and a few more."""
    chance = random.Random(MIX_SEED)  # noqa: S311 - shuffles, guards nothing
    rows = [json.loads(line) for line in windows.read_text("utf-8").splitlines()]
    true = [row for row in rows if row[2] == SUPPORTED]
    false = [row for row in rows if row[2] != SUPPORTED]
    chance.shuffle(false)
    mixed = [json.loads(line) for line in balance.read_text("utf-8").splitlines()]
    mixed += true + false[: len(true) + MORE_FALSE]
    chance.shuffle(mixed)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in mixed]
    out.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
