from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rag.errors import StoreError
from rag.store.blobs import READ_BYTES, Blobs, hash_file


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.bin"
    path.write_bytes(b"\x00words\xff" * READ_BYTES)  # several reads
    return path


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_the_hash_of_its_bytes(
    blobs: Blobs, source: Path, tmp_path: Path
) -> None:
    sha256 = blobs.put(source)
    assert sha256 == hashlib.sha256(source.read_bytes()).hexdigest() == hash_file(source)
    assert blobs.path(sha256).read_bytes() == source.read_bytes()
    assert source.exists()
    assert files_below(tmp_path / "blobs") == [blobs.path(sha256)]


def test_the_same_bytes_are_kept_once(blobs: Blobs, source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.bin"
    copy.write_bytes(source.read_bytes())
    assert blobs.put(source) == blobs.put(copy)
    assert len(files_below(tmp_path / "blobs")) == 1


def test_a_torn_file_is_replaced_when_its_bytes_come_again(blobs: Blobs, source: Path) -> None:
    sha256 = blobs.put(source)
    blobs.path(sha256).write_bytes(b"torn")
    assert blobs.put(source) == sha256
    assert hash_file(blobs.path(sha256)) == sha256


def test_removing_is_final_and_twice_is_no_error(blobs: Blobs, source: Path) -> None:
    sha256 = blobs.put(source)
    blobs.remove(sha256)
    assert not blobs.path(sha256).exists()
    blobs.remove(sha256)


def test_a_copy_that_fails_leaves_nothing_and_is_one_sentence(
    blobs: Blobs, source: Path, tmp_path: Path
) -> None:
    target = blobs.path(hash_file(source))
    target.mkdir(parents=True)  # the name is taken by what no file can replace
    with pytest.raises(StoreError, match=r"source\.bin cannot be stored: .* lies in its place\."):
        blobs.put(source)
    assert files_below(tmp_path / "blobs") == []


def test_a_folder_that_cannot_be_written_is_one_sentence(source: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match=r"taken lies in its place\. Move that away, and"):
        Blobs(tmp_path / "taken").put(source)


def test_a_file_that_cannot_be_deleted_is_one_sentence(blobs: Blobs) -> None:
    sha256 = "0" * 64
    (blobs.path(sha256) / "inside").mkdir(parents=True)
    with pytest.raises(StoreError, match="Delete it by hand"):
        blobs.remove(sha256)


def test_an_upload_that_cannot_be_deleted_is_stored_all_the_same(
    blobs: Blobs, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = blobs.put(source)

    def fail(path: Path, missing_ok: bool = False) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "unlink", fail)
    assert blobs.adopt(source) == sha256


def test_the_folder_of_a_new_file_lasts_too(
    blobs: Blobs, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("rag.store.blobs.sync_folder", synced.append)
    target = blobs.path(blobs.put(source))
    assert synced == [target.parent, tmp_path / "blobs"]
    adopted = tmp_path / "upload"
    adopted.write_text("words")
    target = blobs.path(blobs.adopt(adopted))
    assert synced[2:] == [target.parent, tmp_path / "blobs"]
