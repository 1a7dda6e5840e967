from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.catalogue import Tokenizer
from rag.piece_tokens import count_pieces
from rag.token_families import count_for
from rag.tokens import count_tokens

TEXTS = st.lists(st.text(max_size=80), max_size=4)


def test_a_known_family_is_counted_exactly() -> None:
    texts = ["Hello, how are you?", "Bonjour à tous"]

    assert count_for(Tokenizer.TEKKEN, texts) == sum(count_tokens(texts)) == 10
    for family in (Tokenizer.V1, Tokenizer.V2, Tokenizer.V3, Tokenizer.V7):
        assert count_for(family, texts) == sum(count_pieces(texts)) == 10


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_an_unknown_family_takes_as_much_as_any_known_one(texts: list[str]) -> None:
    most = max(count_for(family, texts) for family in Tokenizer)

    assert count_for(Tokenizer.UNKNOWN, texts) == most
