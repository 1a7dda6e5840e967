import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import MarkerReader, cite, disarmed, quote_for, without_markers
from rag.domain import Source, Span, Verdict
from tests.fakes import passage, sources

SOURCES = sources("Mixtral has 8 experts.", "Nemo has 12 billion parameters.", "Apache 2.0.")

PIECES = [
    *("Mixtral has 8 experts", ".", " ", "\n", "\n\n", "- ", "| "),
    *(" [1]", "[2]", "[3][1]", "[1, 2]", " [9]", "[2;3]", "[12]", "[2024]", "[0, 1]", "x[0]"),
    *("[1](u)", "[text](url)", "[", "]", "[1", "[ 1]", "(", "2", ",", " " * 12),
    *("[1-3]", "[2–9]", "[^1]", "[^", "[Source 2]", "[source: 1", "(Source 3)", "(sou", "【1†s】"),
    *("【2", "†L3】", "[S1]", "[S", "[1 and", " 2]", "¹", "²", "¹²", "say", "m", "“so”", "[12-14]"),
    *("`x[1]`", "``a`[2]``", "`", "```py\nx[1]\n```", "```", "~~~", "\n```\n", "[1,\n2]"),
]
KNOWN = [piece for piece in PIECES if "9" not in piece and "12" not in piece]
ANSWERS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def read(pieces: Iterable[str], known: Iterable[Source] = SOURCES) -> str:
    reader = MarkerReader()
    reader.offer(list(known))
    return "".join([*(reader.feed(piece) for piece in pieces), reader.rest()])


@given(ANSWERS, st.data())
def test_any_chunking_of_a_stream_gives_the_same_text(answer: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=30)))
    pieces = [
        answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)
    ]

    assert read(pieces) == read([answer]) == read(answer)


@given(st.lists(st.sampled_from(KNOWN), max_size=14).map("".join))
def test_every_citation_opens_on_exact_words_and_numbers_count_from_one(answer: str) -> None:
    reader = MarkerReader()
    reader.offer(SOURCES)
    text = reader.feed(answer) + reader.rest()

    citations = cite(text, reader.sources)

    mentioned = list(dict.fromkeys(citation.number for citation in citations))
    assert mentioned == list(range(1, len(mentioned) + 1))
    assert sorted(reader.sources) == mentioned
    for citation in citations:
        assert text[citation.marker.start : citation.marker.end] == f"[{citation.number}]"
        assert 0 <= citation.claim.start < citation.claim.end <= len(text)
        source = reader.sources[citation.number].passage
        quote = citation.quote
        assert source.text[quote.start : quote.end] == quote.text != ""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Twelve [2]. Eight [1].", "Twelve [1]. Eight [2]."),
        ("Both [2, 1].", "Both [1][2]."),
        ("Both [2; 1].", "Both [1][2]."),
        ("Both [2][1].", "Both [1][2]."),
        ("Twice [2][2, 2].", "Twice [1][1]."),
        ("Nobody said so [9].", "Nobody said so."),
        ("Nobody [8, 9] or [7][6].", "Nobody or."),
        ("One of them [9, 2].", "One of them [1]."),
        ("Zeros [02].", "Zeros [1]."),
        ("Before [2]. After.[2]", "Before [1]. After.[1]"),
        ("All [1-3].", "All [1][2][3]."),
        ("All [1–3] and [2—3].", "All [1][2][3] and [2][3]."),
        ("Some [3-8].", "Some [1]."),
        ("Some [1, 2-3].", "Some [1][2][3]."),
        ("Lenses【2】【3†source】 and【1†L3-L9】.", "Lenses[1][2] and[3]."),
        ("A note [^2][^9].", "A note [1]."),
        ("Named [Source 2], [source: 1] and [Sources 1 and 3].", "Named [1], [2] and [2][3]."),
        ("Named [Source 2, Source 3] [S1] [S2, S3].", "Named [1][2] [3] [1][2]."),
        ("Named (Source 2), (source: 3) and (Sources 1, 2).", "Named [1], [2] and [3][1]."),
        ("Nommé [Quelle 2] (Fuente 3) (source 9).", "Nommé [1] [2]."),
        ("Nemo【2】(2024) and (Source 2)(3).", "Nemo[1] (2024) and [1] (3)."),
        ("Raised² and “so”³ and on.¹", "Raised[1] and “so”[2] and on.[3]"),
        ("Raised¹² and this¹,² or that² ³.", "Raised[1][2] and this[1][2] or that[2][3]."),
    ],
)
def test_markers_are_renumbered_by_first_mention(said: str, shown: str) -> None:
    assert read([said]) == shown


@pytest.mark.parametrize(
    "said",
    [
        "In [2024] and [1234].",
        "The array [0, 1] and x[0].",
        "See [the guide](https://example.org) and [1](https://example.org).",
        "[a] [ ] [] [1.5] [1/2] [3-1] [the 2] [1 to 2]",
        "An interval [12-18] of [1-300] and a list (1) (2).",
        "A room of 12 m², 3 km², 4cm², 10³ units, CO², mc², x¹, sin²(x), 2² and s⁻¹.",
        "Watt¹⁴ of no source, ions Natr²⁺, ½ and (a+b)².",
        "(Sources of 2 kinds) (source) (Source 2022) [Source] 【note】",
        "Run `print(x[1])` twice.",
        "Run:\n```python\nx[1] = y[2]\n```\nDone.",
        "```\nx[1] and no end",
        "An unclosed [1",
    ],
)
def test_what_is_no_marker_stays_as_it_is(said: str) -> None:
    assert read([said]) == said
    assert cite(said, {source.number: source for source in SOURCES}) == ()


def test_markers_after_code_cite() -> None:
    assert read(["```\nx[1]\n``` [2]\n`y[1]` [3] a ` b [2]"]) == (
        "```\nx[1]\n``` [1]\n`y[1]` [2] a ` b [1]"
    )


def test_a_source_offered_later_can_be_cited() -> None:
    reader = MarkerReader()
    reader.offer(SOURCES[:1])
    early = reader.feed("No [2]. ")
    reader.offer(SOURCES[1:])

    assert early + reader.feed("Yes [2].") + reader.rest() == "No. Yes [1]."


def test_what_may_become_a_marker_is_held_back_and_nothing_else() -> None:
    reader = MarkerReader()
    reader.offer(SOURCES)

    assert reader.feed("Twelve [") == "Twelve"
    assert reader.feed("2") == ""
    assert reader.feed("] and") == " [1] and"


@pytest.mark.parametrize(
    ("answer", "claim"),
    [
        ("It is so. Mixtral has 8 experts [1].", "Mixtral has 8 experts [1]."),
        ("It is so. Mixtral has 8 experts. [1] It is.", "Mixtral has 8 experts."),
        ("It is so. Mixtral has 8 experts.[1] It is.", "Mixtral has 8 experts.[1]"),
        ("It is so.\n\nMixtral has 8 experts\n[1]", "Mixtral has 8 experts\n[1]"),
        ("It is so.\n- [1] Mixtral has 8 experts.", "- [1] Mixtral has 8 experts."),
        ("- It is so\n- Mixtral has 8 experts [1]", "- Mixtral has 8 experts [1]"),
        ("[1] Mixtral has 8 experts.", "[1] Mixtral has 8 experts."),
        ("| Model | Experts |\n|---|---|\n| Mixtral | 8 [1] |", "| Mixtral | 8 [1] |"),
    ],
)
def test_a_marker_belongs_to_the_sentence_it_ends(answer: str, claim: str) -> None:
    (citation,) = cite(answer, {1: SOURCES[0]})

    assert answer[citation.claim.start : citation.claim.end] == claim
    assert citation.quote.text.startswith("Mixtral has 8 experts")


def test_a_quote_is_an_exact_span_of_its_page() -> None:
    page = "A page begins. Nemo has 12 billion parameters. It ends."
    found = passage(page[15:], page=4, start=15)

    quote, verdict = quote_for("Nemo: 12 billion", found)

    assert page[quote.start : quote.end] == quote.text == "Nemo has 12 billion parameters."
    assert (quote.page, quote.label, quote.document) == (4, "4", found.document)
    assert verdict is None


def test_sources_of_no_marker_and_unknown_numbers_are_not_cited() -> None:
    assert cite("Mixtral [1] and [3].", {2: SOURCES[1]}) == ()


def test_a_documents_own_markers_are_disarmed() -> None:
    text = "As shown [3], see [1, 2].\n[4] Ignore. `x[1]` [2024]"

    assert disarmed(text) == "As shown (3), see (1, 2).\n(4) Ignore. `x[1]` [2024]"
    assert disarmed("So【1†a】[^2] (Source 3) [Source 1] and note¹² of 5 m².") == (
        "So(1)(2) (Source (3)) (Source (1)) and note⁽¹²⁾ of 5 m²."
    )


@given(ANSWERS)
def test_a_disarmed_text_cites_nothing(text: str) -> None:
    shown = disarmed(text)

    assert read([shown]) == shown


def test_two_figures_raised_are_one_number_where_there_is_such_a_source() -> None:
    assert read(["As said¹²."], sources(*["Mixtral has 8 experts."] * 12)) == "As said[1]."


def test_markers_are_taken_out() -> None:
    assert without_markers("Eight [1][2] or `x[1]` [3, 4].") == "Eight or `x[1]`."
    assert without_markers("Between [12-18] of 4 m² and so²") == "Between [12-18] of 4 m² and so²"


def test_the_marker_stands_where_it_says() -> None:
    (citation,) = cite("Eight experts [1].", {1: SOURCES[0]})

    assert citation.marker == Span(14, 17)


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "[",
        "[1",
        "1",
        "[1,",
        "`",
        "``` ",
        "[9]",
        "\n",
        "```\n",
        "a`b``c",
        "    [",
        "\t",
        "¹",
        "(so",
        "【1",
    ],
)
def test_a_megabyte_of_anything_is_read_fast(piece: str) -> None:
    text = piece * (1_000_000 // len(piece)) + "x"
    started = time.monotonic()

    assert read([text]) is not None
    without_markers(text)
    disarmed(text)

    assert time.monotonic() - started < 8


def test_a_long_stream_in_small_pieces_is_read_fast() -> None:
    text = "```\n" + "x[1] = `y`\n" * 1000 + "```\n" + "A word [1] and `code` here. " * 400
    started = time.monotonic()

    read(text[at : at + 4] for at in range(0, len(text), 4))

    assert time.monotonic() - started < 10


def test_a_claim_that_its_source_does_not_say_is_marked() -> None:
    found = passage("Nemo has 12 billion parameters. It was made with NVIDIA.")
    sources_shown = {1: Source(1, found)}

    said, invented = cite(
        "Nemo has 12 billion parameters [1]. Cheese ripens slowly [1].", sources_shown
    )

    assert (said.verdict, invented.verdict) == (None, Verdict.UNSUPPORTED)
