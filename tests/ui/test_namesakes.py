from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ingest.queue import IngestQueue
from rag.domain import Answer, Citation, Document, DocumentState, Quote, Span
from rag.intake import Origin
from rag.store.aliases import Arrival
from rag.wiring import Application
from ui.documents import Shelf, render_documents
from ui.namesakes import NO_SIGNS, render_sign, signs, signs_of, with_sign
from ui.references import references
from ui.report import Report, render_report

NOON = datetime(2026, 5, 3, 12, 0).timestamp()
DAY = 86_400.0


def document(id_: str, name: str = "gate.txt", title: str = "") -> Document:
    return Document(
        *(id_, "l1", name, title, "text/plain", f"hash of {id_}", 9),
        *(DocumentState.READY, "", 1, False, 1, 1),
    )


def came(**moments: tuple[float, str]) -> dict[str, Arrival]:
    return {id_: Arrival(added_at, place) for id_, (added_at, place) in moments.items()}


TWO = [document("one"), document("two")]


@pytest.mark.parametrize(
    ("places", "arrivals", "told"),
    [
        (
            {"hash of one": "a.zip", "hash of two": "b.eml"},
            came(one=(NOON, ""), two=(NOON, "")),
            ("in a.zip", "in b.eml"),
        ),
        (
            {"hash of two": "b.eml"},
            came(one=(NOON, ""), two=(NOON, "!x")),
            ("added 3 May 2026", "in b.eml"),
        ),
        (
            {},
            came(one=(NOON, "/srv/2023/gate.txt"), two=(NOON, "/srv/2024/gate.txt")),
            ("in 2023", "in 2024"),
        ),
        (
            {},
            came(one=(NOON, "/srv/2023/in/gate.txt"), two=(NOON, "/srv/2024/in/gate.txt")),
            ("in 2023/in", "in 2024/in"),
        ),
        (
            {},
            came(one=(NOON, "/srv/gate.txt"), two=(NOON + DAY, "")),
            ("added 3 May 2026", "added 4 May 2026"),
        ),
        (
            {},
            came(one=(NOON, ""), two=(NOON + 300, "")),
            ("added 3 May 2026, 12:00", "added 3 May 2026, 12:05"),
        ),
        (
            {"hash of one": "a.zip", "hash of two": "a.zip"},
            came(one=(NOON, ""), two=(NOON, "")),
            ("one", "two"),
        ),
    ],
    ids=["containers", "one alone", "folders", "deeper folders", "days", "minutes", "ids"],
)
def test_documents_of_one_name_are_told_apart_by_the_first_that_differs(
    places: dict[str, str], arrivals: dict[str, Arrival], told: tuple[str, str]
) -> None:
    assert signs(TWO, places, arrivals) == dict(zip(("one", "two"), told, strict=True))


def test_nothing_is_told_of_what_is_called_otherwise() -> None:
    others = [document("one"), document("two", "yard.txt"), document("three", "a.txt", "A title")]
    arrivals = came(one=(NOON, ""), two=(NOON, ""), three=(NOON, ""))
    assert signs(others, {}, arrivals) == {}
    assert (with_sign("A title", others[2], {}), render_sign(others[2], {})) == ("A title", "")


def test_names_tell_documents_of_one_title_apart() -> None:
    titled = [document("one", "a.txt", "Gates"), document("two", "b.txt", "Gates")]
    apart = signs(titled, {}, came(one=(NOON, ""), two=(NOON, "")))
    assert apart == {"one": "a.txt", "two": "b.txt"}
    html = render_documents(Shelf(titled, [], apart=apart))
    assert 'class="apart"' not in html  # the names stand there as titles
    assert with_sign("Gates", titled[0], apart) == "Gates (a.txt)"


def test_the_list_says_it_below_the_name_and_in_what_each_button_is_called() -> None:
    html = render_documents(Shelf(TWO, [], apart={"one": "in <2023>", "two": "in 2024"}))
    assert html.count('class="apart"') == 2
    assert '<span class="apart">in &lt;2023&gt;</span>' in html
    for does in ("Ask", "Remove", "Report on"):
        assert f'aria-label="{does} gate.txt (in 2024)"' in html
    assert "apart" not in render_documents(Shelf(TWO[:1], []))


def test_the_report_says_it_behind_the_name() -> None:
    html = render_report(Report(TWO[0], (), apart={"one": "in 2023"}))
    assert 'gate.txt <small class="apart">in 2023</small></h2>' in html
    assert "apart" not in render_report(Report(TWO[0], ()))


def test_citations_say_it_and_no_others() -> None:
    def cited(number: int, source: Document) -> Citation:
        marker = Span(number, number + 1)
        return Citation(number, marker, marker, Quote(source, 1, "1", 0, 4, "Open"))

    answer = Answer("It is. ", "q", "m", citations=(cited(1, TWO[0]), cited(2, TWO[1])))
    apart = {"one": "in 2023"}
    assert [each.place for each in references(answer, apart)] == ["gate.txt (in 2023)", "gate.txt"]
    assert [each.place for each in references(answer, NO_SIGNS)] == ["gate.txt"] * 2


def test_the_catalog_knows_what_tells_them_apart(
    application: Application, queue: IngestQueue, tmp_path: Path
) -> None:
    library = application.library.id
    for folder in ("harbour", "yard"):
        path = tmp_path / f"{folder}.txt"
        path.write_text(f"The gate of the {folder} is open from six in the morning.")
        origin = Origin(f"/srv/{folder}/gate.txt")
        queue.wait([queue.submit(path, "gate.txt", origin=origin)])
    apart = signs_of(application.catalog, library)
    assert sorted(apart.values()) == ["in harbour", "in yard"]
    arrivals = application.catalog.aliases.arrivals(library)
    assert {each.place for each in arrivals.values()} == {
        "/srv/harbour/gate.txt",
        "/srv/yard/gate.txt",
    }
    application.catalog.remove(next(iter(apart)))
    assert signs_of(application.catalog, library) == {}
