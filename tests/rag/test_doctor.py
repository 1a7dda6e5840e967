import sqlite3
from pathlib import Path

import pytest

from rag import doctor
from rag.doctor import Check, Finding, Level, examine
from rag.errors import AuthenticationError, EmbeddingMismatchError, NotFoundError
from rag.wiring import checks
from tests.loopback import LoopbackServer
from tests.rag.applications import KEY, application, fill, platform, settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fail() -> str:
    raise AuthenticationError("The key is wrong.")


def test_every_check_is_a_finding_whatever_fails(tmp_path: Path) -> None:
    checks = [Check("key", fail), Check("answers", lambda: "All is well.")]

    findings = list(examine(tmp_path, checks))

    assert [finding.subject for finding in findings][:2] == ["data directory", "database"]
    assert findings[2:] == [
        Finding("key", Level.WRONG, "The key is wrong."),
        Finding("answers", Level.GOOD, "All is well."),
    ]


def test_other_errors_than_ours_are_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        list(examine(tmp_path, [Check("sum", lambda: str(1 // 0))]))


@pytest.mark.parametrize("name", ["", "not/there/yet"])
def test_the_room_left_is_told_also_where_nothing_is_yet(tmp_path: Path, name: str) -> None:
    finding = next(examine(tmp_path / name, []))

    assert finding.level is Level.GOOD
    assert finding.sentence.startswith(f"{tmp_path / name}, ")
    assert finding.sentence.endswith(" GB free.")
    assert not (tmp_path / "not").exists()


def test_too_little_room_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK_BYTES", 1 << 80)

    finding = next(examine(tmp_path, []))

    assert finding.level is Level.WRONG
    assert finding.sentence.endswith("Make room before adding files.")


def test_a_directory_that_cannot_be_looked_at_is_wrong(tmp_path: Path) -> None:
    finding = next(examine(tmp_path / ("x" * 300), []))

    assert finding.level is Level.WRONG
    assert finding.sentence.endswith("Choose another with --data-dir or TRAMONTANE_DATA_DIR.")


def test_the_database_is_told(tmp_path: Path) -> None:
    finding = list(examine(tmp_path, []))[1]

    assert finding.sentence.startswith("SQLite 3.")
    assert finding.level in (Level.GOOD, Level.NOTE)


def findings(**given: object) -> dict[str, tuple[Level, str]]:
    chosen = settings(**given)
    found = examine(chosen.data_dir, checks(chosen))
    return {each.subject: (each.level, each.sentence) for each in found}


def test_the_doctor_finds_nothing_wrong_without_a_key() -> None:
    with application() as opened:
        fill(opened)
    found = findings()

    assert found["library"] == (
        Level.GOOD,
        "'documents' has 2 documents, embedded with all-MiniLM-L6-v2 (384 dimensions).",
    )
    assert found["answers"][1].startswith("The embedded reader answers")
    assert "La Plateforme" not in found


@pytest.mark.parametrize("is_there", [False, True])
def test_the_doctor_makes_no_library_and_says_how_to_fill_one(is_there: bool) -> None:
    if is_there:
        with application() as opened:
            fill(opened)
    found = findings(library="documets")

    assert found["library"] == (
        Level.NOTE,
        "Nothing was added to a library named 'documets' in data yet. Add documents with: "
        "tramontane add PATH",
    )
    assert Path("data").exists() == is_there
    if is_there:
        with application() as opened, pytest.raises(NotFoundError):
            opened.catalog.library("documets")


def test_the_doctor_finds_vectors_of_another_model() -> None:
    with application() as opened:
        fill(opened)
        with sqlite3.connect("data/catalog.sqlite") as connection:
            connection.execute("UPDATE chunk SET vector = x'0000' WHERE id = 1")
        connection.close()
        with pytest.raises(EmbeddingMismatchError, match="rebuild --embedding all-MiniLM-L6-v2"):
            opened.retriever.search("What is Nemo?", opened.scope(), 3)

    level, sentence = findings()["library"]
    assert level is Level.WRONG
    assert "Run `tramontane rebuild --embedding all-MiniLM-L6-v2`" in sentence


@pytest.mark.parametrize("name", ["/proc/tramontane", "taken/data", "taken"])
def test_a_data_directory_that_cannot_be_written_is_wrong(name: str) -> None:
    Path("taken").write_text("a file")

    finding = next(examine(Path(name), []))

    assert finding.level is Level.WRONG
    assert "cannot be written" in finding.sentence


def test_the_doctor_looks_at_the_key_and_the_model() -> None:
    with platform() as server:
        with application(mistral_api_key=KEY, mistral_url=server.url):
            pass
        found = findings(mistral_api_key=KEY, mistral_url=server.url)

    assert found["La Plateforme"] == (
        Level.GOOD,
        f"The key is valid at {server.url}, which serves 1 model.",
    )
    assert found["answers"][0] is Level.GOOD
    assert "mistral-embed (1024 dimensions)" in found["library"][1]


def test_the_doctor_says_what_is_wrong() -> None:
    with LoopbackServer() as server:
        url = server.url
    found = findings(chat=url, mistral_api_key=KEY, mistral_url=url)

    assert [level for level, _ in (found["La Plateforme"], found["answers"])] == [
        Level.WRONG,
        Level.WRONG,
    ]
    assert "Nothing answers at" in found["answers"][1]


def test_the_doctor_tells_of_a_better_embedding() -> None:
    with application() as opened:
        fill(opened)
    with platform() as server:
        found = findings(mistral_api_key=KEY, mistral_url=server.url)

    assert "tramontane rebuild --embedding mistral-embed" in found["library"][1]


def test_a_data_directory_that_is_a_file_is_wrong_and_not_fatal() -> None:
    Path("data").write_text("not a directory", encoding="utf-8")

    assert findings()["library"][0] is Level.WRONG
