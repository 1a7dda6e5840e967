"""Texts with a few zeros in them, which programs and disks leave there, and what is no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.charsets import encoding_of
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from rag.domain import DocumentState
from rag.errors import DocumentError

ROWS = "".join(f"{number},keeper {number},{number / 4}\n" for number in range(200))
FRENCH = "L’été, le port abrite quarante et un bateaux : où sont-ils passés ? À Sète. " * 20
GERMAN = "Im Hafen liegen einundvierzig Boote; die Fähre fährt früh am Morgen. " * 20
RUSSIAN = "В гавани зимой стоит сорок одна лодка и один паром, а летом гораздо больше. " * 20
CHINESE = "冬天港口里有四十一艘船和一艘渡轮，夏天的船要多得多。\n" * 20
ONE = "The file holds a zero byte, which no text should; between characters, \ufffd is shown."


def read(tmp_path: Path, content: bytes, name: str) -> LoadedDocument:
    path = tmp_path / "file"
    path.write_bytes(content)
    return load(path, name, max_pages=100)


def with_zero(text: str, encoding: str) -> bytes:
    """With a zero between two words in the middle."""
    at = text.index(" ", len(text) // 2)
    return f"{text[:at]}\0{text[at + 1 :]}".encode(encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "utf-8") for text in (FRENCH, GERMAN, RUSSIAN)),
        *((GERMAN, "cp1252"), (RUSSIAN, "cp1251"), (FRENCH, "cp1252")),
        *((RUSSIAN, "utf-16-le"), (GERMAN, "utf-16-be"), (RUSSIAN, "utf-16")),
    ],
)
@pytest.mark.parametrize("shift", ["", "«"])  # which moves the zero to an odd place
def test_a_zero_is_shown_and_told_of(tmp_path: Path, text: str, encoding: str, shift: str) -> None:
    text = text if encoding == "cp1251" else shift + text
    found = read(tmp_path, with_zero(text, encoding), "harbour.txt")
    whole = "".join(page.text for page in found.pages)
    at = text.index(" ", len(text) // 2)
    assert whole == f"{text[:at]}\ufffd{text[at + 1 :]}"
    assert (found.state, found.reason) == (DocumentState.READY, ONE)


def test_a_zero_in_a_table_joins_no_figures(tmp_path: Path) -> None:
    content = f"id,name,share\n{ROWS}7,new,12\x0034\n".encode()
    found = read(tmp_path, content, "keepers.csv")
    (table,) = found.tables
    assert table.header == ("id", "name", "share")
    assert [row.cells for row in table.rows[-2:]] == [
        ("199", "keeper 199", "49.75"),
        ("7", "new", "12\ufffd34"),
    ]
    assert found.reason == ONE


@pytest.mark.parametrize("name", ["notes.txt", "notes.md", "notes", "notes.html", "notes.py"])
def test_zeros_at_the_ends_go(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, b"\0" + GERMAN.strip().encode() * 2 + b"\0", name)
    assert found.pages[0].text == GERMAN.strip() * 2
    assert found.reason.startswith("The file holds 2 zero bytes, ")


def test_a_short_text_may_end_in_a_zero(tmp_path: Path) -> None:
    assert read(tmp_path, "Für die Brücke\0".encode(), "a.txt").pages[0].text == "Für die Brücke"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-be"])
def test_a_text_without_any_has_nothing_to_say(tmp_path: Path, encoding: str) -> None:
    for text in (GERMAN, RUSSIAN, CHINESE):
        found = read(tmp_path, text.encode(encoding), "a.txt")
        assert ("".join(page.text for page in found.pages), found.reason) == (text, "")


def test_wide_letters_are_not_taken_for_narrow_ones() -> None:
    for text in (RUSSIAN, CHINESE, "한국어 배 마흔한 척\n" * 9, "Το χειμώνα στο λιμάνι " * 9):
        for encoding in ("utf-16-le", "utf-16-be"):
            assert encoding_of(text.encode(encoding)) == encoding


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 20,
        GERMAN.encode() + b"\0\x01",
        GERMAN.encode() + b"\0" * 3,
        b"MZ\x90\x00",
        b"\x89\x00\x91\xfe junk",
        b"a.txt" + bytes(95) + b"0000644\0" + bytes(148) + b"ustar\0" + bytes(250) + b"Boats.",
    ],
    ids=["all bytes", "controls", "too many", "a program", "short", "an archive"],
)
def test_what_is_binary_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError) as refused:
        read(tmp_path, content, "a.txt")
    assert refused.value.state is DocumentState.UNSUPPORTED


def test_zeros_far_into_a_text_are_counted_too(tmp_path: Path) -> None:
    content = GERMAN.encode() * 10
    with pytest.raises(DocumentError, match="unknown binary format"):
        read(tmp_path, content + b"\0" * 50 + GERMAN.encode(), "a.txt")
