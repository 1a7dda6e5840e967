from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench import processes
from rag.domain import Document, Passage, Scope
from rag.store.catalog import Catalog


def test_three_processes_cite_one_version_at_a_time(tmp_path: Path) -> None:
    came = processes.run(tmp_path, seconds=4.0, pause=0.02)

    assert came["asks"]["faults"] == []
    assert came["asks"]["cited"] > 0
    assert came["adds and removes"] > 0
    assert came["replaces"] > 0


def test_a_citation_of_two_versions_is_seen(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "data")
    library = catalog.create_library("documents", processes.HashedWords.model, processes.DIMENSION)
    old = processes.publish(catalog, library, "kept0", 0)
    new = processes.publish(catalog, library, "kept0", 1)
    scope = Scope(library.id)
    text = processes.lines_of("kept0", 1, 1)[0]
    chunk = next(each for each in catalog.all_chunks(library.id) if each.text == text)
    right = passage(new, text, chunk.id)

    assert processes.faults_of(catalog, [right], scope) == []
    mixed = replace(right, document=old)
    assert len(processes.faults_of(catalog, [mixed], scope)) == 3
    older = passage(old, processes.lines_of("kept0", 0, 1)[0], 1)
    (said,) = processes.faults_of(catalog, [right, older], scope)
    assert "are cited together" in said
    catalog.close()


def passage(document: Document, text: str, chunk_id: int) -> Passage:
    return Passage(document, 1, "1", 0, len(text), text, (), 1.0, (chunk_id,))
