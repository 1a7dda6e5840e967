import pytest

from rag.domain import Answer, Manner
from rag.evidence import USUAL_BAR
from tests.fakes import ScriptedChat
from tests.rag.desk import Desk, answer_of


def test_a_question_may_lower_the_bar(desk: Desk) -> None:
    def asked(manner: Manner) -> Answer:
        chat = ScriptedChat(["Nemo has 12 billion parameters [1]."])
        question = "Who won the world cup?"
        return answer_of(list(desk.assistant(chat).ask(question, (), desk.scope, manner)))

    usual, lowered = asked(Manner()), asked(Manner(bar=0.0))

    assert usual.refused
    assert not lowered.refused
    assert usual.evidence == lowered.evidence
    assert 0 <= (usual.evidence or 0.0) < USUAL_BAR


@pytest.mark.parametrize("request_", ["Summarise these documents", "De quoi parle ce rapport ?"])
def test_a_request_about_the_whole_is_left_to_the_model(desk: Desk, request_: str) -> None:
    assert answer_of(desk.ask(ScriptedChat(["Nemo has 12 billion parameters [1]."]), request_)).text
    assert not answer_of(
        desk.ask(ScriptedChat(["Nemo has 12 billion parameters [1]."]), request_)
    ).refused
