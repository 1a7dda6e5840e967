from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rag.errors import RagError, RateLimitError
from rag.intake import NOWHERE, Stage
from rag.wiring import Application
from tests.ui.workbench import HeldEmbedder, HeldReader, Workbench
from ui import adding

OVER = "La Plateforme is over its limit."


def test_a_fault_that_may_pass_is_told_of_once_and_the_file_comes_in(
    application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "anchor.txt"
    path.write_text("An anchor of forty kilograms holds the boat.")
    embedder = HeldEmbedder(application.embedder, faults=[RateLimitError(OVER)])
    bench = Workbench(application, embedder, retry_seconds=3 * adding.LOOK_SECONDS)

    with bench.working() as queue:
        failed = adding._take_in({path: NOWHERE}, application, queue, yes=False, json=False)

    assert failed == 0
    said = capsys.readouterr()
    assert said.err.count(f"anchor.txt: {OVER} It is tried again while this command runs.") == 1
    assert said.out == "anchor.txt was added.\n"
    (document,) = application.catalog.documents(application.library.id)
    assert document.embedded == document.chunks == 1


def test_a_file_that_several_commands_were_cut_off_with_is_told_of_once(
    application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {tmp_path / f"{name}.txt": NOWHERE for name in ("anchor", "buoy")}
    for path in paths:
        path.write_text(f"The {path.stem} of forty kilograms holds the boat.")
        for _ in range(2):
            _submit(application, path)

    with Workbench(application, HeldEmbedder(application.embedder)).working() as queue:
        failed = adding._take_in(paths, application, queue, yes=False, json=False)

    said = capsys.readouterr()
    assert (failed, said.err) == (0, "")
    assert sorted(said.out.splitlines()) == ["anchor.txt was added.", "buoy.txt was added."]


def test_a_file_that_another_process_takes_in_is_told_of_with_its_end(
    application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "anchor.txt"
    path.write_text("An anchor of forty kilograms holds the boat.")
    elsewhere = Workbench(application, HeldEmbedder(application.embedder))
    elsewhere.embedder.gate.shut()
    here = Workbench(application, HeldEmbedder(application.embedder))

    def let_once_it_is_known_here() -> None:
        while [job.stage for job in other.jobs()] != [Stage.EMBEDDING, Stage.EMBEDDING]:
            other.rest(adding.LOOK_SECONDS)
        elsewhere.embedder.gate.let()

    with elsewhere.working() as other:
        _submit(application, path)
        while other.jobs()[0].stage is not Stage.EMBEDDING or not other.jobs()[0].document_id:
            other.rest(adding.LOOK_SECONDS)
        with here.working() as queue:
            letting = threading.Thread(target=let_once_it_is_known_here)
            letting.start()
            failed = adding._take_in({path: NOWHERE}, application, queue, yes=False, json=False)
            letting.join()

    assert failed == 0
    assert capsys.readouterr().out == "anchor.txt was added. Another process took it in.\n"


def _submit(application: Application, path: Path) -> None:
    catalog, size = application.catalog, path.stat().st_size
    catalog.jobs.submit(application.library.id, path.name, catalog.blobs.put(path), size)


@pytest.mark.parametrize(
    ("content", "faults", "said"),
    [
        ("An anchor of forty kilograms.", [], "anchor.txt was added.\n"),
        ("", [], "anchor.txt: The file is empty.\n"),
        ("An anchor.", [RagError("No.")], f"anchor.txt: {adding.OFF_THE_LIST}\n"),
    ],
)
def test_a_file_whose_job_was_forgotten_is_still_told_of(
    application: Application,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    faults: list[RagError],
    said: str,
) -> None:
    path = tmp_path / "anchor.txt"
    path.write_text(content)
    bench = Workbench(application, HeldEmbedder(application.embedder), HeldReader(faults=faults))
    with bench.working() as queue:
        watch = adding._Watch(application, queue, yes=False, json=False)
        watch.submit(path, NOWHERE)
        for job in queue.wait([job.id for job in queue.jobs()]):
            application.catalog.jobs.dismiss(job.id)

        watch.follow()

    told = capsys.readouterr()
    assert told.out + told.err == said
    assert watch.failed == ("was added" not in said)
