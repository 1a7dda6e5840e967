from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Answer, Document, DocumentState, Passage, Span
from rag.errors import NotFoundError
from ui.conversation import Conversation, KeptConversations
from ui.viewer import view_nearest, view_passage

DOCUMENT = Document(
    *("d1", "l1", "guide.pdf", "A guide", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
KEY = "a" * 32


def passage(page: int, text: str) -> Passage:
    return Passage(DOCUMENT, page, str(page), 10, 10 + len(text), text, (), 1.0, (1,))


@pytest.fixture
def conversation() -> Conversation:
    found = (passage(2, "Boats. " * 200), passage(3, "Harbours."))
    answer = Answer("No.", "q", "reader", passages=found, nearest=found[1:], refused=True)
    turn = Conversation().asking("q").turns[0].after(answer)
    return Conversation((replace(turn, telling=(Span(1_298, 1_304), None)),))


def test_a_passage_is_viewed_where_it_stands(conversation: Conversation) -> None:
    view = view_passage(conversation, 0, 0)
    assert (view.document_id, view.page, view.passage) == ("d1", 2, Span(10, 1_410))
    assert [mark.span for mark in view.marks] == [Span(1_298, 1_304)]
    assert view.opened == view.marks[0]


def test_a_passage_without_a_telling_part_has_only_its_edge(conversation: Conversation) -> None:
    view = view_nearest(conversation, 0, 0)
    assert (view.page, view.passage) == (3, Span(10, 19))
    assert (view.marks, view.opened) == ((), None)


def test_a_kept_passage_is_viewed_whole(conversation: Conversation) -> None:
    kept = KeptConversations()
    kept.keep(KEY, conversation)
    assert view_passage(kept.find(KEY), 0, 0) == view_passage(conversation, 0, 0)
    answer = kept.find(KEY).turns[0].answer
    assert answer is not None
    assert answer.passages[0].text[1_288:1_294] == "Boats."  # what its line shows is there


@pytest.mark.parametrize(("turn", "index"), [(0, 2), (0, -1), (1, 0)])
def test_a_passage_that_is_gone_is_said(conversation: Conversation, turn: int, index: int) -> None:
    with pytest.raises(NotFoundError, match="gone"):
        view_passage(conversation, turn, index)
