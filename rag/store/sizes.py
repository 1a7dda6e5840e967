"""How sizes are told to people."""

from __future__ import annotations


def told(size_bytes: int) -> str:
    """A size with a unit in which it is no fraction: `3.2 GB`, `1.0 MB`, `12 kB`, `0 kB`."""
    if size_bytes >= 10**9:
        return f"{size_bytes / 1e9:,.1f} GB"
    if size_bytes >= 10**6:
        return f"{size_bytes / 1e6:,.1f} MB"
    return f"{-(-size_bytes // 1000)} kB"
