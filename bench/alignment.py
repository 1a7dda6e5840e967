"""How often the exact words are found again: sentences and table rows of filings, rewritten.

    python -m bench.alignment [EVAL_DIR] [--spans 300] [--show]

Takes spans of the filings' pages, rewrites each by one to three rules, and aligns what comes out
with the whole page and with a passage of some three chunks around it. Prints the share for which
the span itself comes back, up to closing punctuation, by rule as well, and the time it took.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from pathlib import Path

from bench.rewriting import is_same, measure, samples
from bench.xquad import lost
from ingest.pdfium import open_pdf

SEED = 20260901
SPANS = 300


def pages_of(folder: Path) -> list[str]:
    """The texts of all pages of the PDF files in a folder."""
    texts = []
    for path in sorted(folder.glob("*.pdf")):
        with open_pdf(path) as document:
            texts += [document.read(number).text for number in range(1, document.page_count + 1)]
    return [text for text in texts if text.strip()]


def main(arguments: list[str] | None = None) -> None:
    """Run over the evaluation folder."""
    parser = argparse.ArgumentParser(description="Exact spans found again after rewriting.")
    parser.add_argument("eval_dir", nargs="?", default="../shared/eval", type=Path)
    parser.add_argument("--spans", default=SPANS, type=int)
    parser.add_argument("--seed", default=SEED, type=int)
    parser.add_argument("--show", action="store_true", help="print what was not found")
    options = parser.parse_args(arguments)
    pages = pages_of(options.eval_dir / "filings")
    if not pages:
        lost(f"{options.eval_dir / 'filings'} has no PDF files.")
    rng = random.Random(options.seed)  # noqa: S311 - a sample, no secret
    chosen = samples(pages, options.spans, rng)
    by_rule: dict[str, list[bool]] = defaultdict(list)
    on_page = in_passage = 0
    started = time.perf_counter()
    for sample, claim, rules, page, passage in measure(chosen, rng):
        right = is_same(sample.text, page), is_same(sample.text, passage)
        on_page, in_passage = on_page + right[0], in_passage + right[1]
        for rule in rules:
            by_rule[rule].append(all(right))
        if options.show and not all(right):
            print(f"{rules}\n  {claim!r}\n  wanted  {sample.text!r}\n  page    {page!r}")
            print(f"  passage {passage!r}")
    seconds = time.perf_counter() - started
    for rule, found in sorted(by_rule.items()):
        print(f"{rule:22} {sum(found) / len(found):.3f} of {len(found)}")
    print(f"whole page: {on_page / len(chosen):.3f}, passage: {in_passage / len(chosen):.3f}")
    print(f"{len(chosen)} spans; an alignment: {1000 * seconds / (2 * len(chosen)):.1f} ms")


if __name__ == "__main__":
    main()
