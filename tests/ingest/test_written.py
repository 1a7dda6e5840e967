"""UTF-16 and UTF-32 of any language are read, and figures that decode as well are not."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest

from ingest.loaders.load import load
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.ingest.test_charsets import CHINESE, FRENCH, GERMAN, JAPANESE, KOREAN, RUSSIAN

ENGLISH = "In winter the harbour holds forty-one boats and a ferry; in summer many more of them. "
ARABIC = "في الشتاء يوجد في الميناء واحد وأربعون قاربا وعبارة واحدة، وفي الصيف أكثر من ذلك بكثير. "
LOGO = "A harbour \ue000 with a logo and \U0001f6a2 ships. "
CHAPTER = (
    "人之初，性本善。性相近，习相远。苟不教，性乃迁。教之道，贵以专。昔孟母，择邻处。子不学，断机杼。"
    "窦燕山，有义方。教五子，名俱扬。养不教，父之过。教不严，师之惰。子不学，非所宜。幼不学，老何为。"
)
TABLE = "1,204,33\r\n5,77,1024\r\n" * 80
NOISE = random.Random(5)  # noqa: S311 - the same noise each time


def words(*values: int, form: str = "<H") -> bytes:
    return b"".join(struct.pack(form, value) for value in values)


def noise(least: int, most: int, form: str = "<H") -> bytes:
    return words(*(NOISE.randrange(least, most) for _ in range(4_000)), form=form)


@pytest.mark.parametrize("text", [ENGLISH, FRENCH, GERMAN, RUSSIAN, ARABIC, KOREAN, JAPANESE])
@pytest.mark.parametrize("times", [1, 30, 300])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_wide_text_is_read(tmp_path: Path, text: str, times: int, encoding: str) -> None:
    whole = (text + " 41\n") * times
    path = tmp_path / "stored"
    path.write_bytes(whole.encode(encoding))

    assert "".join(page.text for page in load(path, "a.txt", max_pages=50).pages) == whole


@pytest.mark.parametrize("text", [CHINESE + " 41\n", CHAPTER * 12 + "\n", TABLE])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_chinese_and_figures_are_read(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "stored"
    path.write_bytes(text.encode(encoding))

    assert "".join(page.text for page in load(path, "a.txt", max_pages=50).pages) == text


def test_a_private_character_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes((LOGO * 2 + ENGLISH * 20).encode("utf-16"))

    assert "logo" in load(path, "a.txt", max_pages=50).pages[0].text


@pytest.mark.parametrize("name", ["a.txt", "a.dat", "a.md", "a.csv", "a.html", "noise"])
@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe" + NOISE.randbytes(8_000),
        b"\xfe\xff" + zlib.compress(NOISE.randbytes(8_000)),
        b"\xff\xfe" + b"\1\0" * 3_000,
        (ENGLISH * 60).encode("utf-16-le") + NOISE.randbytes(20_000),
        (ENGLISH * 60).encode("utf-16") + NOISE.randbytes(20_000),
        noise(40, 120),
        noise(32, 126, ">I"),
        noise(0x20, 0x250),
        noise(0x4E00, 0x9F00) + words(*range(0x20, 0x7F)) * 4,
        b"".join(words(NOISE.randrange(0x4E00, 0x9F00), 0x20) for _ in range(2_000)),
        b"\0" * 8_000,
        NOISE.randbytes(8_000),
    ],
    ids=[
        *("marked noise", "marked and compressed", "marked controls", "noise at the end"),
        *("marked, noise at the end", "a picture of 16 bits", "figures of 32 bits"),
        *("figures of 16 bits", "high figures", "high figures and spaces", "zeros", "noise"),
    ],
)
def test_figures_are_no_text(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "stored"
    path.write_bytes(content)

    with pytest.raises(DocumentError) as caught:
        load(path, name, max_pages=5_000)

    assert caught.value.state is DocumentState.UNSUPPORTED
    assert "unknown binary format" in str(caught.value)
