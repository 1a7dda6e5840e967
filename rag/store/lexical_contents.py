"""What an index of words holds, noted beside it, so that the next one can begin as its copy."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from rag.store.derived import MANIFEST
from rag.store.words import UNTOLD

logger = logging.getLogger(__name__)

FORMAT = 6
CONTENTS = "contents.json"


@dataclass(frozen=True, slots=True)
class Contents:
    """What an index holds: of each document the digest and the number of its chunks.

    `removed` chunks are still among its statistics; documents too short to tell theirs are taken to
    be in `language`.
    """

    digests: dict[str, str] = field(default_factory=dict)
    chunks: dict[str, int] = field(default_factory=dict)
    removed: int = 0
    format: int = FORMAT
    language: str = UNTOLD


def started_from(source: Path | None, folder: Path, language: str) -> Contents | None:
    """Copy an earlier index into an empty folder; None, and the folder empty, if there is none."""
    if source is None:
        return None
    try:
        contents = Contents(**json.loads((source / CONTENTS).read_text(encoding="utf-8")))
        if (contents.format, contents.language) != (FORMAT, language):
            return None
        for path in source.iterdir():
            if path.name not in (MANIFEST, CONTENTS):
                shutil.copyfile(path, folder / path.name)
    except (OSError, ValueError, TypeError) as error:
        logger.info("%s was removed by another process or is of another version: %s", source, error)
        empty(folder)
        return None
    return contents


def empty(folder: Path) -> None:
    """Remove every file of a folder."""
    for path in folder.iterdir():
        path.unlink()
