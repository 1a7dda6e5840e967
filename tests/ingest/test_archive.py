from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from ingest import archive
from ingest.archive import check_archive, opened
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.documents import archive_of


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    return path


def state_of(tmp_path: Path, content: bytes) -> DocumentState:
    with pytest.raises(DocumentError) as caught:
        check_archive(written(tmp_path, content))
    return caught.value.state


def test_entries_are_read_and_folders_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, archive_of({"a/": b"", "a/b.txt": "hello", "../c": b"\x00"}))
    check_archive(path)
    with opened(path) as found:
        assert [entry.filename for entry in found.entries] == ["a/b.txt", "../c"]
        assert [found.read(entry) for entry in found.entries] == [b"hello", b"\x00"]


def test_what_inflates_beyond_two_hundred_times_its_size_is_refused(tmp_path: Path) -> None:
    assert state_of(tmp_path, archive_of({"a": b"a" * 12_000_000})) is DocumentState.TOO_LARGE
    check_archive(written(tmp_path, archive_of({"a": b"a" * 9_000_000})))


def test_all_entries_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive_of({str(number): b"a" * 1000 for number in range(12)})
    check_archive(written(tmp_path, content))
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 11_999)
    assert state_of(tmp_path, content) is DocumentState.TOO_LARGE
    with opened(tmp_path / "file.zip") as found:
        assert found.read(found.entries[0]) == b"a" * 1000


def test_a_header_that_lies_about_sizes_is_not_believed(tmp_path: Path) -> None:
    content = archive_of({"a": b"a" * 12_000_000})
    central = content.rindex(b"PK\x01\x02")
    small = struct.pack("<LL", 2_000_000, 10)  # compressed, inflated
    lying = content[: central + 20] + small + content[central + 28 :]
    assert state_of(tmp_path, lying) is DocumentState.DAMAGED


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive_of({str(number): b"" for number in range(11)})
    monkeypatch.setattr(archive, "MAX_ENTRIES", 10)
    assert state_of(tmp_path, content) is DocumentState.TOO_LARGE
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 100)
    assert state_of(tmp_path, content) is DocumentState.TOO_LARGE


def test_the_long_form_of_the_directory_is_measured_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = archive_of({"a": b"hello"})
    end = content.rindex(b"PK\x05\x06")
    (length, offset) = struct.unpack_from("<LL", content, end + 12)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    tail = b"PK\x05\x06" + b"\x00" * 4 + b"\xff" * 12 + b"\x00" * 2
    long = content[:end] + record + locator + tail
    check_archive(written(tmp_path, long))
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 10)
    assert state_of(tmp_path, long) is DocumentState.TOO_LARGE


def test_an_encrypted_entry_needs_a_password(tmp_path: Path) -> None:
    content = bytearray(archive_of({"a": b"hello"}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    assert state_of(tmp_path, bytes(content)) is DocumentState.NEEDS_PASSWORD


def test_unusual_compression_is_told_and_not_inflated(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as packed:
        packed.writestr("a", b"a" * 1000)
    assert state_of(tmp_path, file.getvalue()) is DocumentState.UNSUPPORTED


@pytest.mark.parametrize("cut", [0, 10, 60, -1, -30])
def test_what_is_cut_off_is_damaged(tmp_path: Path, cut: int) -> None:
    content = archive_of({"a": b"hello", "b": b"there"})
    assert state_of(tmp_path, content[:cut]) is DocumentState.DAMAGED


def test_bytes_that_changed_are_damaged(tmp_path: Path) -> None:
    content = archive_of({"a": bytes(range(256))})
    changed = content[:40] + bytes([content[40] ^ 0xFF]) + content[41:]
    assert state_of(tmp_path, changed) is DocumentState.DAMAGED
