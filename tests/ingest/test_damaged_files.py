"""Files with seeded damage: every one ends in a named state, or is read with exact places."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
SUFFIXES = (".html", ".rtf", ".epub", ".eml", ".msg")
SEEDS = 8  # of each; more were tried by hand
PIECES = (
    *(b"<", b">", b"{", b"}", b"\\", b"\x00", b"\xff" * 4, b"&#xD800;", b"\\u-1", b"\\bin9999 "),
    *(b"<table><tr><td colspan=9999>", b"=?utf-8?b?////?=", b'charset="rot13"', b"\n\n--=_texts\n"),
)


def damaged(content: bytes, seed: str) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    changed = bytearray(content)
    for _ in range(chance.choice((1, 2, 8))):
        place = chance.randrange(len(changed) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            changed[place : place + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del changed[place : place + chance.choice((1, 40, 400))]
        elif kind == 2:
            changed[place:place] = chance.choice(PIECES) * chance.choice((1, 3, 300))
        else:
            changed[place:place] = changed[: chance.choice((10, 500))]
    return bytes(changed)


def check(loaded: LoadedDocument) -> None:
    length = 0
    for page in loaded.pages:
        assert page.offset == length
        length += len(page.text.encode("utf-8").decode())
    for heading in loaded.outline:
        assert loaded.pages[heading.page - 1].text[heading.start :].strip()
    for table in loaded.tables:
        text = loaded.pages[table.page - 1].text
        assert all(text[row.start : row.end].strip() for row in table.rows)
    assert all(attached.name.isprintable() for attached in loaded.attachments)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damage_ends_in_a_named_state(tmp_path: Path, suffix: str, seed: int) -> None:
    path = tmp_path / "stored"
    content = (FORMATS / f"harbour{suffix}").read_bytes()
    path.write_bytes(damaged(content, f"{suffix}{seed}"))
    with suppress(DocumentError):
        check(load(path, f"file{suffix}", max_pages=100))
