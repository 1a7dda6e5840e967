from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall
from rag.errors import ContextLengthError, InvalidReplyError, NotFoundError
from rag.prompts import token_cost
from rag.whole.prompts import CONDENSE, MERGE, READ_PART, SUMMARISE
from rag.whole.summaries import CUT_NOTES, NO_NOTES, READ_IN_PARTS
from tests.fakes import CARD, ScriptedChat
from tests.rag.desk import Desk
from tests.rag.whole.works import checked_answer, named, reader, tasks

MONTHS = [f"month {number}" for number in range(10)]
NARROW = replace(CARD, context_tokens=2_000)


def system(prompt: Prompt) -> str:
    return prompt.messages[0].content


class Noting(ScriptedChat):
    """Takes the same notes of every part, and says the same of all notes."""

    def __init__(self, notes: str) -> None:
        super().__init__(card=NARROW)
        self._notes = notes

    def stream(self, prompt: Prompt) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        self.prompts.append(prompt)
        return self._replay([self._notes if system(prompt) == READ_PART else "All boats [1]."])


def harbour(desk: Desk, lines: int = 80) -> str:
    """A long document; returns its name."""
    text = "\n\n".join(
        f"In {MONTHS[at % 10]} of year {at} the harbour held {100 + at} boats and all were glad."
        for at in range(lines)
    )
    return desk.add("harbour.txt", f"# The harbour\n\n{text}").name


def test_what_fits_is_read_and_summarised_at_once(desk: Desk) -> None:
    chat = ScriptedChat(["Nemo has 12 billion ", "parameters [1]. It cites nothing [7]."])
    events = list(tasks(desk, chat).summarise([named(desk, "nemo.txt")], "in one sentence"))
    answer = checked_answer(desk, events)

    (prompt,) = chat.prompts
    assert system(prompt) == SUMMARISE
    assert "Nemo has 12 billion parameters." in prompt.messages[1].content
    assert "The user wishes: in one sentence" in prompt.messages[1].content
    assert answer.text == "Nemo has 12 billion parameters [1]. It cites nothing."
    assert [each.quote.text for each in answer.citations] == ["Nemo has 12 billion parameters."]
    assert answer.question == "Summarise nemo.txt in one sentence"
    assert answer.usage is not None
    assert answer.usage.input_tokens == 10


def test_what_does_not_fit_is_read_in_parts_and_no_page_is_lost(desk: Desk) -> None:
    document = named(desk, harbour(desk))
    first = next(tasks(desk, ScriptedChat(card=NARROW)).summarise([document]))
    assert isinstance(first, ToolCall)
    assert first.name.startswith("read harbour.txt (1 of ")
    count = int(first.name.rstrip(")").rpartition(" ")[2])
    assert count > 1

    whole = ScriptedChat(
        *[[f"Part {n} tells of boats [1]."] for n in range(count)],
        [f"Boats were in the harbour [{count}][1]."],
        card=NARROW,
    )
    answer = checked_answer(desk, list(tasks(desk, whole).summarise([document])))
    reading, merging = whole.prompts[:-1], whole.prompts[-1]
    assert [system(prompt) for prompt in reading] == [READ_PART] * count
    assert system(merging) == MERGE
    read = "".join(prompt.messages[1].content for prompt in reading)
    assert all(f"held {100 + at} boats" in read for at in range(80))
    assert all(
        token_cost([message.content for message in prompt.messages], NARROW) <= 1_500
        for prompt in whole.prompts
    )
    assert f"Part {count - 1} tells of boats [{count}]." in merging.messages[1].content
    assert "[1]" in answer.text
    assert "[2]" in answer.text
    starts = {each.quote.start for each in answer.citations}
    assert len(starts) == 2
    assert "Read in" in answer.notice


class Lacking(ScriptedChat):
    """Takes notes of every part, save that the first are cut off and those of the second none."""

    def __init__(self, *odd: list[str | Finish]) -> None:
        super().__init__(card=NARROW)
        self._odd = list(odd)

    def stream(self, prompt: Prompt) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        self.prompts.append(prompt)
        if system(prompt) == READ_PART and self._odd:
            return self._replay(self._odd.pop(0))
        notes = "- There were many boats in the harbour [1]."
        return self._replay([notes if system(prompt) == READ_PART else "All boats [1]."])


HALF: list[str | Finish] = ["- There were many boats [1].\n- In ye", Finish(complete=False)]
NOTHING: list[str | Finish] = [" \n"]


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ([HALF], [CUT_NOTES]),
        ([NOTHING], [NO_NOTES]),
        ([[" ", Finish(complete=False)]], [NO_NOTES]),
        ([HALF, NOTHING], [CUT_NOTES, NO_NOTES]),
        ([HALF, HALF], [CUT_NOTES]),
    ],
)
def test_notes_that_were_cut_off_or_are_none_are_told(
    odd: list[list[str | Finish]], told: list[str], desk: Desk
) -> None:
    document = named(desk, harbour(desk))

    events = list(tasks(desk, Lacking(*odd)).summarise([document]))
    answer = checked_answer(desk, events)

    parts = "2 parts" if len(odd) > len(told) else "1 part"
    sentences = [sentence.format(parts=f"{parts} (harbour.txt)") for sentence in told]
    count = sum(isinstance(each, ToolCall) and each.name.startswith("read ") for each in events)
    assert answer.text == "All boats [1]."
    assert answer.notice == " ".join([READ_IN_PARTS.format(count=count), *sentences])
    assert not answer.complete


def test_notes_that_are_all_there_make_a_complete_summary(desk: Desk) -> None:
    answer = checked_answer(
        desk, list(tasks(desk, Lacking()).summarise([named(desk, harbour(desk))]))
    )

    assert answer.complete
    assert "notes of" not in answer.notice


def test_notes_that_do_not_fit_together_are_shortened_in_rounds(desk: Desk) -> None:
    document = named(desk, harbour(desk, 300))
    long_notes = "\n".join(f"- The harbour held boats in year {n} of many [1]." for n in range(25))

    chat = Noting(long_notes)
    answer = checked_answer(desk, list(tasks(desk, chat).summarise([document])))
    assert answer.text == "All boats [1]."
    assert all(
        token_cost([message.content for message in prompt.messages], NARROW) <= 1_500
        for prompt in chat.prompts
    )


class CutInShortening(Noting):
    """Is cut off whenever it shortens notes."""

    def __init__(self, notes: str, short: str = "All boats [1]. And") -> None:
        super().__init__(notes)
        self._short = short

    def stream(self, prompt: Prompt) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        if system(prompt) != CONDENSE:
            return super().stream(prompt)
        return self._replay([self._short, Finish(complete=False)])


def test_notes_that_were_cut_off_when_shortened_are_told(desk: Desk) -> None:
    document = named(desk, harbour(desk, 300))
    long_notes = "\n".join(f"- The harbour held boats in year {n} of many [1]." for n in range(25))

    chat = CutInShortening(long_notes)
    answer = checked_answer(desk, list(tasks(desk, chat).summarise([document])))

    assert not answer.complete
    assert "were cut off" in answer.notice


def test_notes_that_shortening_leaves_nothing_of_are_no_summary(desk: Desk) -> None:
    document = named(desk, harbour(desk, 200))
    long_notes = "\n".join(f"- The harbour held boats in year {n} of many [1]." for n in range(20))

    with pytest.raises(InvalidReplyError, match="nothing to say"):
        list(tasks(desk, CutInShortening(long_notes, " ")).summarise([document]))


def test_documents_of_a_set_are_named_to_the_model(desk: Desk) -> None:
    chat = ScriptedChat(["Models [1] and cheese [2]."])
    documents = [named(desk, "nemo.txt"), named(desk, "cheese.txt")]
    answer = checked_answer(desk, list(tasks(desk, chat).summarise(documents)))
    assert [each.quote.document.name for each in answer.citations] == ["nemo.txt", "cheese.txt"]
    assert "these 2 documents" in chat.prompts[0].messages[1].content


def test_a_model_that_reads_too_little_is_told_of(desk: Desk) -> None:
    chat = ScriptedChat(card=ModelCard("tiny", "here", 400))
    with pytest.raises(ContextLengthError, match="tiny reads 400 tokens"):
        list(tasks(desk, chat).summarise([named(desk, "nemo.txt")]))


def test_a_document_without_text_is_told_of(desk: Desk) -> None:
    document = desk.add("blank.txt", " \n")
    with pytest.raises(NotFoundError, match="no text"):
        list(tasks(desk, reader(desk)).summarise([document]))


@pytest.mark.parametrize("turn", [["Half", ScriptedChat.CUT], [" "]])
def test_a_reply_that_is_none_is_told_of(turn: list[str], desk: Desk) -> None:
    with pytest.raises(InvalidReplyError):
        list(tasks(desk, ScriptedChat(turn)).summarise([named(desk, "nemo.txt")]))


def test_the_reader_quotes(desk: Desk) -> None:
    events = list(tasks(desk, reader(desk)).summarise([named(desk, "mixtral.txt")]))
    answer = checked_answer(desk, events)
    assert answer.text.startswith("- “Mixtral 8x7B is a sparse mixture of experts.” [1]")
    assert "no language model wrote this" in answer.notice
    assert [claim.verdict for claim in answer.claims] == ["supported"] * len(answer.citations)


def test_the_reader_quotes_each_document_of_a_set_under_its_title(desk: Desk) -> None:
    documents = desk.catalog.documents(desk.library.id)
    answer = checked_answer(desk, list(tasks(desk, reader(desk)).summarise(documents)))
    for document in documents:
        assert f"**{document.title}**\n- “" in answer.text
    assert {each.quote.document.id for each in answer.citations} == {it.id for it in documents}
