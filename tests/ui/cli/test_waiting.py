"""What a list says of documents and files that are not there whole yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from rag.domain import DocumentState, Library
from rag.intake import Stage
from rag.store.catalog import Catalog
from tests.documents import archive_of
from tests.rag.store.shelves import library_in, reading
from tests.ui.cli.rig import BOATS, LIGHT, Run
from ui.naming import GOES_ON


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", str(tmp_path / "data"))
    catalog = Catalog(tmp_path / "data")
    yield catalog
    catalog.close()


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return library_in(catalog, "documents")


def test_what_is_found_by_words_only_is_not_called_ready(
    run: Run, catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "The harbour.", name="whole.txt"))
    pending = replace(reading(library, "The light.", name="words.txt"), vectors=None)
    partly = replace(reading(library, "The mill.", name="partly.txt"), vectors=None)
    catalog.publish(pending)
    known = replace(partly.document, state=DocumentState.PARTIAL, reason="Read, except 1 page.")
    catalog.publish(replace(partly, document=known))

    lines = {line.split()[1]: line for line in run("list").out.splitlines()}

    assert lines["whole.txt"].rstrip().endswith(" ready")
    assert lines["words.txt"].rstrip().endswith(" words only")
    assert lines["partly.txt"].rstrip().endswith("partly read, words only: Read, except 1 page.")
    rows = {
        row["document"]: (row["passages"], row["embedded"]) for row in run("list", "--json").rows
    }
    assert rows == {"whole.txt": (1, 1), "words.txt": (1, 0), "partly.txt": (1, 0)}


def test_what_waits_is_told_by_what_it_waits_for(
    run: Run, catalog: Catalog, library: Library
) -> None:
    stages = (Stage.WAITING, Stage.EMBEDDING, Stage.EMBEDDING, Stage.CONFIRM)
    for number, stage in enumerate(stages):
        catalog.jobs.submit(library.id, f"{number}.txt", f"{number}", 9)
        held = catalog.jobs.claim(library.id, "here:1:1", [Stage.WAITING])
        assert held is not None
        catalog.jobs.advance(held, Stage.READING if stage is Stage.WAITING else stage)

    assert run("list").err.splitlines() == [
        f"1 file waits to be read: {GOES_ON}",
        f"2 documents wait for vectors: {GOES_ON}",
        "1 file waits for your word on what it costs. Answer in the page, or add it again with "
        "--yes.",
    ]


def test_a_file_that_was_handed_over_again_waits_once(
    run: Run, catalog: Catalog, library: Library
) -> None:
    for name in ("a.txt", "a.txt", "b.txt"):
        catalog.jobs.submit(library.id, name, name, 9)

    assert run("list").err.splitlines() == [f"2 files wait to be read: {GOES_ON}"]


def test_what_a_killed_command_left_is_told_of_once(
    run: Run, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Boats", "ana@example.org"
    mail.set_content("The list is attached.")
    mail.add_attachment(LIGHT, filename="list.txt")
    files = {"a.txt": BOATS.encode(), "b.txt": BOATS.encode(), "m.eml": bytes(mail)}
    files["z.zip"] = archive_of({"in.txt": b"Nets dry on the quay."})
    paths = [tmp_path / name for name in files]
    for path in paths:
        path.write_bytes(files[path.name])
        size = path.stat().st_size
        catalog.jobs.submit(library.id, path.name, catalog.blobs.put(path), size)

    output = run("add", *paths)

    assert output.code == 0
    told = [line.split(" ")[0].rstrip(":") for line in output.out.splitlines()]
    assert sorted(told) == ["a.txt", "b.txt", "m.eml", "m.eml/list.txt", "z.zip", "z.zip/in.txt"]
