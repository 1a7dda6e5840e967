"""The whole way in: how long until files are found by their words, and until all is embedded.

    python -m bench.ingestion [FOLDER] [--runs 3] [--peer PYTHON [--peer-model MODEL]] [--busy]

Each run adds the PDFs of a folder to a new data directory with the real command, on two cores:
once until each of them is found by a line of its own, watched from outside and then ended; once
undisturbed to the end, with the most memory the process took. After that a fresh process embeds
the same texts again in the same batches and does nothing else: the model's own time. Last comes
the peer, where a Python is given that has it (see `bench/ingestion_peer.py`). OCR is off: the peer
has none. Printed are the median of each, and the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from bench.xquad import lost
from ingest.embedded import embedded_text
from ingest.loaders.load import load
from ingest.pipeline import BATCH_CHUNKS
from rag.domain import Document
from rag.embedding_connections import MINILM
from rag.errors import NotFoundError
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes

COMMAND = Path(sys.executable).with_name("tramontane")
PEER = Path(__file__).with_name("ingestion_peer.py")
LIBRARY = "measured"
SETTINGS = {"TRAMONTANE_EMBEDDING": MINILM, "TRAMONTANE_OCR": "off"}
CORES = 2
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 600
MOST_LOAD = 1.0
LINE_WORDS = range(8, 16)
PHRASE_WORDS = 8
FIRST = 20

MOST_WORDS_SECONDS = 15.0
MOST_OF_MODEL = 1.15
MOST_MEGABYTES = 700
LEAST_OF_PEER = 5.0


@dataclass(slots=True)
class Figures:
    """What was measured, a value for each run."""

    words: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    model: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)


def phrases_of(texts: Mapping[str, str]) -> dict[str, str]:
    """For each name some words in a row, from the middle of its text, that no other text has."""
    flowing = {name: " ".join(text.split()) for name, text in texts.items()}
    found: dict[str, str] = {}
    for name, text in texts.items():
        lines = [line.split() for line in text.splitlines()]
        plain = [words for words in lines if len(words) in LINE_WORDS and _is_plain(words)]
        half = len(plain) // 2
        for words in [*plain[half:], *plain[:half]]:
            phrase = " ".join(words[:PHRASE_WORDS])
            if not any(phrase in other for key, other in flowing.items() if key != name):
                found[name] = phrase
                break
    return found


def _is_plain(words: Sequence[str]) -> bool:
    return all(word.isascii() and word.isalpha() for word in words[:PHRASE_WORDS])


def read(paths: Sequence[Path]) -> dict[str, str]:
    """The text of each file by its name."""
    return {
        path.name: "\n".join(page.text for page in load(path, path.name, max_pages=10**6).pages)
        for path in paths
    }


@contextmanager
def adding(folder: Path, data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`tramontane add` at work; ended in the end if it still is."""
    command = [str(COMMAND), "add", str(folder), "--data-dir", str(data_dir)]
    environment = {**os.environ, **SETTINGS}
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            [*command, "--library", LIBRARY],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
        if process.returncode > 0:
            said.seek(0)
            lost(f"`tramontane add` failed: {said.read().decode().strip()}")


def seconds_to_words(folder: Path, phrases: Mapping[str, str], data_dir: Path) -> float:
    """The time until every file is found by its phrase, as another process sees it."""
    waiting = dict(phrases)
    began = time.perf_counter()
    with (
        adding(folder, data_dir) as process,
        closing(Catalog(data_dir)) as catalog,
        closing(Indexes(catalog)) as indexes,
    ):
        while waiting:
            time.sleep(LOOK_SECONDS)
            has_ended = process.poll() is not None
            known = documents(catalog)
            if all(name in known and known[name].chunks for name in phrases):
                waiting = unfound(catalog, indexes, waiting)
            if waiting and (has_ended or time.perf_counter() - began > PATIENCE_SECONDS):
                raise TimeoutError(f"not found by their words: {', '.join(waiting)}")
        return time.perf_counter() - began


def documents(catalog: Catalog) -> dict[str, Document]:
    """The documents of the library by name; none as long as there is no library."""
    with suppress(NotFoundError):
        return {each.name: each for each in catalog.documents(catalog.library(LIBRARY).id)}
    return {}


def unfound(catalog: Catalog, indexes: Indexes, phrases: Mapping[str, str]) -> dict[str, str]:
    """Those of the phrases whose search does not give their document among the first passages."""
    known = documents(catalog)
    index = indexes.current(catalog.library(LIBRARY).id)
    return {
        name: phrase
        for name, phrase in phrases.items()
        if known[name].id
        not in [index.document_of(id_) for id_, _ in index.words.search(phrase, FIRST)]
    }


def seconds_of_all(folder: Path, data_dir: Path) -> tuple[float, float]:
    """The time of the whole command, and the most memory its process had, in MB."""
    most = 0.0
    began = time.perf_counter()
    with adding(folder, data_dir) as process:
        while process.poll() is None:
            most = max(most, peak_megabytes(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
        seconds = time.perf_counter() - began
    with closing(Catalog(data_dir)) as catalog:
        pending = [each.name for each in documents(catalog).values() if each.embedded < each.chunks]
    if pending:
        raise ValueError(f"not embedded: {', '.join(pending)}")
    return seconds, most


def peak_megabytes(process: int) -> float:
    """The most memory that a process had resident so far, in MB; 0 for one that has ended."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) * 1024 / 1e6 if lines else 0.0


def seconds_of_model(data_dir: Path) -> float:
    """How long the model takes over the texts of all chunks, in the batches of `add`."""
    with closing(Catalog(data_dir)) as catalog:
        chunks = catalog.all_chunks(catalog.library(LIBRARY).id)
    batches: list[list[str]] = []
    for _, group in groupby(chunks, lambda chunk: chunk.document.id):
        texts = [
            embedded_text(each.document.title, each.chunk.heading, each.text, each.chunk.header)
            for each in group
        ]
        batches += [texts[at : at + BATCH_CHUNKS] for at in range(0, len(texts), BATCH_CHUNKS)]
    embedder = MiniLmEmbedder()
    began = time.perf_counter()
    for batch in batches:
        embedder.embed(batch)
    return time.perf_counter() - began


def in_fresh_process(run: Callable[[Path], float], data_dir: Path) -> float:
    """What a function gives in a process that has done nothing else."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(run, data_dir).result()


def seconds_of_peer(python: Path, folder: Path, model: str | None) -> float:
    """The time of the whole peer; it says what its parts took."""
    began = time.perf_counter()
    command = [str(python), "-P", "-W", "ignore", str(PEER), str(folder)]
    done = subprocess.run(
        [*command, *([model] if model else [])], check=True, stdout=subprocess.PIPE
    )
    seconds = time.perf_counter() - began
    said = json.loads(done.stdout)
    parts = ", ".join(f"{part} {taken:.1f} s" for part, taken in said["seconds"].items())
    starting = seconds - sum(said["seconds"].values())
    print(f"the peer: {said['pages']:,} pages, {said['chunks']:,} chunks", end="; ")
    print(f"starting {starting:.1f} s, {parts}", flush=True)
    return seconds


def processor_seconds() -> float:
    """The processor time of all processes that were started and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def measure(folder: Path, phrases: Mapping[str, str], figures: Figures) -> str:
    """Take the folder in twice and embed it once more; how much there was, in words."""
    with tempfile.TemporaryDirectory() as temporary:
        figures.words.append(seconds_to_words(folder, phrases, Path(temporary)))
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(temporary)
        spent = processor_seconds()
        seconds, megabytes = seconds_of_all(folder, data_dir)
        figures.whole.append(seconds)
        figures.megabytes.append(megabytes)
        figures.processor.append(processor_seconds() - spent)
        figures.model.append(in_fresh_process(seconds_of_model, data_dir))
        with closing(Catalog(data_dir)) as catalog:
            known = documents(catalog).values()
    pages, chunks = sum(each.page_count for each in known), sum(each.chunks for each in known)
    size = sum(each.size_bytes for each in known) / 1e6
    return f"{len(known)} files, {size:.1f} MB, {pages:,} pages, {chunks:,} passages"


def say(figures: Figures) -> None:
    """Print the medians, each with its runs, and what is asked of them."""

    def line(name: str, values: Sequence[float], unit: str, note: str = "") -> None:
        runs = " ".join(f"{value:.1f}" for value in values)
        print(f"{name:34} {median(values):7.1f} {unit:2} ({runs}){note}")

    whole, model = median(figures.whole), median(figures.model)
    line("found by their words after", figures.words, "s", f", {MOST_WORDS_SECONDS:.0f} at most")
    line("all embedded after", figures.whole, "s")
    line("its processor time, all processes", figures.processor, "s")
    line("the model's own time", figures.model, "s")
    line("memory of the process at most", figures.megabytes, "MB", f", {MOST_MEGABYTES} at most")
    print(f"the whole by the model's own time: {whole / model:.2f}, {MOST_OF_MODEL} at most")
    if figures.peer:
        line("the peer", figures.peer, "s")
        ratio = median(figures.peer) / whole
        print(f"the peer's time by ours: {ratio:.2f}, {LEAST_OF_PEER:.0f} at least")


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", default="../shared/eval/filings", type=Path)
    parser.add_argument("--runs", default=3, type=int, help="how often we are measured")
    parser.add_argument("--peer", type=Path, help="a Python that has the peer")
    parser.add_argument("--peer-model", help="its model: a folder, or a name on Hugging Face")
    parser.add_argument("--peer-runs", default=1, type=int, help="how often the peer is measured")
    parser.add_argument("--busy", action="store_true", help="measure beside other work")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run over a folder of PDF files."""
    options = options_of(arguments)
    paths = sorted(options.folder.glob("*.pdf"))
    if not paths:
        lost(f"{options.folder} has no PDF files.")
    load_before = os.getloadavg()[0]
    if load_before > MOST_LOAD and not options.busy:
        print(
            f"The load is {load_before:.1f}; measure when it is at most {MOST_LOAD}, or --busy.",
            file=sys.stderr,
        )
        raise SystemExit(2)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    phrases = phrases_of(read(paths))
    if missing := [path.name for path in paths if path.name not in phrases]:
        lost(f"{', '.join(missing)}: no line that no other file has.")
    figures = Figures()
    for run in range(max(options.runs, 1)):
        amount = measure(options.folder, phrases, figures)
        if options.peer and run < options.peer_runs:
            peer = seconds_of_peer(options.peer, options.folder, options.peer_model)
            figures.peer.append(peer)
        print(f"run {run + 1} of {options.runs}", flush=True)
    print(f"{amount}; {CORES} cores, load before {load_before:.1f}; medians, and all runs")
    say(figures)


if __name__ == "__main__":
    main()
