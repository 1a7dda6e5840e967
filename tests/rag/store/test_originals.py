from __future__ import annotations

from rag.domain import Library
from rag.intake import Stage
from rag.store.catalog import Catalog
from rag.store.document_jobs import wants_file
from rag.store.holds import new_holder
from rag.store.isolation import Upkeep
from rag.store.originals import named_originals, original_names
from tests.rag.store.shelves import library_in
from tests.rag.store.stock import add


def test_every_document_and_every_job_that_goes_on_names_its_file(
    catalog: Catalog, library: Library
) -> None:
    first = add(catalog, library, "the same bytes", name="a.txt").document
    second = add(catalog, library_in(catalog, "other"), "the same bytes", name="b.txt").document
    jobs = {}
    for number, stage in enumerate(Stage):
        job = catalog.jobs.submit(library.id, f"{stage}.txt", f"{number:064x}", 1)
        held = catalog.jobs._take(job.id, new_holder(), [Stage.WAITING])
        assert held is not None
        catalog.jobs.advance(held, stage)
        jobs[job.sha256] = stage
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
        owners, names = named_originals(connection), original_names(connection)
        wanted = {sha256 for sha256 in jobs if wants_file(connection, sha256)}
    assert owners[first.sha256] == {f"document {first.id}", f"document {second.id}"}
    assert owners.keys() - {first.sha256} == wanted
    assert {jobs[sha256] for sha256 in wanted} == set(Stage) - {Stage.DONE}
    assert names[first.sha256] == ("a.txt", "b.txt")
    assert names[f"{0:064x}"] == (f"{next(iter(Stage))}.txt",)
