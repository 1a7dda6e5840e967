from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from rag.domain import Finish, Verdict
from rag.errors import RateLimitError
from rag.protocols import ChatModel
from rag.whole.extraction import Extraction, Found
from rag.whole.schemas import read_schema
from rag.whole.tasks import drained
from tests.fakes import Item, ScriptedChat
from tests.rag.desk import Desk
from tests.rag.whole.works import checked_answer, named, reader, reply, said, tasks

PARAMETERS = {"type": "number", "description": "number of parameters in billions"}
QUOTE = "Nemo has 12 billion parameters."


def form(properties: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties}


def extract(
    desk: Desk, chat: ChatModel, properties: dict[str, object], name: str = "nemo.txt"
) -> Extraction:
    events: list[object] = []
    document = named(desk, name)
    answer, extraction = drained(
        tasks(desk, chat).extract(document, read_schema(form(properties))), events.append
    )
    checked_answer(desk, [*events[:-1], answer])  # type: ignore[list-item]
    return extraction


def one(extraction: Extraction, name: str = "parameters") -> Found:
    found = extraction.fields[name]
    assert isinstance(found, Found)
    return found


def test_a_value_comes_with_the_exact_words_that_say_it(desk: Desk) -> None:
    chat = ScriptedChat(reply(said(12, "nemo has 12  billion parameters")))
    found = one(extract(desk, chat, {"parameters": PARAMETERS}))
    assert (found.value, found.verdict, found.reason) == (12, Verdict.SUPPORTED, "")
    assert found.quote is not None
    assert found.quote.text == "Nemo has 12 billion parameters"
    (prompt,) = chat.prompts
    assert "parameters: number of parameters in billions" in prompt.messages[1].content


def test_json_may_stand_in_a_fence_between_words(desk: Desk) -> None:
    fenced = f"Here it is:\n```json\n{json.dumps(said(12, QUOTE))}\n```\nDone."
    assert one(extract(desk, ScriptedChat([fenced]), {"parameters": PARAMETERS})).value == 12


def test_what_is_not_said_is_null_with_the_models_reason(desk: Desk) -> None:
    chat = ScriptedChat(reply({"value": None, "reason": "no price is named"}))
    found = one(extract(desk, chat, {"parameters": PARAMETERS}))
    assert (found.value, found.quote, found.reason) == (None, None, "no price is named")
    assert not found.failed


BAD: list[Sequence[str]] = [
    ["I think it is 12."],
    ['{"value": 12, '],
    reply([1, 2]),
    reply(said("twelve", QUOTE)),
    reply(said(12, "Nemo has a dozen billions of weights, give or take.")),
    reply(said(13, QUOTE)),
    reply({"value": 12}),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_reply_that_cannot_be_used_may_be_mended_once(bad: Sequence[str], desk: Desk) -> None:
    chat = ScriptedChat(bad, reply(said(12, QUOTE)))
    found = one(extract(desk, chat, {"parameters": PARAMETERS}))
    assert (found.value, found.verdict) == (12, Verdict.SUPPORTED)
    *_, before, told = chat.prompts[1].messages
    assert before.role == "assistant"
    assert told.content.endswith("Reply again, with the JSON alone.")


def test_a_reply_that_was_cut_is_asked_for_again_shorter(desk: Desk) -> None:
    cut: list[Item] = ['{"value": 12, "quo', Finish(complete=False)]
    chat = ScriptedChat(cut, reply(said(12, QUOTE)))
    assert one(extract(desk, chat, {"parameters": PARAMETERS})).value == 12
    assert "cut off: give less" in chat.prompts[1].messages[-1].content


@pytest.mark.parametrize("bad", BAD)
def test_what_is_wrong_twice_leaves_that_field_alone_empty(bad: Sequence[str], desk: Desk) -> None:
    chat = ScriptedChat(bad, bad, reply(said("NVIDIA", "together with NVIDIA")))
    extraction = extract(desk, chat, {"parameters": PARAMETERS, "partner": {"type": "string"}})
    found = one(extraction)
    assert (found.value, found.quote) == (None, None)
    assert found.reason
    assert one(extraction, "partner").value == "NVIDIA"
    assert extraction.values == {"parameters": None, "partner": "NVIDIA"}


def test_a_server_that_fails_ends_the_whole(desk: Desk) -> None:
    with pytest.raises(RateLimitError):
        extract(desk, ScriptedChat([RateLimitError("Wait.")]), {"parameters": PARAMETERS})


def test_objects_are_asked_field_by_field_and_lists_at_once(desk: Desk) -> None:
    model = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "size": {"type": "number"}},
    }
    chat = ScriptedChat(
        reply(said("Mixtral 8x7B", "Mixtral 8x7B is a sparse mixture")),
        reply(said(46.7, "46.7 billion parameters")),
        reply(
            {
                "sizes": [
                    {"name": said("Mixtral", "Mixtral 8x7B"), "size": said(12.9, "12.9 billion")},
                    {"name": said("Mixtral", "Mixtral 8x7B")},
                    {"name": {"value": None}, "size": {"value": None}},
                ]
            }
        ),
    )
    extraction = extract(
        desk, chat, {"model": model, "sizes": {"type": "array", "items": model}}, "mixtral.txt"
    )
    assert extraction.values == {
        "model": {"name": "Mixtral 8x7B", "size": 46.7},
        "sizes": [{"name": "Mixtral", "size": 12.9}, {"name": "Mixtral", "size": None}],
    }
    assert [label for label, _ in extraction.leaves] == [
        "model, name",
        "model, size",
        "sizes 1, name",
        "sizes 1, size",
        "sizes 2, name",
        "sizes 2, size",
    ]


def test_of_a_long_document_passages_are_found_for_each_field(desk: Desk) -> None:
    filler = "\n\n".join(f"Line {at} speaks of the weather and the wind." for at in range(600))
    desk.add("long.txt", f"{filler}\n\nThe keel weighs 412 tons.\n\n{filler}")
    chat = ScriptedChat(reply(said(412, "The keel weighs 412 tons.")))
    weight = {"type": "number", "description": "weight of the keel in tons"}
    assert one(extract(desk, chat, {"weight": weight}, "long.txt"), "weight").value == 412
    assert len(chat.prompts[0].messages[1].content) < 12_000


def test_the_reader_picks_values_and_says_so(desk: Desk) -> None:
    extraction = extract(
        desk,
        reader(desk),
        {
            "parameters": {"type": "number", "description": "How many parameters does Nemo have"},
            "price": {"type": "number", "description": "yearly subscription fee of the museum"},
            "partners": {"type": "array", "items": {"type": "string"}},
        },
    )
    found = one(extraction)
    assert (found.value, found.verdict) == (12_000_000_000, Verdict.PARTLY)
    assert found.quote is not None
    assert found.quote.text == QUOTE
    assert "without a language model" in found.reason
    assert one(extraction, "price").value is None
    assert one(extraction, "price").reason == "the document does not say it"
    assert "takes a language model" in one(extraction, "partners").reason
