import sqlite3
from pathlib import Path

import pytest

from rag import doctor
from rag.doctor import Check, Finding, Level, examine
from rag.errors import AuthenticationError, EmbeddingMismatchError, NotFoundError
from rag.wiring import checks
from tests.loopback import (
    Events,
    LoopbackServer,
    Reply,
    Say,
    Status,
    call,
    chunk,
    listed_model,
    mistral_error,
    vllm_error,
)
from tests.rag.applications import KEY, application, fill, platform, settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


CALLS = Events(
    [
        chunk({"tool_calls": [call(0, "call00001", "add", {"first": 2, "second": 3})]}),
        chunk({}, "tool_calls", {"prompt_tokens": 1_000, "completion_tokens": 23}),
    ]
)
CITY = Say('{"city": "Paris"}')


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

    level, words = found["library"]
    if is_there:
        assert level is Level.WRONG
        assert words.startswith("There is no library named 'documets'. Did you mean 'documents'?")
    else:
        assert level is Level.NOTE
        assert words == (
            "Nothing was added to a library named 'documets' in data yet. Add documents with: "
            "tramontane add PATH"
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


def test_what_follows_from_a_fault_is_not_looked_at_again(tmp_path: Path) -> None:
    checks = [
        Check("answers", fail),
        Check("tools", fail, after=("library", "answers")),
        Check("scans", lambda: "All is well.", after=("library",)),
    ]

    assert list(examine(tmp_path, checks))[3:] == [
        Finding("tools", Level.NOTE, "Not looked at, because of what is wrong with: answers."),
        Finding("scans", Level.GOOD, "All is well."),
    ]


def tried(chat: list[Reply], **given: object) -> tuple[dict[str, tuple[Level, str]], list[object]]:
    """What is found with a model of La Plateforme, and the bodies of what it was asked."""
    with platform(chat) as server:
        chosen = {"mistral_api_key": KEY, "mistral_url": server.url, **given}
        found = findings(**chosen)
    return found, [request.body for request in server.asked("/v1/chat/completions")]


def test_tools_and_structured_output_are_tried() -> None:
    found, bodies = tried([CALLS, CITY])

    assert found["tools"] == (
        Level.GOOD,
        "mistral-small-latest calls tools. Trying it took 1,023 tokens (less than a cent).",
    )
    assert found["structured output"] == (
        Level.GOOD,
        "mistral-small-latest keeps to a JSON schema. Trying it took 15 tokens (less than a cent).",
    )
    first, second = bodies
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["add"]
    assert "response_format" not in first
    assert second["response_format"]["json_schema"]["schema"]["required"] == ["city"]


@pytest.mark.parametrize("reply", ["Paris.", '["Paris"]', '{"city": 3}', '{"city": "Paris"} Well'])
def test_a_model_that_does_neither_still_answers(reply: str) -> None:
    found, _ = tried([Say("It is 5."), Say(reply)])

    assert [found[name][0] for name in ("tools", "structured output")] == [Level.NOTE] * 2
    assert "was asked to call a tool, and did not" in found["tools"][1]
    assert "was to reply by a JSON schema, and did not" in found["structured output"][1]


def test_a_model_that_rambles_on_is_cut_off() -> None:
    stream = [chunk({"content": "on and on " * 300})] * 3
    found, _ = tried([Events(stream, stalls=True), Events(stream, stalls=True)])

    assert [found[name][0] for name in ("tools", "structured output")] == [Level.NOTE] * 2


def test_a_request_that_is_refused_is_wrong_and_shows_no_key() -> None:
    refusal = Status(422, mistral_error(f"Invalid request for {KEY}"))
    found, _ = tried([refusal, Events([chunk({"content": "Pa"})], done=False)])

    assert [found[name][0] for name in ("tools", "structured output")] == [Level.WRONG] * 2
    assert KEY not in str(found)


def test_a_wrong_key_is_named_once() -> None:
    with platform() as server:
        found = findings(mistral_api_key="another-k3y-0123", mistral_url=server.url)

    assert found["answers"][0] is Level.WRONG
    assert found["tools"] == (
        Level.NOTE,
        "Not looked at, because of what is wrong with: answers.",
    )
    assert server.asked("/v1/chat/completions") == []
    assert "another-k3y-0123" not in str(found)


@pytest.mark.parametrize(
    ("listed", "level", "said"),
    [(256_000, Level.GOOD, "reads 256,000 tokens."), (32_768, Level.NOTE, "reads only 32,768.")],
)
def test_a_context_smaller_than_recorded_is_told(listed: int, level: Level, said: str) -> None:
    served = [listed_model(max_context_length=listed)]
    with LoopbackServer(served=served, chat=[CALLS, CITY]) as server:
        found = findings(mistral_api_key=KEY, mistral_url=server.url)

    assert found["answers"][0] is level
    assert said in found["answers"][1]


def test_models_that_answer_no_questions_are_not_told_as_ones_to_answer_with() -> None:
    names = ["ministral-8b-latest", "mistral-embed", "mistral-ocr-latest", "codestral-embed-2505"]
    with LoopbackServer(served=[listed_model(name) for name in names]) as server:
        found = findings(mistral_api_key=KEY, mistral_url=server.url)

    assert found["answers"] == (
        Level.WRONG,
        "La Plateforme does not serve mistral-small-latest. It serves: ministral-8b-latest.",
    )


def test_a_context_that_is_set_too_large_is_told() -> None:
    with LoopbackServer(chat=[CALLS, CITY]) as server:
        found = findings(chat=f"{server.url}/v1", chat_context_tokens=64_000)

    level, sentence = found["answers"]
    assert level is Level.NOTE
    assert sentence.endswith("Set TRAMONTANE_CHAT_CONTEXT_TOKENS to 32768, or unset it.")


def test_a_server_of_ones_own_is_tried_in_the_ways_that_it_takes() -> None:
    no_tools = Status(400, vllm_error('"auto" tool choice requires --enable-auto-tool-choice'))
    by_json = Say('{"tool": "add", "arguments": {"first": 2, "second": 3}}')
    with LoopbackServer(chat=[no_tools, by_json, CITY], served=[listed_model("ours")]) as server:
        found = findings(chat=f"{server.url}/v1")

    assert found["tools"][1].startswith("ours calls tools.")
    assert found["structured output"][1].startswith("ours keeps to a JSON schema.")


def test_tools_of_ones_own_are_named() -> None:
    Path("my_tools.py").write_text(
        'def price(name: str) -> str:\n    """A price."""\n    return name'
    )

    assert findings(tools="my_tools.py")["tools of your own"] == (
        Level.GOOD,
        "my_tools.py gives the model price.",
    )
    level, sentence = findings(tools="yours.py")["tools of your own"]
    assert level is Level.WRONG
    assert "there is no such file" in sentence


def test_a_module_that_is_wrong_hides_nothing_else() -> None:
    with application() as opened:
        fill(opened)

    assert findings(tools="yours.py")["library"][0] is Level.GOOD


def test_a_cap_that_is_reached_is_no_fault() -> None:
    with application() as opened:
        fill(opened)
    found, bodies = tried([CALLS, CITY], daily_dollars=0.0)

    assert found["tools"][0] is Level.NOTE
    assert bodies == []
