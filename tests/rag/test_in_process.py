"""A chat model over an engine on a script, and the sharing of engines."""

import json
import threading
from collections.abc import Generator
from typing import cast

import pytest

from rag.catalogue import Tokenizer
from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec, Usage
from rag.errors import (
    ContextLengthError,
    InvalidReplyError,
    ProviderError,
    RefusedRequestError,
    UnavailableError,
)
from rag.providers.engines import (
    EngineEndedError,
    Engines,
    EngineSpec,
    Event,
    RefusedError,
    SharedEngine,
)
from rag.providers.event_loop import CalledOffError
from rag.providers.in_process import InProcessChat
from tests.chat_rig import PROMPT, Item, text_of, whole
from tests.rag.scripted_engine import CONTEXT_TOKENS, ScriptedEngine, piece, spoken

NEMO, MIXTRAL = "mistralai/Mistral-Nemo-Instruct-2407", "mistralai/Mixtral-8x7B-Instruct-v0.1"
SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {"q": {"type": "string"}}})
TOO_LONG = RefusedError(400, "This model's maximum context length is 8192 tokens.")


def chat_over(engine: ScriptedEngine, model: str = NEMO) -> InProcessChat:
    return InProcessChat(SharedEngine(engine), EngineSpec(model), timeout_seconds=5)


def failure(kind: type[ProviderError], *reply: object) -> str:
    engine = ScriptedEngine(cast("list[Exception]", list(reply)))
    with pytest.raises(kind) as caught:
        list(chat_over(engine).stream(PROMPT))
    assert type(caught.value) is kind
    return str(caught.value)


def test_text_comes_in_pieces_and_the_exact_usage_last() -> None:
    engine = ScriptedEngine(spoken("Twelve ", "billion ", "[1]."))

    items = whole(chat_over(engine).stream(PROMPT))

    assert items == [
        TextDelta("Twelve "),
        TextDelta("billion "),
        TextDelta("[1]."),
        Finish(Usage(9, 4)),
    ]


def test_the_request_is_what_a_server_would_get() -> None:
    engine = ScriptedEngine(spoken("Yes."))
    schema = {"type": "object", "properties": {}}
    asked = Prompt(PROMPT.messages, tools=(SEARCH,), schema=schema)

    whole(chat_over(engine).stream(asked))

    (body,) = engine.bodies
    assert body["model"] == NEMO
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["max_completion_tokens"] == 2048
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["tools"][0]["function"]["name"] == "search"
    assert body["response_format"]["json_schema"]["schema"] == schema


def test_calls_in_fragments_are_put_together() -> None:
    begun = {"index": 0, "id": "abcdefghi", "function": {"name": "search", "arguments": '{"q"'}}
    rest = {"index": 0, "function": {"arguments": ': "x"}'}}
    reply = [piece(calls=[begun]), piece(calls=[rest]), piece(finish="tool_calls")]
    engine = ScriptedEngine(reply)

    items = whole(chat_over(engine).stream(Prompt(PROMPT.messages, tools=(SEARCH,))))

    assert items == [ToolCall("abcdefghi", "search", '{"q": "x"}'), Finish(None)]


def test_a_model_without_tools_is_told_of_them_in_its_first_turn() -> None:
    called = json.dumps({"tool": "search", "arguments": {"q": "x"}})
    engine = ScriptedEngine(spoken(called))

    items = whole(chat_over(engine, MIXTRAL).stream(Prompt(PROMPT.messages, tools=(SEARCH,))))

    assert isinstance(items[0], ToolCall)
    assert json.loads(items[0].arguments) == {"q": "x"}
    (body,) = engine.bodies
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert "tools" not in body
    assert body["max_completion_tokens"] == 512
    assert "anyOf" in body["response_format"]["json_schema"]["schema"]


def test_a_refused_schema_is_asked_for_no_more() -> None:
    refused = [RefusedError(400, "The grammar of this schema is not supported")]
    engine = ScriptedEngine(refused, spoken("{}"), spoken("{}"))
    chat = chat_over(engine)
    asked = Prompt(PROMPT.messages, schema={"type": "object"})

    for _ in range(2):
        assert text_of(whole(chat.stream(asked))) == "{}"

    assert ["response_format" in body for body in engine.bodies] == [True, False, False]


def test_length_limit_makes_the_turn_incomplete() -> None:
    engine = ScriptedEngine(spoken("Twelve bil", finish="length"))

    assert whole(chat_over(engine).stream(PROMPT))[-1] == Finish(Usage(9, 4), complete=False)


def test_closing_the_generator_closes_the_request() -> None:
    engine = ScriptedEngine(spoken("Twelve ", "billion"))
    stream = cast("Generator[Item, None, None]", chat_over(engine).stream(PROMPT))
    assert next(stream) == TextDelta("Twelve ")

    stream.close()

    assert engine.closed_streams == 1


def test_too_long_a_prompt_is_told() -> None:
    assert failure(ContextLengthError, TOO_LONG) == (
        f"The question and its passages are longer than {NEMO} reads. "
        "TRAMONTANE_PASSAGES lowers the number of passages. "
        "Ask with fewer passages or a shorter conversation."
    )


@pytest.mark.parametrize(
    ("kind", "reply", "said"),
    [
        (InvalidReplyError, [piece("Twelve")], "was cut off before it was complete"),
        (InvalidReplyError, [piece("Tw"), piece(finish="abort")], "was cut off"),
        (InvalidReplyError, [piece("Tw"), CalledOffError()], "was stopped"),
        (UnavailableError, [TimeoutError()], "was silent for 5 seconds"),
        (UnavailableError, [piece("Tw"), {"error": {"message": "Bad", "code": 500}}], "broke off"),
        (UnavailableError, [piece("Tw"), EngineEndedError("Out of memory.")], "Out of memory."),
        (RefusedRequestError, [RefusedError(400, "no such thing")], "refused the request"),
    ],
)
def test_every_fault_is_one_sentence_of_ours(
    kind: type[ProviderError], reply: list[object], said: str
) -> None:
    assert said in failure(kind, *reply)


def test_the_card_tells_what_the_engine_found_out() -> None:
    chat = chat_over(ScriptedEngine(), "some/finetune")
    assert (chat.card.context_tokens, chat.card.tokenizer) == (4096, "")

    card = chat.connect()

    assert card.context_tokens == CONTEXT_TOKENS
    assert card.tokenizer is Tokenizer.TEKKEN
    assert card.place == "this computer"


def test_many_threads_wait_for_one_loading() -> None:
    engine = ScriptedEngine(*[spoken("Yes.") for _ in range(8)])
    engine.gate.clear()
    chat = chat_over(engine)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(text_of(list(chat.stream(PROMPT)))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    engine.gate.set()
    for thread in threads:
        thread.join(10)

    assert answers == ["Yes."] * 8
    assert engine.loads == 1


def test_a_fault_of_loading_is_told_again_without_loading() -> None:
    engine = ScriptedEngine()
    engine.faults = [UnavailableError("There is not enough memory.")]
    chat = chat_over(engine)

    for _ in range(3):
        with pytest.raises(UnavailableError, match="not enough memory"):
            chat.connect()
    assert engine.loads == 1


def test_an_engine_that_ended_is_loaded_anew() -> None:
    engine = ScriptedEngine([EngineEndedError()], spoken("Yes."))
    chat = chat_over(engine)
    with pytest.raises(UnavailableError, match="Ask again: it is loaded anew"):
        list(chat.stream(PROMPT))

    assert text_of(whole(chat.stream(PROMPT))) == "Yes."
    assert (engine.loads, engine.closes) == (2, 1)


def test_a_late_word_of_an_engine_that_ended_ends_no_later_one() -> None:
    ended: list[Event | Exception] = [piece("Tw"), EngineEndedError()]
    engine = ScriptedEngine(ended, ended, spoken("Yes."))
    chat = chat_over(engine)
    first, late = chat.stream(PROMPT), chat.stream(PROMPT)
    assert next(first) == next(late) == TextDelta("Tw")

    with pytest.raises(UnavailableError):
        next(first)
    chat.connect()
    with pytest.raises(UnavailableError):
        next(late)

    assert text_of(whole(chat.stream(PROMPT))) == "Yes."
    assert (engine.loads, engine.closes) == (2, 1)


def test_an_engine_is_shared_and_ends_with_the_last_who_uses_it() -> None:
    engines, engine, spec = Engines(), ScriptedEngine(), EngineSpec(NEMO)
    first, second = engines.use(spec, lambda _: engine), engines.use(spec, lambda _: engine)
    assert first is second
    assert engines.loaded(spec) is None
    first.load()
    assert engines.loaded(spec) is second

    engines.leave(spec)
    assert engine.closes == 0
    engines.leave(spec)

    assert engine.closes == 1
    assert engines.loaded(spec) is None


def test_messages_with_results_of_tools_are_rendered() -> None:
    engine = ScriptedEngine(spoken("Yes."))
    call = ToolCall("call_1", "search", '{"q": "x"}')
    messages = (
        *PROMPT.messages,
        Message("assistant", "", tool_calls=(call,)),
        Message("tool", "Found.", tool_call_id="call_1"),
    )

    whole(chat_over(engine).stream(Prompt(messages)))

    sent = engine.bodies[0]["messages"]
    assert sent[3]["tool_call_id"] == sent[2]["tool_calls"][0]["id"]
    assert len(sent[3]["tool_call_id"]) == 9
