"""Data directories as earlier releases left them, with one document and its original."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from rag.store.blobs import Blobs
from rag.store.catalog import CATALOG
from tests.crash.papers import text_of_version
from tests.crash.program import DATA
from tests.crash.shelf import DIMENSIONS, FIRST_MODEL, NAME
from tests.fakes import HashEmbedder
from tests.rag.store.shelves import ROOT

SCHEMAS = ROOT / "tests" / "rag" / "store"
OLD_NAME = "hotel.txt"
OLD_TEXT = text_of_version(OLD_NAME, "a")


def schemas() -> list[int]:
    """The schemas of the releases before this one."""
    return sorted(int(path.stem.partition("_")[2]) for path in SCHEMAS.glob("schema_*.sql"))


def make_old(root: Path, schema: int) -> None:
    """Make a data directory of that schema."""
    data = root / DATA
    data.mkdir(parents=True)
    source = root / OLD_NAME
    source.write_text(OLD_TEXT)
    sha256 = Blobs(data / "blobs").adopt(source)
    connection = sqlite3.connect(data / CATALOG)
    connection.executescript((SCHEMAS / f"schema_{schema}.sql").read_text())
    for table, values in _rows(schema, sha256):
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join("?" for _ in values)
        insert = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608
        connection.execute(insert, tuple(values.values()))
    connection.commit()
    connection.close()


def _rows(schema: int, sha256: str) -> list[tuple[str, dict[str, object]]]:
    embedder = HashEmbedder(FIRST_MODEL, DIMENSIONS[FIRST_MODEL])
    text = f"hotel\n{OLD_TEXT}"  # the title stands above what is embedded
    packed = embedder.embed([text])[0].astype("<f2").tobytes()
    library: dict[str, object] = {"id": "lib", "owner": "local", "name": NAME, "generation": 1}
    library |= {"embedding_model": FIRST_MODEL, "dimension": DIMENSIONS[FIRST_MODEL]}
    document: dict[str, object] = {
        "id": "doc",
        "library_id": "lib",
        "name": OLD_NAME,
        "title": "hotel",
    }
    document |= {"media_type": "text/plain", "sha256": sha256, "size_bytes": len(OLD_TEXT)}
    document |= {"state": "ready", "reason": "", "page_count": 1, "paginated": 0, "added_at": 5.0}
    document |= {"chunks": 1, "embedded": 1} if schema > 1 else {}
    page: dict[str, object] = {
        "document_id": "doc",
        "number": 1,
        "label": "1",
        "state": "text",
        "reason": "",
    }
    page |= {"offset": 0, "text": OLD_TEXT}
    chunk: dict[str, object] = {
        "id": 7,
        "library_id": "lib",
        "document_id": "doc",
        "page": 1,
        "start": 0,
    }
    chunk |= {"end": len(OLD_TEXT), "heading": "[]", "tokens": 5, "vector": packed}
    chunk |= {"text_hash": hashlib.sha256(text.encode()).digest()[:16]} if schema > 1 else {}
    return [("library", library), ("document", document), ("page", page), ("chunk", chunk)]
