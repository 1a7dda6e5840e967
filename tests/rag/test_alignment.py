import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.alignment import align
from rag.citations import disarmed

MIXTRAL = (
    "Mixtral 8x7B is a sparse mixture of experts. "
    "It has 46.7 billion parameters in all. "
    "For each token it uses 12.9 billion of them. "
    "The weights are under the Apache 2.0 licence."
)


def quoted(claim: str, passage: str) -> str:
    span = align(claim, passage).span
    return passage[span.start : span.end]


TEXTS = st.text(st.sampled_from('ab cD1.,!?\n\x02-“”"[]|*é\u0301ﬁ数量\u200b'), max_size=60)


@given(TEXTS, TEXTS)
def test_a_quote_lies_in_its_passage_and_is_never_empty(claim: str, passage: str) -> None:
    span = align(claim, passage).span

    assert 0 <= span.start <= span.end <= len(passage)
    assert span.start < span.end or not passage


def test_a_passage_that_shares_no_word_is_returned_whole_without_its_margins() -> None:
    assert quoted("Völlig anderes.", "  Twelve billion. Apache. \n") == "Twelve billion. Apache."


@pytest.mark.parametrize("passage", [" ", "\n\n", "\x02", "\u200b"])
def test_a_passage_without_words_is_still_something(passage: str) -> None:
    assert quoted("Any claim at all here.", passage) == passage


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("It uses 12.9 billion parameters for a token.", "For each token it uses 12.9 billion"),
        ("Il y a 46,7 milliards: 46.7 billion.", "It has 46.7 billion parameters in all."),
        ("Its licence is Apache.", "The weights are under the Apache 2.0 licence."),
    ],
)
def test_the_sentence_that_says_it_is_chosen(claim: str, quote: str) -> None:
    assert quoted(claim, MIXTRAL).startswith(quote)
    assert len(quoted(claim, MIXTRAL)) < 90


def test_the_sentence_with_the_figure_wins_over_one_with_the_same_words() -> None:
    passage = "The price of the small model fell. The price of the large model is 7.50 dollars."

    assert quoted("The price of the small model: 7.50 dollars", passage).endswith("7.50 dollars.")


def test_figures_are_the_same_with_and_without_separators() -> None:
    passage = "Sales were high in 2023. The total was 1,234,567 units. Nobody knows why."

    assert quoted("1234567 units in total", passage) == "The total was 1,234,567 units."


@pytest.mark.parametrize(
    "broken",
    [
        "each token it\r\nuses 12.9 billion of them",
        "each to\x02\r\nken it uses 12.9 bil\x02\nlion of them",
        "each  token it uses\u00a012.9 billion of them",
        "each TOKEN it uses 12.9 billion of them",
        "each token it uses **12.9** billion `of` them",
        "each to\u00adken it uses 12.9 billion of them",
    ],
)
def test_words_quoted_verbatim_are_found_however_they_are_set(broken: str) -> None:
    passage = f"Nothing here says it. For {broken}, as measured. Nothing there either."

    assert quoted("“each token it uses 12.9 billion of them”", passage) == broken


@pytest.mark.parametrize(
    "claim",
    [
        "FOR EACH TO-\nKEN IT USES 12.9 BIL\u00ad\nLION OF THEM.",
        "each token uses 12.9 billion",
        "For   each token\nit uses\u00a012.9 bil- \n lion of them",
        "token uses 12.9 bil\x02\r\nlion",
    ],
)
def test_words_that_were_set_otherwise_or_lost_small_ones_are_found(claim: str) -> None:
    assert quoted(claim, MIXTRAL).rstrip(".") in (
        "For each token it uses 12.9 billion of them",
        "uses 12.9 billion",
    )


def test_ligatures_are_the_letters_they_join() -> None:
    passage = "Before. The oﬃce ﬁled its ﬁnal report on the ﬂood. After."

    assert quoted("office filed final report on flood", passage) == (
        "The oﬃce ﬁled its ﬁnal report on the ﬂood."
    )


def test_of_two_sentences_the_one_that_denies_as_much_is_found() -> None:
    passage = "The pump does start in the cold. The pump does not start in the cold."

    assert quoted("pump not start cold", passage) == "The pump does not start in the cold."
    assert quoted("pump start cold", passage) == "The pump does start in the cold."


def test_a_short_row_is_found_among_its_likes() -> None:
    passage = "Net sales 5,000 4,000\nTotal net sales 6,000 5,000\nNet sales 5,000 4,500\n"

    assert quoted("NET SALES 5,000 4,500", passage) == "Net sales 5,000 4,500"
    assert quoted("Net sales $5,000 $4,000", passage) == "Net sales 5,000 4,000"


def test_signs_around_the_words_belong_to_the_quote() -> None:
    passage = "Cost | $5,000 | $4,000\nof it (all) is 12 % (or so). More."

    assert quoted("of it (all) is 12 % (or so)", passage) == "of it (all) is 12 % (or so)"
    assert quoted("$5,000 | $4,000 of it (all", passage) == "$5,000 | $4,000\nof it (all"


def test_strength_tells_how_well_a_claim_is_said() -> None:
    same = align("It has 46.7 billion parameters in all.", MIXTRAL)
    near = align("46.7 billion parameters make it large.", MIXTRAL)
    none = align("Völlig anderes.", MIXTRAL)

    assert same.strength == 1.0
    assert 0.45 < near.strength < 1.0
    assert (none.strength, none.found) == (0.0, False)


def test_twenty_claims_are_aligned_with_eight_passages_fast() -> None:
    sentence = "In {0} the company of town {1} sold {2} units of product {3} to its customers."
    claims = [sentence.format(2000 + n, n * 7, n * 131, n) for n in range(20)]
    passages = [
        " ".join(sentence.format(2000 + n, n * 7 + k, n * 131, n) for n in range(20))
        for k in range(8)
    ]
    started = time.process_time()

    for claim in claims:
        for passage in passages:
            align(claim.replace("units", "pieces"), passage)

    assert time.process_time() - started < 0.2  # some 0.02 s, and slower machines


def test_a_quotation_inside_a_claim_is_found() -> None:
    passage = f"A preface. {MIXTRAL}"

    assert (
        quoted('The guide says "it uses 12.9 billion of them" on this.', passage)
        == "it uses 12.9 billion of them"
    )


def test_a_whole_claim_with_a_quotation_inside_is_found_whole() -> None:
    passage = "Before. He told them “there is no such thing at all” and left them. After."

    assert quoted('He told them "there is no such thing at all" and left them', passage) == (
        "He told them “there is no such thing at all” and left them"
    )


@pytest.mark.parametrize(
    "passage",
    [
        "The number of experts is 128.",
        "The number of experts is 12.5.",
        "The number of experts is 12,500.",
    ],
)
def test_a_quote_never_cuts_a_figure(passage: str) -> None:
    assert quoted("The number of experts is 12.", passage) == passage


def test_a_quote_never_cuts_a_word() -> None:
    passage = "Hyperparameters of the model are tuned."

    assert quoted("parameters of the model are tuned", passage) == passage


def test_a_row_of_a_table_is_quoted_alone() -> None:
    passage = (
        "Model Input Output\n"
        "mistral-small 0.15 0.60\n"
        "mistral-medium 1.50 7.50\n"
        "mistral-large 0.50 1.50\n"
    )

    assert quoted("mistral-medium costs 7.50 dollars for output.", passage) == (
        "mistral-medium 1.50 7.50"
    )


def test_a_row_of_a_markdown_table_is_quoted_alone() -> None:
    passage = "| Model | Context |\n|---|---|\n| **Small** | 256k |\n| **Codestral** | 128k |"

    assert quoted("Codestral reads 128k tokens", passage) == "| **Codestral** | 128k |"


def test_two_neighbouring_sentences_may_be_one_quote() -> None:
    passage = (
        "Paris is large. Nemo came out in July 2024. NVIDIA built it with Mistral. Ducks can fly."
    )

    assert quoted("Nemo came out in July 2024 and NVIDIA built it with Mistral", passage) == (
        "Nemo came out in July 2024. NVIDIA built it with Mistral."
    )


def test_scripts_without_spaces_are_aligned_too() -> None:
    passage = "東京は日本の首都です。大阪の人口は約二百七十万人です。京都は古い都です。"

    assert quoted("大阪には二百七十万人の人口がある", passage) == "大阪の人口は約二百七十万人です。"


def test_the_same_claim_has_always_the_same_quote() -> None:
    passage = " ".join(f"Alpha beta gamma delta epsilon {n % 3}." for n in range(20))

    assert len({align("beta gamma 1 alpha", passage) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("claim", "quoted"),
    [
        ("Reading with Mistral Small costs $0.15", "| mistral-small | $0.15 | $0.60 |"),
        ("The price of an embedding is ten cents", "The price of embeddings is $0.10."),
    ],
)
def test_a_rule_or_a_divider_belongs_to_no_quote(claim: str, quoted: str) -> None:
    passage = (
        "| model | read | written |\n|---|---|---|\n| mistral-small | $0.15 | $0.60 |\n\n***\n\n"
        "The price of embeddings is $0.10."
    )
    span = align(claim, passage).span

    assert passage[span.start : span.end] == quoted


def test_a_decimal_comma_is_a_decimal_point() -> None:
    passage = "Ducks fly. It uses 12.9 billion of 46.7 billion parameters. Geese swim."
    found = align("Il en utilise 12,9 milliards.", passage)

    assert passage[found.span.start : found.span.end].startswith("It uses 12.9")
    assert found.found


def test_what_shares_few_words_is_found_by_meaning() -> None:
    passage = "Ducks can fly over the sea. The canard vole haut."

    def nearest(claim: str, texts: Sequence[str]) -> tuple[int, float]:
        return texts.index("The canard vole haut."), similarity

    similarity = 0.8
    near = align("A mallard is airborne", passage, nearest)
    assert passage[near.span.start : near.span.end] == "The canard vole haut."
    assert near.found
    similarity = 0.1
    assert not align("A mallard is airborne", passage, nearest).found


@pytest.mark.parametrize("mark", ["¹", "⁽¹⁾", "¹²"])
@pytest.mark.parametrize("before", ["", "Wolves\n\n"])
@pytest.mark.parametrize("after", ["", " They hunt at night.", "\n¹ Counted by hand."])
def test_a_quote_that_ends_in_a_raised_mark_is_the_sentence(
    mark: str, before: str, after: str
) -> None:
    sentence = f"The wolves of Gorm number 31 in winter{mark}."
    passage = before + sentence + after
    quote = disarmed(f"“{sentence}”")
    found = align(quote, passage)
    assert passage[found.span.start : found.span.end] == sentence
    assert found.strength == 1.0


def test_a_quote_with_a_raised_mark_within_is_the_sentence() -> None:
    sentence = "The crane² of the harbour is 2.4 m long."
    passage = f"Cranes\n\n{sentence} It is red."
    found = align(disarmed(f"“{sentence}”"), passage)
    assert passage[found.span.start : found.span.end] == sentence
