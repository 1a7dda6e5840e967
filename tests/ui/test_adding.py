from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import RateLimitError
from rag.intake import NOWHERE
from rag.wiring import Application
from tests.ui.workbench import HeldEmbedder, Workbench
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
