"""The passages of claims whose texts are not kept beside them, but in the evaluation folder.

A source is an entry of a file of passages, or what stands on a page of a filing between two runs
of words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingest.loaders.load import load

MOST_PAGES = 500


def passages_of(sources: Path, folder: Path) -> dict[str, str]:
    """The texts of the sources of a file, by their ids; without those whose file is missing."""
    found = {}
    for line in sources.read_text("utf-8").splitlines():
        source = json.loads(line)
        file = folder / source["file"]
        if file.exists():
            found[source["id"]] = (
                _entry(file, source) if "entry" in source else _stretch(file, source)
            )
    return found


def _entry(file: Path, source: Mapping[str, Any]) -> str:
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return next(str(row["text"]) for row in rows if row["id"] == source["entry"])


def _stretch(file: Path, source: Mapping[str, Any]) -> str:
    """What stands on a page from its first words to its last.

    Raises:
        ValueError: if they do not stand there.
    """
    page = _pages(file)[source["page"] - 1]
    start = page.index(source["begins"])
    return page[start : page.index(source["ends"], start) + len(source["ends"])]


@lru_cache(maxsize=8)
def _pages(file: Path) -> Sequence[str]:
    return [page.text for page in load(file, file.name, max_pages=MOST_PAGES).pages]
