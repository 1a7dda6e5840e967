"""What reads as UTF-16 by chance is told from what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.detection import detect
from ingest.filetypes import FileType
from ingest.wide_writing import may_be_wide
from rag.errors import DocumentError

# Two bytes together are a letter each, and no control: of seven scripts.
NOISE = bytes.fromhex("06 9a 0a 41 12 41 4e 61 ac 61 0e 41 a1 61 14 41 09 95 00 61") * 50
TEXTS = (
    "In winter forty-one boats lie in the harbour. ",
    "В гавани зимой стоит сорок одна лодка (the ferry is in the yard). ",
    "冬天港口里有四十一艘船和一艘渡轮，夏天的船要多得多。\n",
    "冬になると、四十一隻の船とフェリーが港に泊まっている。ＮＥＷ ﾌｪﾘｰ\n",
    "겨울에는 항구에 배 마흔한 척(漢字)이 정박해 있다. ",
    "في الشتاء يرسو واحد وأربعون قاربا. Καλημέρα. ",
    "सर्दियों में बंदरगाह में इकतालीस नावें रहती हैं। ",
)


def kind_of(tmp_path: Path, content: bytes) -> FileType:
    path = tmp_path / "file"
    path.write_bytes(content)
    return detect(path, "logo.bin")


@pytest.mark.parametrize("content", [b"\x00\x01garbage" * 50, b"\x01\x00garbage" * 50, NOISE])
def test_bytes_that_make_letters_by_chance_are_no_text(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError, match="unknown binary format"):
        kind_of(tmp_path, content)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("times", [1, 20])
def test_a_text_of_any_script_is_one(text: str, encoding: str, times: int) -> None:
    assert may_be_wide((text * times).encode(encoding), text * times)


def test_utf_16_without_a_mark_is_still_text(tmp_path: Path) -> None:
    for text in TEXTS[:3]:
        assert kind_of(tmp_path, (text * 20).encode("utf-16-le")) is FileType.TEXT
