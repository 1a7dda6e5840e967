"""How much of the processor's time cutting into chunks takes, and which part of it.

    python -m bench.chunking [FOLDER]

Reads the PDFs of a folder once, cuts them for the embedded model, and prints the seconds of
processor time, the number of chunks and their sizes; then does so again under cProfile, and prints
the share of each phase.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from ingest.chunking import split
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from ingest.measuring import Ruler
from rag.intake import Chunk
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.tokens import count

FOLDER = Path("../shared/eval/filings")
PHASES = {
    "count Tekken's tokens": ("rag/tokens.py", "count_tokens"),
    "count word pieces": ("minilm/embedder.py", "count_tokens"),
    "make readable": ("rag/folding.py", "readable"),
    "find lines and rows": ("ingest/units.py", "units_of_page"),
    "pack": ("ingest/packing.py", "pack"),
}


def cut(documents: Sequence[LoadedDocument]) -> list[Chunk]:
    """The chunks of all documents, for a model that has not met any of their words."""
    ruler = Ruler(MiniLmEmbedder())
    return [
        chunk
        for document in documents
        for chunk in split(document.pages, document.outline, ruler, ruler.limit, document.tables)
    ]


def phases(profile: cProfile.Profile) -> dict[str, float]:
    """The seconds of each phase, and of all of them together with the rest."""
    functions = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    seconds = dict.fromkeys([*PHASES, "all"], 0.0)
    for (file, _line, name), (_calls, _all_calls, own, cumulative, _callers) in functions.items():
        seconds["all"] += own
        for phase, (module, function) in PHASES.items():
            if name == function and file.endswith(module):
                seconds[phase] += cumulative
    return seconds


def main(arguments: list[str]) -> None:
    """Run over a folder of PDFs."""
    files = sorted(Path(arguments[0] if arguments else FOLDER).glob("*.pdf"))
    documents = [load(path, path.name, max_pages=10**6) for path in files]
    count("warm")
    began = time.process_time()
    chunks = cut(documents)
    spent = time.process_time() - began
    sizes = sorted(chunk.tokens for chunk in chunks)
    characters = sum(len(page.text) for document in documents for page in document.pages)
    print(f"{len(files)} files, {characters:,} characters: {spent:.2f} s of processor time")
    print(
        f"{len(chunks)} chunks of {mean(sizes):.0f} tokens ({sizes[len(sizes) // 10]} to "
        f"{sizes[len(sizes) * 9 // 10]} but for a fifth), "
        f"{sum(chunk.header != '' for chunk in chunks)} with the header of a table"
    )
    profile = cProfile.Profile()
    profile.runcall(cut, documents)
    shares = phases(profile)
    for phase in PHASES:
        print(f"{shares[phase] / shares['all']:6.1%} {phase}")
    print(f"{1 - sum(shares[phase] for phase in PHASES) / shares['all']:6.1%} the rest")


if __name__ == "__main__":
    main(sys.argv[1:])
