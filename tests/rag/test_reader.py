import pytest

from rag.domain import Finish, Prompt, Source, Span, TextDelta
from rag.evidence import Sentence, SentenceScorer
from rag.folding import flowing
from rag.providers.reader import EmbeddedReader, choose
from rag.store.words import Words
from rag.vocabulary import load_vocabulary
from tests.fakes import HashEmbedder, passage, sources
from tests.rag.desk import Desk


def said(question: str, shown: list[Source]) -> str:
    reader = EmbeddedReader(SentenceScorer(HashEmbedder(), Words()), load_vocabulary())
    items = list(reader.stream(Prompt((), question, tuple(shown))))
    assert items[-1] == Finish()
    return "".join(item.text for item in items if isinstance(item, TextDelta))


def measured(*scores: float, passages: tuple[int, ...] = ()) -> list[Sentence]:
    places = passages or (0,) * len(scores)
    return [
        Sentence(at, Span(0, 1), score, 0.0, 0.0, 0.0)
        for at, score in zip(places, scores, strict=True)
    ]


def test_it_is_a_model_that_quotes_and_needs_no_connection() -> None:
    reader = EmbeddedReader(SentenceScorer(HashEmbedder(), Words()), load_vocabulary())

    assert reader.connect() == reader.card
    assert not reader.card.instructable
    assert not reader.card.tools


def test_the_sentence_that_answers_is_quoted_under_its_number() -> None:
    shown = sources("Camembert is soft.", "Paris is large. Nemo has 12 bil\x02\nlion parameters.")

    assert said("How many parameters has Nemo?", shown) == "“Nemo has 12 billion parameters.” [2]"


def test_marks_of_lists_headings_and_tables_are_not_quoted() -> None:
    assert said("Nemo parameters", sources("- Nemo parameters: 12")) == (
        "“Nemo parameters: 12” [1]"
    )
    assert said("Nemo price", sources("| Nemo price | 0.15 |\n|---|---|")) == (
        "“Nemo price | 0.15” [1]"
    )


def test_a_documents_own_markers_are_no_markers_of_the_answer() -> None:
    assert said("Nemo parameters", sources("Nemo parameters are 12 [2], see [3].")) == (
        "“Nemo parameters are 12 (2), see (3).” [1]"
    )


def test_nothing_is_said_without_sources() -> None:
    assert said("How many?", []) == ""
    assert said("How many?", sources(" ")) == ""


def test_what_follows_a_question_answers_it() -> None:
    texts = ["How many experts are there?", "There are eight.", "Ducks can fly."]

    assert choose("?", measured(0.9, 0.1, 0.2), texts) == [1]


@pytest.mark.parametrize(
    "lead", ["## The experts", "The experts are these:", "2.1 The  Experts", "- The experts?"]
)
def test_what_follows_a_heading_or_a_colon_answers_it(lead: str) -> None:
    texts = [lead, "Eight of them.", "Ducks can fly."]

    assert choose("?", measured(0.9, 0.1, 0.2), texts, {"2.1 the experts"}) == [1]


def test_a_short_answer_is_quoted_with_the_question_before_it() -> None:
    text = "What does it cost to embed a thousand pages? About five cents. Ducks can fly."

    assert said("What does it cost to embed a thousand pages?", sources(text)) == (
        "“What does it cost to embed a thousand pages? About five cents.” [1]"
    )


@pytest.mark.parametrize(
    ("question", "lines", "quoted"),
    [
        (
            "What did two pairs of boots cost?",
            ("RECEIPT No. 40917", "Two pairs of boots 184.00 EUR", "Paid by card"),
            "Two pairs of boots 184.00 EUR",
        ),
        (
            "How wide is the south beam?",
            ("Survey of the mill", "South beam: 4.20 m wide, oak", "The roof is of slate"),
            "South beam: 4.20 m wide, oak",
        ),
    ],
)
def test_a_line_that_says_how_much_heads_nothing(
    question: str, lines: tuple[str, ...], quoted: str
) -> None:
    assert said(question, sources("\n\n".join(lines))).startswith(f"“{quoted}” [1]")


@pytest.mark.parametrize("head", ["Net sales 2023 EUR", "Months ended June: 2023, net sales"])
def test_a_heading_with_a_year_leads_on(head: str) -> None:
    assert choose("?", measured(0.9, 0.1, 0.2), [head, "Boats.", "Ducks can fly."]) == [1]


def test_a_caption_is_not_quoted_and_a_row_is() -> None:
    text = "Table 3. Memory of the Nemo models\n\nNemo memory 24 GB 12\nOther memory 48 GB 24"

    assert said("Nemo memory", sources(text)).startswith("“Nemo memory 24 GB 12” [1]")


def test_a_row_that_ends_in_a_word_is_quoted_and_no_other_row_in_its_place() -> None:
    text = "Employee | Desk | City\nAnna Kowalski | 14 | Gdansk\nPiet de Vries | 22 | Utrecht"

    assert said("In which city does Piet de Vries work?", sources(text)).splitlines() == [
        "“Employee | Desk | City”:",
        "",
        "“Piet de Vries | 22 | Utrecht” [1]",
    ]


@pytest.mark.parametrize(("mark", "border"), [("", " | "), ("> ", " | "), ("- ", " | "), ("", "|")])
def test_a_row_of_a_markdown_table_stands_below_its_head(mark: str, border: str) -> None:
    rows = ["Pot | Size | Price", "--- | :-: | ---:", "Urn | XL | 44.20", "Large jar | L | 31.00"]
    begin = "  " if mark == "- " else mark
    text = "".join(f"{begin if place else mark}| {row} |\n" for place, row in enumerate(rows))
    text = "Our prices.\n\n" + text.replace(" | ", border)

    assert said("What is the price of the large jar?", sources(text)).splitlines()[:3] == [
        f"“{border.join(('Pot', 'Size', 'Price'))}”:",
        "",
        f"“{border.join(('Large jar', 'L', '31.00'))}” [1]",
    ]


def test_the_rule_below_the_head_of_a_markdown_table_is_no_sentence() -> None:
    text = "| Pot | Price |\n| :-- | --: |\n| Urn | 44.20 |"

    found = SentenceScorer(HashEmbedder(), Words()).score("Urn?", [passage(text)])

    assert [text[each.span.start : each.span.end] for each in found] == [
        *("| Pot | Price |", "| Urn | 44.20 |")
    ]


def test_a_row_whose_words_are_asked_stands_below_the_head_that_has_the_others() -> None:
    head = (
        "Segment | Net sales 2023 | Net sales 2022 | Operating income 2023 | Operating income 2022"
    )
    text = f"{head}\nPaper | 410 | 420 | 41 | 42\nGlass | 510 | 520 | 51 | 52"

    assert said("What was the operating income of Glass in 2022?", sources(text)).splitlines() == [
        f"“{head}”:",
        "",
        "“Glass | 510 | 520 | 51 | 52” [1]",
    ]


def test_a_row_of_a_table_that_began_before_stands_below_its_head() -> None:
    found = passage("Paper | 410\nGlass | 510", heading=("2 Sales", "Segment | Net sales"))

    assert said("What did Glass sell?", [Source(1, found)]).splitlines() == [
        *("“Segment | Net sales”:", "", "“Glass | 510” [1]")
    ]


def test_a_head_without_a_row_that_is_asked_for_leads_to_the_first() -> None:
    text = "Room | Rent\nKitchen | 310\nStudio | 905"

    assert said("What is the rent?", sources(text)).splitlines() == [
        *("“Room | Rent”:", "", "“Kitchen | 310” [1]")
    ]


def test_a_row_without_its_last_cell_stands_below_its_head() -> None:
    head = "Department | 2022 Plan | 2022 Actual | 2023 Plan | 2023 Actual"
    text = f"Budget\n\n{head}\nSales | 410 | 432 | 450 |\nResearch | 880 | 902 | 940 |"
    question = "What was the actual budget of Research in 2022?"

    for written in (text, text.replace(" |\n", "\n").removesuffix(" |")):
        row = written.splitlines()[-1]
        assert said(question, sources(written)).splitlines() == [
            *(f"“{head}”:", "", f"“{row}” [1]")
        ]


def test_a_row_keeps_its_first_cell_when_it_is_empty() -> None:
    text = "Ship | Seats | Cargo | Built\n| 40 | ropes and oars |\nElba | 60 | rye | 1990"

    assert said("How many seats has the cargo of oars?", sources(text)).splitlines() == [
        *("“Ship | Seats | Cargo | Built”:", "", "“| 40 | ropes and oars |” [1]")
    ]


def test_no_head_of_another_table_is_quoted_beside_the_row_that_is_asked_for() -> None:
    asked = "Item | Kept for | Budget 2023 | Budget 2024\nLaptop | 4 years | 1,450 | 1,520\n"
    other = "Department | 2022 Plan | 2023 Budget\nSales | 410 | 450\nResearch | 880 | 940"

    asked += "Monitor | 6 years | 380 | 395"
    for place, shown in enumerate((sources(asked, other), sources(other, asked)), 1):
        assert said("What was the budget for a monitor in 2023?", shown).splitlines() == [
            "“Item | Kept for | Budget 2023 | Budget 2024”:",
            "",
            f"“Monitor | 6 years | 380 | 395” [{place}]",
        ]


def test_a_sibling_of_what_is_asked_is_not_quoted() -> None:
    text = "The weights of Mixtral 8x7B take 94 GB. The weights of Mixtral 8x22B take 282 GB."

    assert said("What do the weights of Mixtral 8x22B take?", sources(text)) == (
        "“The weights of Mixtral 8x22B take 282 GB.” [1]"
    )
    only = "The weights of Mixtral 8x7B take 94 GB."
    assert said("What do the weights of Mixtral 8x22B take?", sources(only)) == ""


def test_what_only_says_the_question_again_is_not_quoted() -> None:
    text = "FOOT LOCKER, INC.\n\nAda Byron leads Foot Locker as its president."

    assert said("Who is president of Foot Locker?", sources(text)) == (
        "“Ada Byron leads Foot Locker as its president.” [1]"
    )


def test_a_figure_answers_how_many() -> None:
    sentences, texts = measured(0.5, 0.5), ["Ducks can fly.", "There are 12 ducks."]

    assert choose("How many?", sentences, texts)[0] == 1
    assert choose("Why?", sentences, texts)[0] == 0


def test_a_heading_of_the_document_is_not_quoted() -> None:
    text = "2.1 Nemo parameters\n\nThere are 12 billion of them."
    found = passage(text, heading=("2 Models", "2.1 Nemo parameters"))

    assert said("Nemo parameters", [Source(1, found)]) == "“There are 12 billion of them.” [1]"


def test_the_question_of_another_passage_lends_nothing() -> None:
    texts = ["How many experts are there?", "Ducks can fly."]

    assert choose("?", measured(0.9, 0.0, passages=(0, 1)), texts) == []


def test_only_what_is_nearly_as_good_as_the_best_is_quoted_too() -> None:
    texts = ["Ducks fly.", "Geese swim.", "Cats sleep.", "Dogs bark.", "Frogs jump."]

    assert choose("?", measured(0.5, 0.9, 0.89, 0.88, 0.87), texts) == [1, 2, 3]
    assert choose("?", measured(0.5, 0.9, 0.1, 0.1, 0.1), texts) == [1]
    assert choose("?", measured(0.9, 0.9), texts[:2]) == [0, 1]
    assert choose("?", [], []) == []


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How many parameters has Nemo?", "nemo.txt"),
        ("Is Camembert a soft cheese from Normandy?", "cheese.txt"),
    ],
)
def test_its_answers_cite_the_words_they_quote(desk: Desk, question: str, name: str) -> None:
    answer = desk.reader().answer(question, desk.scope)

    citation = answer.citations[0]
    page = desk.catalog.page(citation.quote.document.id, citation.quote.page)
    assert citation.quote.document.name == name
    assert page.text[citation.quote.start : citation.quote.end] == citation.quote.text
    assert answer.text.startswith(f"“{flowing(citation.quote.text)}” [1]")
    assert answer.notice.startswith("Quoted from the documents")
    assert (answer.usage, answer.cost, answer.complete) == (None, None, True)


def test_a_quotation_with_quotation_marks_and_foreign_markers_opens_on_its_words(
    desk: Desk,
) -> None:
    text = "Before. The zebra said “stripes are not for sale at all” [2] to them. After."
    desk.add("zebra.txt", text)

    answer = desk.reader().answer("What did the zebra say about stripes for sale?", desk.scope)

    assert answer.text == ("“The zebra said “stripes are not for sale at all” (2) to them.” [1]")
    (citation,) = answer.citations
    assert citation.quote.text == ("The zebra said “stripes are not for sale at all” [2] to them.")


def test_a_passage_of_many_sentences_is_read_at_once() -> None:
    text = " ".join(f"Sentence {number} says that {number} ducks fly." for number in range(2000))

    assert "77 ducks" in said("How do 77 ducks fly?", [Source(1, passage(text))])


def test_what_documents_call_it_is_quoted() -> None:
    text = "Our people work well. Purchases of property, plant and equipment were 1,577."

    assert said("How much was the capex?", sources(text)).startswith("“Purchases of property")


CONTENTS = ["4.4 Deliveries 5", "4.4 Deliveries made ..... 12", "Deliveries .......... 5"]


@pytest.mark.parametrize(
    "head", ["July 3, 2022", "(MILLIONS)", "2023 2022", "31 décembre 2022", *CONTENTS]
)
def test_the_head_of_a_column_is_no_answer_but_what_follows_it_may_be(head: str) -> None:
    texts = [head, "Deliveries 41 43"]

    assert choose("Which deliveries were made?", measured(0.9, 0.3), texts) == [1]


def test_a_date_answers_when_a_date_is_asked_for() -> None:
    texts = ["July 3, 2022", "Deliveries 41 43"]

    assert choose("When was it delivered?", measured(0.9, 0.1), texts)[0] == 0


def test_the_last_line_of_a_passage_is_no_heading_however_short() -> None:
    passages = sources("Parking permit\nValid for bay 317 until 30 June", "We like permits.")

    assert said("When does the permit expire?", passages).startswith(
        "“Valid for bay 317 until 30 June” [1]"
    )


def test_lines_with_labels_are_quoted_one_by_one() -> None:
    lines = "server.name: Kestrel\nserver.port: 8443\nserver.owner: Ida Voss\nserver.place: Marl"

    assert said("Who is the owner of the server?", sources(lines)).startswith(
        "“server.owner: Ida Voss” [1]"
    )
