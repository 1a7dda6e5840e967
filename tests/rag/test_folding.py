import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.folding import encodable, flowing, fold, readable, typed

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x02\ufffe\u00ad\r\n\t -­‐–—ﬁﬂİßé\u0301\u200b“”’«´½…[]*_`ｆ"),
    )
)


@pytest.mark.parametrize(
    "broken",
    [
        "para\x02\r\nmeters",
        "para\ufffe\nmeters",
        "para\u00admeters",
        "para\u00ad\nmeters",
        "para-\nmeters",
        "para- \r\n  meters",
        "para\u200bmeters",
    ],
)
def test_words_broken_at_the_end_of_a_line_are_whole_again(broken: str) -> None:
    assert fold(broken).text == "parameters"


@pytest.mark.parametrize("broken", ["para\x02\r\nmeters", "para\ufffe\nmeters", "para-\nmeters"])
def test_readers_see_whole_words_too(broken: str) -> None:
    assert readable(broken) == "parameters"


@pytest.mark.parametrize("kept", ["well-known", "A-\nB", "2019-\n2020", "a -\n b"])
def test_other_hyphens_stay(kept: str) -> None:
    assert "-" in fold(kept).text
    assert "-" in readable(kept)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("eﬃcient ﬁles", "efficient files"),
        ("“Quoted” «words» ‘here’ it’s 5´", "\"quoted\" \"words\" 'here' it's 5'"),
        ("8‑bit – then — now −3", "8-bit - then - now -3"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Ａ１ ½ 3×4 …", "a1 1/2 3x4 ..."),
        ("too \t many\r\n\u00a0 spaces", "too many spaces"),
        ("as shown in [3]", "as shown in (3)"),
        ("¨a", " a"),
    ],
)
def test_what_reads_the_same_folds_to_the_same(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_accents_fold_alike_however_they_are_written() -> None:
    composed, decomposed = "Évaluées à Zürich", unicodedata.normalize("NFD", "Évaluées à Zürich")

    assert composed != decomposed
    assert fold(composed).text == fold(decomposed).text


def test_a_range_that_ends_in_an_accent_of_its_own_holds_it() -> None:
    text = "le cafe\u0301 noir"
    folded = fold(text)
    start = folded.text.index("cafe")

    first, end = folded.original(start, start + 4)

    assert text[first:end] == "cafe\u0301"


def test_a_range_that_ends_in_a_ligature_holds_it() -> None:
    folded = fold("an eﬃcient one")
    start = folded.text.index("ef")

    assert folded.original(start, start + 2) == (3, 5)


@given(TEXTS)
def test_offsets_lead_back_to_characters_that_fold_to_the_same(text: str) -> None:
    folded = fold(text)

    assert len(folded.text) == len(folded.offsets) == len(folded.ends)
    assert list(folded.offsets) == sorted(folded.offsets)
    assert all(start < end for start, end in zip(folded.offsets, folded.ends, strict=True))
    for letter, start in zip(folded.text, folded.offsets, strict=True):
        assert letter in fold(text[start]).text or letter == " "


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).text

    assert fold(once).text == once


@given(st.text(st.sampled_from("abc éß.,3"), min_size=1), st.data())
def test_a_range_of_the_folded_text_is_found_again_in_the_original(
    text: str, data: st.DataObject
) -> None:
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))

    first, last = folded.original(start, end)

    assert folded.text[start:end] in fold(text[first:last]).text


@given(TEXTS)
def test_flowing_text_is_one_line_of_single_spaces(text: str) -> None:
    flowed = flowing(text)

    assert flowed == " ".join(flowed.split())
    assert "\x02" not in flowed


@given(st.text(st.characters(exclude_categories=[])))
def test_encodable_text_can_be_encoded_and_keeps_its_length(text: str) -> None:
    mended = encodable(text)

    assert len(mended.encode("utf-8").decode("utf-8")) == len(text)


@pytest.mark.parametrize("piece", [" ", "a ", "\x02 ", "a-\n", "1", "[", "İ", "\r\n"])
def test_a_megabyte_of_anything_folds_fast(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    started = time.monotonic()

    fold(text)
    readable(text)
    flowing(text)

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\uf0b7 The fee is 14 euros", "The fee is 14 euros"),
        ("It is shut \uf0fc at nine\U000f0001.", "It is shut at nine ."),
        ("The ga\u200bte is \u206047\ufeff11", "The gate is 4711"),
        ("read \u202eback\u202c and \u2067there\u2069", "read back and there"),
    ],
)
def test_what_only_a_font_draws_or_nobody_sees_is_not_shown(text: str, shown: str) -> None:
    assert flowing(text) == shown
    assert fold(text).text.strip() == fold(shown).text


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d🚀", "ខ្មែរ\u200bភាសា", "שלום\u200f!"])
def test_what_joins_or_parts_the_signs_of_a_script_stays(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("How large is Mixtral 8×22B?", "How large is Mixtral 8x22B?"),
        ("What are 12×7 and 3 × 4m?", "What are 12×7 and 3 × 4m?"),
    ],
)
def test_names_are_read_as_they_are_typed(written: str, read: str) -> None:
    assert typed(written) == read


@pytest.mark.parametrize("hyphen", ["\x02\r\n", "\ufffe", "-\n", "- \r\n"])
@pytest.mark.parametrize(
    ("first", "second"),
    [("year", "over-year"), ("state-of", "the-art"), ("out-of", "pocket"), ("day", "to-day")],
)
def test_a_hyphen_of_the_word_s_own_stays_at_the_end_of_a_line(
    hyphen: str, first: str, second: str
) -> None:
    assert readable(f"{first}{hyphen}{second} growth") == f"{first}-{second} growth"


@pytest.mark.parametrize(("first", "second"), [("infor", "mation-based"), ("co", "operate")])
def test_a_word_that_a_line_breaks_is_whole_beside_other_hyphens(first: str, second: str) -> None:
    assert readable(f"{first}\x02\r\n{second}") == first + second
    assert readable("re\u00adover-year") == "reover-year"
