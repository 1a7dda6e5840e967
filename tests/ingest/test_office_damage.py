"""Files of every Office format, damaged at random: each ends in a state, none in a surprise."""

from __future__ import annotations

import io
import random
import re
import zipfile
from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import delimited, sheets, slides, word
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
LOADERS = {
    "handbook.docx": word.load,
    "briefing.pptx": slides.load,
    "figures.xlsx": sheets.load,
    "figures.xls": sheets.load,
    "spares.csv": delimited.load,
    "figures.tsv": delimited.load,
}
SEEDS = range(7)
_NUMBER = re.compile(rb'"(\d+)"')
_TAG = re.compile(rb"<[^>]+>")


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with bytes changed, lost, added or cut off."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 3, 20])):
        place = chance.randrange(len(changed) or 1)
        how = chance.randrange(4)
        if how == 0:
            changed[place : place + 1] = bytes([chance.randrange(256)])
        elif how == 1:
            del changed[place : place + chance.randrange(1, 50)]
        elif how == 2:
            changed[place : place + 4] = b"\xff\xff\xff\x7f"
        else:
            changed[place:place] = changed[: chance.randrange(1, 200)]
    return bytes(changed)


def damaged_part(content: bytes, chance: random.Random) -> bytes:
    """One part of the archive lost, cut off, or with other numbers or elements in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        names = old.namelist()
        chosen = chance.choice(names)
        how = chance.randrange(4)
        for name in names:
            part = old.read(name)
            if name == chosen and how == 0:
                continue
            if name == chosen:
                tags = _TAG.findall(part) or [b"<a>"]
                number = chance.choice([b"-1", b"999999999999", b"x", b""])
                part = (
                    damaged(part, chance),
                    _NUMBER.sub(b'"' + number + b'"', part),
                    part.replace(chance.choice(tags), chance.choice(tags)),
                )[how - 1]
            new.writestr(name, part)
    return file.getvalue()


def outcome(path: Path, name: str) -> LoadedDocument | DocumentError:
    try:
        return LOADERS[name](path, name, max_pages=100)
    except DocumentError as error:
        return error


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", sorted(LOADERS))
def test_a_damaged_file_ends_in_a_state(tmp_path: Path, name: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - the same damage at every run
    content = (FORMATS / name).read_bytes()
    path = tmp_path / "file"
    is_archive = content.startswith(b"PK") and seed % 2 == 0
    path.write_bytes(damaged_part(content, chance) if is_archive else damaged(content, chance))
    found = outcome(path, name)
    if isinstance(found, DocumentError):
        assert found.state not in (DocumentState.READY, DocumentState.PARTIAL)
        assert found.reason.endswith(".")
        return
    assert found.state in (DocumentState.READY, DocumentState.PARTIAL)
    assert any(page.state is PageState.TEXT for page in found.pages)
    for table in found.tables:
        text = found.pages[table.page - 1].text
        assert all(0 <= row.start < row.end <= len(text) for row in table.rows)
