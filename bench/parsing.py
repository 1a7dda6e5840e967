"""How fast PDF files are read, beside a bare pypdfium2 loop over the same pages.

    python -m bench.parsing [FOLDER] [--runs 3]

The bare loop takes each page's text and nothing else; ours also finds tables, headings, labels and
the state of each page. They run in turn, in one process, then ours in two worker processes that
hand back what they read: in a plain pool, and in the sandbox, as `add` and the page do it. Printed
are the median of each and the ratios. The ratio of one process is given by the clock and by
processor time, which a busy machine disturbs less.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pypdfium2

from bench.xquad import lost
from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from ingest.sandbox import Sandbox
from rag.collecting import collect_seldom

MAX_PAGES = 100_000
WORKERS = 2


def bare(paths: Sequence[Path]) -> int:
    """Take the text of every page as pypdfium2 gives it; the number of pages."""
    pages = 0
    for path in paths:
        document = pypdfium2.PdfDocument(path)
        for page in document:
            textpage = page.get_textpage()
            textpage.get_text_range()
            textpage.close()
            page.close()
            pages += 1
        document.close()
    return pages


def read(path: Path) -> LoadedDocument:
    """Read one file in this process."""
    return pdf.load(path, path.name, max_pages=MAX_PAGES, progress=lambda done, total: None)


def read_in(sandbox: Sandbox, path: Path) -> LoadedDocument:
    """Read one file as `add` does."""
    return sandbox.read(path, path.name, max_pages=MAX_PAGES)


def ours(paths: Sequence[Path]) -> int:
    """Read every file; the number of pages."""
    return sum(len(read(path).pages) for path in paths)


def in_workers(
    pool: Executor, reader: Callable[[Path], LoadedDocument], paths: Sequence[Path]
) -> int:
    """Read every file in the pool, the largest first; the number of pages."""
    largest_first = sorted(paths, key=lambda path: -path.stat().st_size)
    return sum(len(loaded.pages) for loaded in pool.map(reader, largest_first))


def seconds(run: Callable[[Sequence[Path]], int], paths: Sequence[Path]) -> tuple[float, float]:
    """How long a run takes on the clock, and on this process's processors."""
    started = time.perf_counter(), time.process_time()
    run(paths)
    return time.perf_counter() - started[0], time.process_time() - started[1]


def main(arguments: list[str] | None = None) -> None:
    """Run over a folder of PDF files."""
    parser = argparse.ArgumentParser(description="PDF files read, beside a bare loop.")
    parser.add_argument("folder", nargs="?", default="../shared/eval/filings", type=Path)
    parser.add_argument("--runs", default=3, type=int)
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob("*.pdf"))
    if not paths:
        lost(f"{options.folder} has no PDF files.")
    pages = bare(paths)
    collect_seldom()  # as the process does in which files are read
    with (
        ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool,
        Sandbox(WORKERS) as sandbox,
        ThreadPoolExecutor(WORKERS) as threads,  # as those of the queue: each waits for a process
    ):
        plain = partial(in_workers, pool, read)
        product = partial(in_workers, threads, partial(read_in, sandbox))
        for run in (plain, product):  # once, so that all have started
            run(paths)
        contenders: dict[str, Callable[[Sequence[Path]], int]] = {
            "a bare pypdfium2 loop": bare,
            "ours, one process": ours,
            f"ours, {WORKERS} in a plain pool": plain,
            f"ours, {WORKERS} in the sandbox": product,
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for _ in range(options.runs):
            for name, run in contenders.items():
                times[name].append(seconds(run, paths))
    middles = [
        [statistics.median(kind) for kind in zip(*taken, strict=True)] for taken in times.values()
    ]
    for name, (clock, _) in zip(times, middles, strict=True):
        print(f"{name:26} {clock:6.2f} s {pages / clock:5.0f} pages/s")
    print(f"{len(paths)} files, {pages} pages, medians of {options.runs} runs taken in turn")
    (alone, alone_busy), (one, one_busy), *together = middles
    print(
        f"one process: {alone / one:.2f} of the bare loop, "
        f"{alone_busy / one_busy:.2f} by processor time"
    )
    for name, (many, _) in zip(list(times)[2:], together, strict=True):
        print(f"{name}: {one / many:.2f} times one process, {alone / many:.2f} times the loop")


if __name__ == "__main__":
    main()
