import pytest

from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec
from rag.errors import ContextLengthError, InvalidReplyError
from rag.providers.abilities import Abilities, abilities_of
from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.loopback import LoopbackServer, Say, Status, listed_model, mistral_error, vllm_error

SYSTEM = (Message("system", "Be brief."), Message("user", "How many?"))
OFFERED = Prompt(SYSTEM, tools=(ToolSpec("search", "Search.", {"type": "object"}),))
CHATS = "/v1/chat/completions"


def connected(server: LoopbackServer) -> OpenAiCompatibleChat:
    waits: list[float] = []
    return OpenAiCompatibleChat(
        server.url,
        model=None,
        api_key=None,
        context_tokens=None,
        timeout_seconds=5,
        sleep=waits.append,
    )


@pytest.mark.parametrize(
    ("model", "tools", "system"),
    [
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", False, False),
        ("mixtral-8x7b-instruct-v0.1.Q4_K_M.gguf", False, False),
        ("mistralai/Mistral-7B-Instruct-v0.2", False, False),
        ("mistralai/Mistral-7B-Instruct-v0.1", False, False),
        ("mistralai/Mistral-7B-Instruct-v0.3", True, True),
        ("mistralai/Mixtral-8x22B-Instruct-v0.1", True, True),
        ("mistralai/Mistral-Nemo-Instruct-2407", True, True),
        ("somebody/entirely-new", True, True),
    ],
)
def test_a_name_tells_what_to_expect(model: str, tools: bool, system: bool) -> None:
    assert abilities_of(model) == Abilities(tools=tools, system=system)


@pytest.mark.parametrize(
    "refusal",
    [
        Status(400, vllm_error('"auto" tool choice requires --enable-auto-tool-choice')),
        Status(400, vllm_error("registry.ollama.ai/library/phi does not support tools")),
        Status(500, vllm_error("tools param requires --jinja flag", 500, "server_error")),
        Status(400, vllm_error("Tools not implemented for tokenizer V1")),
        Status(500, vllm_error("tool_choice param requires --jinja flag", 500, "server_error")),
        Status(422, {"detail": [{"loc": ["body", "tools"], "msg": "tools: Extra inputs"}]}),
    ],
    ids=["vllm", "ollama", "llama.cpp", "first tokenizer", "llama.cpp choice", "strict"],
)
def test_refused_tools_are_not_sent_again(refusal: Status) -> None:
    with LoopbackServer(chat=[refusal, Say("Twelve."), Say("Yes.")]) as server:
        chat = connected(server)
        first = list(chat.stream(OFFERED))
        list(chat.stream(OFFERED))

    sent = [request.body for request in server.asked(CHATS)]
    assert first[:-1] == [TextDelta("Twelve.")]
    assert ["tools" in body for body in sent] == [True, False, False]
    assert ["response_format" in body for body in sent] == [False, True, False]
    assert chat.abilities == Abilities(tools=False, schema=False)


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "search", "arguments": {"q": "x"}}]',
        '[TOOL_CALLS][{"name": "search", "arguments": {"q": "x"}, "id": "abcdefghi"}]',
        'search{"q": "x"}',
        'search[ARGS]{"q": "x"}',
    ],
)
def test_calls_that_a_server_leaves_in_the_text_are_taken_out_of_it(text: str) -> None:
    with LoopbackServer(chat=[Say(text), Say("Twelve.")]) as server:
        chat = connected(server)
        items = list(chat.stream(OFFERED))
        list(chat.stream(OFFERED))

    (called,) = [item for item in items if isinstance(item, ToolCall)]
    assert (called.name, called.arguments) == ("search", '{"q": "x"}')
    assert not any(isinstance(item, TextDelta) for item in items)
    assert ["tools" in request.body for request in server.asked(CHATS)] == [True, False]


def test_a_broken_call_in_the_text_is_asked_for_in_words() -> None:
    replies = [Say('[{"name": "search", "arguments": {"q" "x"}}]'), Say("Twelve.")]
    with LoopbackServer(chat=replies) as server:
        items = list(connected(server).stream(OFFERED))

    assert items[:-1] == [TextDelta("Twelve.")]
    assert ["tools" in request.body for request in server.asked(CHATS)] == [True, False]


@pytest.mark.parametrize(
    "said",
    [
        "Internal error: EngineCore died while running the tool parser",
        "out of memory for the system prompt's grammar, response_format and include_usage",
        "function call failed: schema worker is gone",
    ],
)
def test_a_fault_that_passes_takes_nothing_away(said: str) -> None:
    fault = Status(500, vllm_error(said, 500, "server_error"))
    with LoopbackServer(chat=[fault, Say("Twelve.")]) as server:
        chat = connected(server)
        items = list(chat.stream(OFFERED))

    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "Twelve."
    assert ["tools" in request.body for request in server.asked(CHATS)] == [True, True]
    assert chat.abilities == Abilities()


@pytest.mark.parametrize(
    "text", ['{"answer": true}', '{"tool": "search", "arguments": {"q": "quoted"}}']
)
def test_a_reply_without_a_call_is_asked_for_again_and_takes_no_tools_away(text: str) -> None:
    quoting = Message("user", 'What does {"tool": "search", "arguments": {"q": "quoted"}} do?')
    prompt = Prompt((SYSTEM[0], quoting), tools=OFFERED.tools)
    with LoopbackServer(chat=[Say(text), Say("Twelve."), Say("Yes.")]) as server:
        chat = connected(server)
        first = list(chat.stream(prompt))
        list(chat.stream(prompt))

    assert first[:-1] == [TextDelta("Twelve.")]
    assert chat.abilities.tools
    assert ["tools" in request.body for request in server.asked(CHATS)] == [True, False, True]


def test_a_call_after_the_tools_were_withdrawn_is_neither_run_nor_shown() -> None:
    called = Message("assistant", "", tool_calls=(ToolCall("abcdefghi", "search", "{}"),))
    result = Message("tool", "Found.", tool_call_id="abcdefghi")
    replies = [Say('[{"name": "search", "arguments": {}}]'), Say("Twelve.")]
    with LoopbackServer(chat=replies) as server:
        chat = connected(server)
        items = list(chat.stream(Prompt((*SYSTEM, called, result))))

    assert items[:-1] == [TextDelta("Twelve.")]
    assert chat.abilities == Abilities()


def test_a_refused_system_message_goes_into_the_first_turn() -> None:
    refusal = Status(400, vllm_error("Only user and assistant roles are supported!"))
    with LoopbackServer(chat=[refusal]) as server:
        chat = connected(server)
        items = list(chat.stream(Prompt(SYSTEM)))

    first, again = (request.body["messages"] for request in server.asked(CHATS))
    assert [message["role"] for message in first] == ["system", "user"]
    assert again == [{"role": "user", "content": "Be brief.\n\nHow many?"}]
    assert isinstance(items[-1], Finish)


def test_a_model_without_a_system_role_is_never_sent_one() -> None:
    served = [listed_model("mistralai/Mistral-7B-Instruct-v0.2")]
    with LoopbackServer(served=served) as server:
        list(connected(server).stream(Prompt(SYSTEM)))

    assert server.asked(CHATS)[0].body["messages"] == [
        {"role": "user", "content": "Be brief.\n\nHow many?"}
    ]


def test_another_refusal_stays_one() -> None:
    refusal = Status(400, mistral_error("temperature must be positive"))
    with LoopbackServer(chat=[refusal]) as server:
        chat = connected(server)
        with pytest.raises(InvalidReplyError, match="temperature must be positive"):
            list(chat.stream(OFFERED))

    assert len(server.asked(CHATS)) == 1
    assert chat.abilities == Abilities()


def test_a_prompt_that_is_too_long_for_its_tools_is_too_long() -> None:
    said = "maximum context length is 2048 tokens, and the tools alone take 4004"
    refusals = [Status(400, vllm_error(said))]
    with LoopbackServer(chat=refusals) as server, pytest.raises(ContextLengthError):
        list(connected(server).stream(OFFERED))

    assert len(server.asked(CHATS)) == 1


def test_a_server_that_refuses_whatever_it_is_sent_is_believed() -> None:
    refusals = [Status(400, vllm_error("no system message, no tools, no schema"))] * 5
    with LoopbackServer(chat=refusals) as server, pytest.raises(InvalidReplyError):
        list(connected(server).stream(OFFERED))

    assert len(server.asked(CHATS)) <= 4
