"""Which file system a folder lies on, and whether SQLite can keep its word there.

The write-ahead log needs memory shared by all processes, and every journal needs locks that hold;
network file systems promise neither (https://sqlite.org/wal.html, https://sqlite.org/faq.html#q5).
"""

from __future__ import annotations

import re
from pathlib import Path

from rag.errors import StoreError

MOUNTS = Path("/proc/self/mountinfo")  # of Linux; elsewhere nothing is told, and nothing refused
NETWORK = re.compile(
    r"afs|beegfs|ceph|cifs|coda|davfs|gfs2|glusterfs|gpfs|lustre|ncpfs|nfs4?|ocfs2|orangefs|pvfs2"
    r"|smb[23]?|smbfs"
)
NETWORK_IN_USER_SPACE = re.compile(
    r"ceph|curlftpfs|davfs|gcsfuse|gluster|goofys|hf[-_]|juicefs|mountpoint-s3|rclone|s3fs|smbnetfs"
    r"|sshfs"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def refuse_network(folder: Path) -> None:
    """Refuse a folder on a network file system.

    Raises:
        StoreError: it lies on one.
    """
    kind = network_kind(folder)
    if kind:
        raise StoreError(
            f"The data directory {folder} lies on a network file system ({kind}), where a database "
            "that several processes use can be damaged. Choose a folder on a disk of this machine "
            "with --data-dir, and copy it to the network with `tramontane backup FILE`."
        )


def network_kind(folder: Path) -> str:
    """The kind of network file system that a folder lies on or would; empty for any other."""
    kind, source = _mounted_at(folder.resolve())
    if NETWORK.fullmatch(kind):
        return kind
    is_remote = kind.startswith("fuse") and NETWORK_IN_USER_SPACE.search(f"{kind} {source}")
    return kind if is_remote else ""


def _mounted_at(path: Path) -> tuple[str, str]:
    """The kind and the source of what is mounted where a path lies; empty where that is unknown."""
    found, depth = ("", ""), -1
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, said = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(said) < 2:
            continue
        point = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= depth:  # the later one lies on top
            found, depth = (said[0], said[1]), len(point.parts)
    return found
