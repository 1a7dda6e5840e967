from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import StoreError
from rag.store import filesystems
from rag.store.catalog import Catalog
from rag.store.filesystems import network_kind

LINE = "36 25 0:31 / {point} rw,relatime shared:1 - {kind} {source} rw\n"


def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: tuple[str, str, str]) -> None:
    path = tmp_path / "mountinfo"
    said = [("/", "ext4", "/dev/sda1"), *lines]
    path.write_text("".join(LINE.format(point=p, kind=k, source=s) for p, k, s in said))
    monkeypatch.setattr(filesystems, "MOUNTS", path)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("nfs", "nas:/volume"),
        ("nfs4", "nas:/volume"),
        ("cifs", "//nas/share"),
        ("smb3", "//nas/share"),
        ("ceph", "mon:/"),
        ("fuse.sshfs", "me@host:"),
        ("fuse.rclone", "drive:"),
        ("fuse", "mountpoint-s3"),
        ("fuse.gcsfuse", "bucket"),
    ],
)
def test_a_data_directory_on_a_network_is_refused_with_the_reason(
    kind: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / "far"
    mounts(tmp_path, monkeypatch, (str(far), kind, source))
    with pytest.raises(StoreError) as caught:
        Catalog(far / "data")
    assert str(caught.value).startswith(
        f"The data directory {far / 'data'} lies on a network file system ({kind}), where a "
        "database that several processes use can be damaged. Choose a folder on a disk of this "
    )
    assert not (far / "data" / "catalog.sqlite").exists()
    Catalog(tmp_path / "near").close()


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("ext4", "/dev/nfs"),
        ("overlay", "overlay"),
        ("tmpfs", "tmpfs"),
        ("btrfs", "/dev/sdb"),
        ("fuseblk", "/dev/sdc1"),
        ("fuse.mergerfs", "disks"),
        ("9p", "drvfs"),
        ("virtiofs", "shared"),
    ],
)
def test_a_disk_of_this_machine_is_taken(
    kind: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts(tmp_path, monkeypatch, (str(tmp_path), kind, source))
    Catalog(tmp_path / "data").close()


def test_what_is_mounted_deepest_and_last_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    covered = tmp_path / "co vered"
    mounts(
        tmp_path,
        monkeypatch,
        (str(inner), "ext4", "/dev/sdb"),
        (str(outer), "nfs4", "nas:/"),
        (str(covered).replace(" ", "\\040"), "ext4", "/dev/sdc"),
        (str(covered).replace(" ", "\\040"), "nfs", "nas:/"),
    )
    assert network_kind(outer / "data") == "nfs4"
    assert network_kind(inner / "data") == ""
    assert network_kind(covered) == "nfs"
    assert network_kind(tmp_path / "outermost") == ""


def test_a_link_to_a_network_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (tmp_path / "near").symlink_to(far)
    mounts(tmp_path, monkeypatch, (str(far), "nfs", "nas:/"))
    assert network_kind(tmp_path / "near" / "data") == "nfs"


@pytest.mark.parametrize("content", [None, b"", b"\xff nonsense - \n - nfs\n"])
def test_where_mounts_are_not_told_nothing_is_refused(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mountinfo"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(filesystems, "MOUNTS", path)
    assert network_kind(tmp_path) == ""
