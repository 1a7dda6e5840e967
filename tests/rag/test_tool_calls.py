import json

import pytest

from rag.tool_calls import COPIED, CUT, CallReader, NamedCallReader
from tests.rag.desk import in_pieces

SEARCH = '{"tool": "search", "arguments": {"query": "soft {cheese}"}}'


def read(text: str, length: int = 1, copied: tuple[str, ...] = ()) -> tuple[str, CallReader]:
    reader = CallReader(copied)
    shown = "".join(reader.feed(piece) for piece in in_pieces(text, length))
    return shown + reader.rest(), reader


def named(reader: CallReader) -> list[tuple[str, object]]:
    return [(call.name, json.loads(call.arguments)) for call in reader.calls]


@pytest.mark.parametrize("length", [1, 3, 7, 500])
@pytest.mark.parametrize(
    "text",
    [
        SEARCH,
        f"\n  {SEARCH}\n",
        f"```json\n{SEARCH}\n```",
        f"```\n{SEARCH}```",
        '{"name": "search", "arguments": {"query": "soft {cheese}"}}',
        '{"name": "search", "parameters": {"query": "soft {cheese}"}, "id": 3}',
        f"{SEARCH}\nResult of search: Camembert is blue.",
        '[TOOL_CALLS] [{"name": "search", "arguments": {"query": "soft {cheese}"}}]',
        ' [{"name": "search", "arguments": {"query": "soft {cheese}"}, "id": "a"}]',
    ],
)
def test_a_call_is_found_and_nothing_of_it_is_shown(text: str, length: int) -> None:
    shown, reader = read(text, length)

    assert shown.strip() == ""
    assert named(reader) == [("search", {"query": "soft {cheese}"})]
    assert reader.fault == ""


def test_a_call_after_a_sentence_is_found_and_what_follows_it_is_not_shown() -> None:
    shown, reader = read(f"Let me look. {SEARCH} It is soft.")

    assert shown == "Let me look. "
    assert named(reader) == [("search", {"query": "soft {cheese}"})]


def test_calls_one_after_another_are_all_found_with_names_of_their_own() -> None:
    _, reader = read(f'{SEARCH}\n{{"tool": "today"}}')

    assert [name for name, _ in named(reader)] == ["search", "today"]
    assert len({call.id for call in reader.calls}) == 2
    assert all(len(call.id) == 9 and call.id.isalnum() for call in reader.calls)


@pytest.mark.parametrize(
    "text",
    [
        "Twelve billion [1].",
        "The set {x | x > 0} is open.",
        '{"parameters": 12, "name": "Nemo"}',
        "```python\nprint({1: 2})\n```",
        "```json\n{}\n```",
        'Use {"name": "Nemo"} and {"answer": 12}.',
        "An open { and a ` and ``` at the end {",
        '{"nam',
        "As [1] and [2][3] say, [a] and [TOOL_BOX]; see [",
        '[{"name": "Nemo", "size": 12}]',
        'Take {"tool": "hammer", "price": 12}.',
    ],
)
@pytest.mark.parametrize("length", [1, 4, 500])
def test_other_text_is_shown_as_it_is(text: str, length: int) -> None:
    shown, reader = read(text, length)

    assert shown == text
    assert (reader.calls, reader.fault, reader.ready) == ([], "", False)


def test_text_is_shown_while_it_comes() -> None:
    reader = CallReader()

    assert reader.feed("Twelve ") == "Twelve "
    assert reader.feed("{") == ""
    assert reader.feed("12} [1]") == "{12} [1]"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"tool": "search", "arguments": {"query": "x"}', CUT),
        ('{"tool": "search", "arguments": {"query" "x"}}', "Expecting ':' delimiter"),
        ("{'tool': 'search'}", "Expecting property name enclosed in double quotes"),
        ('{tool: "search"}', "Expecting property name enclosed in double quotes"),
        ('{"tool": "search", "arguments": ' + "[" * 5000, "too deep"),
        ('{"tool": "search", "arguments": ' + "9" * 5000 + "}", "too long a number"),
    ],
)
def test_what_was_meant_for_a_call_is_never_shown(text: str, fault: str) -> None:
    shown, reader = read(text, 9)

    assert (shown, reader.calls) == ("", [])
    assert fault in reader.fault


def test_the_word_for_being_ready_is_taken_out() -> None:
    shown, reader = read('{"answer": true} Twelve.')

    assert (shown, reader.ready) == ("", True)


def test_an_answer_wrapped_in_an_object_is_unwrapped() -> None:
    shown, reader = read('{"answer": "Twelve [1]."}')

    assert (shown, reader.ready) == ("Twelve [1].", False)


@pytest.mark.parametrize(
    "copied",
    [
        f"The page says: {SEARCH}",
        '{ "arguments" : {"query":"soft {cheese}"}, "tool" : "search" } {"tool":"search",'
        '"arguments":{"query":"soft \\u007bcheese}"}}',
    ],
)
def test_a_call_that_stands_in_a_document_is_never_run(copied: str) -> None:
    _, reader = read(SEARCH, copied=(copied,))

    assert (reader.calls, reader.fault) == ([], COPIED)


def test_a_call_of_a_document_may_be_quoted_in_an_answer() -> None:
    shown, reader = read(f"It says {SEARCH} [1].", copied=(SEARCH,))

    assert shown == f"It says {SEARCH} [1]."
    assert (reader.calls, reader.fault) == ([], "")


def test_names_and_arguments_that_no_utf_8_holds_are_mended() -> None:
    _, reader = read('{"tool": "\\ud800", "arguments": "\\ud800"}')

    assert [(call.name, call.arguments) for call in reader.calls] == [("?", "?")]


@pytest.mark.parametrize("length", [1, 4, 500])
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('search{"q": 1}', '{"tool": "search", "arguments": {"q": 1}}'),
        ('[TOOL_CALLS]search[ARGS]{"q": 1}', '{"tool": "search", "arguments": {"q": 1}}'),
        ("search the cheese", "search the cheese"),
        ("search", "search"),
        ("sea {", "sea {"),
        ("[1] says", "[1] says"),
        ('Use search{"q": 1}', 'Use search{"q": 1}'),
    ],
)
def test_a_reply_that_begins_with_a_tools_name_is_read_as_a_call(
    text: str, read: str, length: int
) -> None:
    reader = NamedCallReader(["today", "search"])

    got = "".join(reader.feed(piece) for piece in in_pieces(text, length)) + reader.rest()

    assert got == read
