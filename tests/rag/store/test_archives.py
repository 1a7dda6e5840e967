from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import StoreError
from rag.store.archives import (
    END,
    FORMAT,
    Manifest,
    Member,
    _header,
    extract_archive,
    verify_archive,
    write_archive,
)
from tests.rag.store.stock import files_below, nothing

CONTENT = b"words of an original"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BLOB = f"blobs/{SHA256[:2]}/{SHA256}"
DATABASE = b"a database" * 90


def member(name: str, content: bytes) -> Member:
    return Member(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def manifest(**changes: Any) -> Manifest:
    said = {
        "format": FORMAT,
        "made_by": "tramontane 0",
        "made_at": "2026-09-01T00:00:00+00:00",
        "schema_version": 1,
        "counts": {"documents": 1},
        "files": (member("catalog.sqlite", DATABASE), member(BLOB, CONTENT)),
    }
    return Manifest.model_validate(said | changes)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "catalog.sqlite").write_bytes(DATABASE)
    (tmp_path / "sources" / SHA256).write_bytes(CONTENT)
    path = tmp_path / "backup.tar"
    sources = tmp_path / "sources"
    write_archive(path, manifest(), lambda name: sources / Path(name).name, nothing)
    return path


def test_what_was_written_is_read(archive: Path, tmp_path: Path) -> None:
    assert verify_archive(archive) == manifest()
    seen: list[tuple[int, int]] = []
    assert extract_archive(archive, tmp_path / "out", lambda *at: seen.append(at)) == manifest()
    assert (tmp_path / "out" / "catalog.sqlite").read_bytes() == DATABASE
    assert (tmp_path / "out" / BLOB).read_bytes() == CONTENT
    assert files_below(tmp_path / "out") == ["blobs", BLOB[:8], BLOB, "catalog.sqlite"]
    assert seen == [(0, 920), (900, 920)]


def test_every_flipped_byte_is_found(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    damaged = tmp_path / "damaged.tar"
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        damaged.write_bytes(content)
        with pytest.raises(StoreError, match=r"is damaged \(its seal does not fit its content\)"):
            verify_archive(damaged)


def test_every_flipped_byte_before_the_seal_is_found_in_extracting_too(
    archive: Path, tmp_path: Path
) -> None:
    whole = archive.read_bytes()
    for place in range(0, len(whole) - 512, 29):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        damaged = tmp_path / "damaged.tar"
        damaged.write_bytes(content)
        try:
            found = extract_archive(damaged, tmp_path / f"out-{place}", nothing)
        except StoreError:
            continue
        assert found.files == manifest().files  # a word of the manifest that no file depends on
        assert found != manifest()


def test_every_truncation_and_whatever_follows_the_end_is_found(
    archive: Path, tmp_path: Path
) -> None:
    whole = archive.read_bytes()
    damaged = tmp_path / "damaged.tar"
    for content in (*(whole[:size] for size in range(len(whole))), whole + b"\0", whole + whole):
        damaged.write_bytes(content)
        with pytest.raises(StoreError, match="is no backup of Tramontane, or is damaged"):
            verify_archive(damaged)


@pytest.mark.parametrize(
    "name",
    [
        "../catalog.sqlite",
        "/etc/passwd",
        "blobs/../../x",
        f"blobs/ff/{SHA256}",
        f"blobs/{SHA256[:2]}/{'0' * 64}",
        "questions/../x.jsonl",
        "questions/x.jsonl/y",
        "derived/x",
        "catalog.sqlite",
        "catalog.sqlite-wal",
        "",
    ],
)
def test_odd_names_are_refused_under_a_right_seal(name: str, archive: Path) -> None:
    reseal(archive, lambda said: said["files"].append(said["files"][1] | {"name": name}))
    with pytest.raises(StoreError, match="its manifest says"):
        verify_archive(archive)


def test_a_member_too_many_is_refused_under_a_right_seal(archive: Path, tmp_path: Path) -> None:
    reseal(archive, lambda _said: None, extra=tarfile.TarInfo("../outside"))
    with pytest.raises(StoreError, match="it holds more than its manifest says"):
        verify_archive(archive)
    with pytest.raises(StoreError, match="it holds more than its manifest says"):
        extract_archive(archive, tmp_path / "out", nothing)


def test_a_link_in_the_place_of_a_file_is_refused_under_a_right_seal(archive: Path) -> None:
    link = tarfile.TarInfo(BLOB)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    reseal(archive, lambda _said: None, instead=link)
    with pytest.raises(StoreError, match=f"{BLOB} is not where the manifest has it"):
        verify_archive(archive)


def test_a_newer_format_is_refused_by_its_number(archive: Path) -> None:
    reseal(archive, lambda said: said.update(format=FORMAT + 1, something="new"))
    with pytest.raises(StoreError, match=rf"made by a newer Tramontane \(format {FORMAT + 1}"):
        verify_archive(archive)


@pytest.mark.parametrize("content", [b"", b"my thesis", b"\0" * 5000, b"PK\x03\x04" * 300])
def test_any_other_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(StoreError, match="is no backup of Tramontane"):
        verify_archive(tmp_path / "x")


def test_a_source_that_changes_meanwhile_makes_no_backup(tmp_path: Path) -> None:
    for content in (DATABASE[:-1], DATABASE[:-1] + b"?"):
        (tmp_path / "catalog.sqlite").write_bytes(content)
        with pytest.raises(StoreError, match=r"catalog\.sqlite changed meanwhile"):
            write_archive(
                tmp_path / f"{len(content)}.tar",
                manifest(files=(member("catalog.sqlite", DATABASE),)),
                lambda name: tmp_path / name,
                nothing,
            )


def test_a_file_of_more_than_8_gb_has_a_header_that_tar_reads(tmp_path: Path) -> None:
    header = _header("catalog.sqlite", 10 << 30)
    assert len(header) == tarfile.BLOCKSIZE
    assert tarfile.TarInfo.frombuf(header, "utf-8", "strict").size == 10 << 30


def reseal(
    archive: Path,
    change: Callable[[dict[str, Any]], object],
    *,
    extra: tarfile.TarInfo | None = None,
    instead: tarfile.TarInfo | None = None,
) -> None:
    """Write an archive anew as somebody would who knows the format."""
    with tarfile.open(archive) as tar:
        contents = [(entry, tar.extractfile(entry)) for entry in tar]
        pairs = [(entry, content.read() if content else b"") for entry, content in contents]
    said = json.loads(pairs[0][1])
    change(said)
    first = json.dumps(said).encode()
    pairs[0][0].size = len(first)
    pairs[0] = (pairs[0][0], first)
    if instead is not None:
        pairs[-1] = (instead, b"")
    if extra is not None:
        pairs.append((extra, b""))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for entry, content in pairs:
            tar.addfile(entry, io.BytesIO(content))
        body = out.getvalue()[: tar.offset] + END
    seal = f"tramontane backup, sha256 of all before: {hashlib.sha256(body).hexdigest()}\n"
    archive.write_bytes(body + seal.encode().ljust(512))


def test_the_seal_that_these_tests_make_is_the_right_one(archive: Path) -> None:
    before = verify_archive(archive)
    reseal(archive, lambda _said: None)
    assert verify_archive(archive) == before
