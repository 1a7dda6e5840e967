import json
import re
import sys
import threading
from pathlib import Path

import pytest

from rag import tools
from rag.assistant import drain
from rag.domain import ToolCall, ToolResult
from rag.errors import SettingsError
from rag.tools import LONGEST_RESULT, Tool, run_tool
from rag.toolset import OFFERED, tools_for
from rag.user_tools import MOST_TOOLS, load_tools
from tests.loopback import Events, Say, call, chunk
from tests.rag.applications import KEY, QUESTION, application, fill, platform
from tests.rag.desk import Desk

README = Path(__file__).parents[2] / "README.md"
SECRET = "s3cr3t-k3y-0123456789"
WHOLE = '''
from dataclasses import dataclass
from json import dumps
from typing import Literal

UNIT = "°C"

@dataclass
class Place:
    name: str

def weather(place: Place, days: int = 1, unit: Literal["C", "F"] = "C") -> str:
    """The weather of a place."""
    return f"{_said(place)}, {days} days, 21 {UNIT}"

def prices(names: list[str]) -> dict[str, float]:
    """What things cost."""
    return {name: 1.5 for name in names}

def _said(place):
    return place.name
'''


def load(tmp_path: Path, text: str) -> dict[str, Tool]:
    path = tmp_path / "my_tools.py"
    path.write_text(text, encoding="utf-8")
    return {tool.name: tool for tool in load_tools(str(path))}


def run(found: dict[str, Tool], name: str, **arguments: object) -> ToolResult:
    return run_tool(ToolCall("1", name, json.dumps(arguments)), found)


def test_no_module_has_no_tools() -> None:
    assert load_tools(None) == ()


def test_the_public_functions_of_a_module_are_tools(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE)

    assert list(found) == ["weather", "prices"]
    spec = found["weather"].spec
    assert spec.description == "The weather of a place."
    assert spec.parameters["required"] == ["place"]
    assert spec.parameters["properties"]["unit"]["enum"] == ["C", "F"]
    weather = run(found, "weather", place={"name": "Nice"}, days=3)
    assert (weather.content, weather.failed) == ("Nice, 3 days, 21 °C", False)
    assert run(found, "prices", names=["tea"]).content == '{"tea":1.5}'


def test_the_tools_can_be_listed(tmp_path: Path) -> None:
    assert list(load(tmp_path, f"{WHOLE}\n__all__ = ['prices']")) == ["prices"]


def test_a_module_may_postpone_its_annotations(tmp_path: Path) -> None:
    found = load(tmp_path, f"from __future__ import annotations\n{WHOLE}")

    assert run(found, "weather", place={"name": "Nice"}).content == "Nice, 1 days, 21 °C"


def test_a_module_is_found_by_its_dotted_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ours_for_tests").mkdir()
    (tmp_path / "ours_for_tests" / "weather.py").write_text(WHOLE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert [tool.name for tool in load_tools("ours_for_tests.weather")] == ["weather", "prices"]
    for name in ("ours_for_tests", "ours_for_tests.weather"):
        monkeypatch.delitem(sys.modules, name)


def test_the_example_of_the_readme_works(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (example,) = re.findall(r'```python\n("""my_tools\.py""".*?)```', text, re.DOTALL)
    found = load(tmp_path, example)

    assert run(found, "convert", amount=116, source="USD").content == "100.00 EUR"
    wrong = run(found, "convert", amount=116, source="GBP")
    assert (wrong.failed, wrong.content) == (True, "convert broke down. Go on without it.")


def one(parameters: str = "", returns: str = " -> str", doc: str = '"""Tell."""') -> str:
    return f"def tell({parameters}){returns}:\n    {doc}\n    return 'x'\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", "has no tools"),
        ("import nothing_of_this_name", "cannot be loaded: it raises ModuleNotFoundError (line 1)"),
        ("\n\n1 / 0", "cannot be loaded: it raises ZeroDivisionError (line 3). Mend it"),
        (
            "def tell(:\n    pass",
            "cannot be loaded: it raises SyntaxError (line 1): invalid syntax",
        ),
        ("raise SystemExit(3)", "cannot be loaded: it raises SystemExit (line 1)"),
        (f"raise ValueError('{SECRET}')", "cannot be loaded: it raises ValueError (line 1)"),
        (one(doc=""), "it has no docstring"),
        (one("a"), "its parameter a has no annotation"),
        (one("*a: int"), "its parameter a cannot be given by its name"),
        (one("a: int, /"), "its parameter a cannot be given by its name"),
        (one("a: object()"), "its parameter a has an annotation that JSON cannot say"),
        (one("a: __import__('io').StringIO"), "a has an annotation that JSON cannot say"),
        (one("_a: int"), "its parameter _a has a name that is taken"),
        (one("json: str"), "its parameter json has a name that is taken"),
        (one("a: str = object()"), "its parameter a has a default that JSON cannot say"),
        (one("a: 'Nothing'"), "an annotation of it names what is not there"),
        (one(returns=""), "annotate what it returns"),
        (one(returns=" -> None"), "annotate what it returns"),
        (
            one(returns=" -> type(tell)", doc='"""Tell."""').replace("type(tell)", "type(len)"),
            "annotate what it returns",
        ),
        (f"async {one()}", "it is asynchronous"),
        (one().replace("tell", "today"), "Tramontane has a tool of that name"),
        (one().replace("tell", "météo"), "its name must be at most 64 plain letters"),
        (f"{one()}\n__all__ = ['tell', 'told']", "lists 'told' in __all__, which is no function"),
        ("".join(one().replace("tell", f"t{n}") for n in range(MOST_TOOLS + 1)), "65 public"),
    ],
)
def test_a_wrong_module_gets_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)

    assert sentence in str(caught.value)
    assert str(tmp_path / "my_tools.py") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("my_tools.py", "TRAMONTANE_TOOLS is 'my_tools.py', and there is no such file."),
        ("~nobody-of-this-name/my_tools.py", "and there is no such file."),
        (".", "and there is no such file."),
        ("my_tools", "and there is no such module. Give the path of its file, such as tools/"),
        ("nothing.of.this_name", "and there is no such module."),
        ("json.nothing", "and there is no such module."),
        ("my tools", "and there is no such file."),
    ],
)
def test_a_module_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        load_tools(name)

    assert sentence in str(caught.value)


def test_a_tool_that_raises_costs_its_call_and_tells_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = one().replace("return 'x'", f"raise OSError('https://x/?key={SECRET}')")
    result = run(load(tmp_path, text), "tell")

    assert (result.failed, result.content) == (True, "tell broke down. Go on without it.")
    (record,) = caplog.records
    path = tmp_path / "my_tools.py"
    assert record.getMessage() == f"The tool tell raised OSError ({path}, line 3)."
    assert record.exc_info is None


def test_a_tool_may_tell_the_model_what_to_mend(tmp_path: Path) -> None:
    text = f"from rag.errors import ToolError\n{one()}".replace("return", "raise ToolError('No.')#")

    result = run(load(tmp_path, text), "tell")

    assert (result.failed, result.content) == (True, "No.")


@pytest.mark.parametrize("given", ["None", "3", "object()", "['x']"])
def test_what_a_tool_did_not_promise_is_a_failed_result(tmp_path: Path, given: str) -> None:
    result = run(load(tmp_path, one().replace("'x'", given)), "tell")

    assert result.failed
    assert result.content == "tell gave something else than it promises. Go on without it."


def test_what_json_cannot_say_is_a_failed_result(tmp_path: Path) -> None:
    text = one(returns=" -> dict[str, object]").replace("'x'", "{'a': object()}")

    assert run(load(tmp_path, text), "tell").failed


def test_words_are_bounded_and_can_be_sent(tmp_path: Path) -> None:
    found = load(tmp_path, one().replace("'x'", f"'\\ud800' + 'x' * {LONGEST_RESULT}"))

    content = run(found, "tell").content

    assert (len(content), content[:2]) == (LONGEST_RESULT, "?x")
    content.encode("utf-8")


def test_nobody_waits_for_a_tool_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "LONGEST_SECONDS", 0.05)
    text = f"import threading\nGO_ON = threading.Event()\n{one()}".replace(
        "return 'x'", "return str(GO_ON.wait(20))"
    )
    found = load(tmp_path, text)

    result = run(found, "tell")

    assert (result.failed, result.content) == (True, "tell takes too long. Ask it for less.")
    left = [thread for thread in threading.enumerate() if thread.name == "apart"]
    assert [thread.daemon for thread in left] == [True]
    sys.modules["tramontane_user_tools.my_tools"].GO_ON.set()
    left[0].join(20)


def test_a_model_is_offered_them_and_may_call_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_tools.py").write_text(WHOLE, encoding="utf-8")
    asked = call(0, "call00001", "prices", {"names": ["tea"]})
    calls = Events([chunk({"tool_calls": [asked]}), chunk({}, "tool_calls")])
    with platform([calls, Say("12 billion [1].")]) as server:
        chosen = {"mistral_api_key": KEY, "mistral_url": server.url, "rerank": "off"}
        with application(tools="my_tools.py", embedding="all-MiniLM-L6-v2", **chosen) as opened:
            fill(opened)
            answer = drain(opened.assistant().ask(QUESTION, (), opened.scope()))
    first, second = server.asked("/v1/chat/completions")
    offered = {tool["function"]["name"] for tool in first.body["tools"]}
    assert offered == OFFERED | {"weather", "prices"}
    assert '{"tea":1.5}' in second.body["messages"][-1]["content"]
    assert [result.content for result in answer.tool_results] == ['{"tea":1.5}']


def test_a_wrong_module_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(SettingsError, match="and there is no such file"),
        application(tools="my_tools.py"),
    ):
        pass


def test_the_names_that_are_taken_are_those_of_our_tools(desk: Desk) -> None:
    ours = tools_for(desk.scope, desk.retriever, desk.catalog)

    assert {tool.name for tool in ours} == OFFERED
