import pytest

from rag.pieces import pieces_of, run_of


def keys(text: str) -> list[str]:
    return [each.key for each in pieces_of(text).words]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("inter-\nnational", "international"),
        ("INTER-\r\n  NATIONAL", "international"),
        ("inter\x02\r\nnational", "inter\u00adnational"),
        ("long-term", "long-\nterm"),
        ("oﬃce", "office"),
        ("e\u0301te\u0301", "été"),
        ("1,577", "1577"),
        ("12,9", "12.9"),
        ("to\0ken", "to\u200bken"),
    ],
)
def test_words_are_the_same_however_they_are_set(text: str, same: str) -> None:
    assert keys(text) == keys(same)


def test_a_piece_stands_where_it_says() -> None:
    text = "(The inter-\nnational price: $1,577.)"

    assert [text[span.start : span.end] for span in pieces_of(text).spans] == [
        "The",
        "inter-\nnational",
        "price",
        "1,577",
    ]


def test_small_words_and_denials_are_known() -> None:
    words = pieces_of("The pump does not start").words

    assert [each.small for each in words] == [True, False, True, True, False]
    assert [each.denying for each in words] == [False, False, False, True, False]


def test_only_whole_pieces_are_found() -> None:
    run = run_of(pieces_of("Hyperparameters of a model para meters of").words, small=True)

    assert run.find("parametersof") == [(4, 6)]
    assert run.find("parameter") == []
    assert run.find("") == []
