from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rag.domain import (
    Answer,
    Citation,
    Claim,
    Disagreement,
    Document,
    DocumentState,
    Manner,
    ModelCard,
    Quote,
    Span,
    Verdict,
)
from rag.errors import NotFoundError
from ui.checking import summary
from ui.conversation import Conversation, Turn
from ui.references import references
from ui.thread import render_thread
from ui.viewer import view_citation

DOCUMENT = Document(
    *("d1", "l1", "guide.pdf", "A <guide>", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
NOTES = replace(DOCUMENT, id="d2", name="notes.md", title="", paginated=False)
MODEL, READER = ModelCard("small", "here", 8_000), ModelCard("reader", "here", 8_000, False)
BUILT = Quote(DOCUMENT, 2, "iv", 0, 17, "It was <built> in\n2022.")
HOLDS = Quote(NOTES, 1, "", 20, 40, "It holds forty boats.")
FEW = Quote(DOCUMENT, 3, "v", 0, 17, "It holds nine boats.")
TEXT = "It was built in 2021 [1]. It holds forty boats. The mayor is glad."
CLAIMS = (
    Claim(Span(0, 25), Verdict.UNSUPPORTED, "the source says <2022>, not 2021", (BUILT,), (1,)),
    Claim(Span(26, 47), Verdict.SUPPORTED, "the answer names no source", (HOLDS,), (), False),
    Claim(Span(48, 66), Verdict.UNCITED, "the answer names no source for this", (), (), False),
)
CITED = Citation(1, Span(21, 24), Span(0, 25), BUILT, Verdict.UNSUPPORTED)
ANSWER = Answer(TEXT, "q", "small", (CITED,), claims=CLAIMS)


def turn_of(answer: Answer = ANSWER, card: ModelCard = MODEL) -> Turn:
    asked = Conversation().asking("q").turns[0].after(answer)
    return replace(asked, card=card)


def html_of(answer: Answer = ANSWER, card: ModelCard = MODEL) -> str:
    return "".join(render_thread(Conversation((turn_of(answer, card),))))


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def claims_of(*verdicts: Verdict) -> list[Claim]:
    return [Claim(Span(0, 1), verdict) for verdict in verdicts]


S, P, U = Verdict.SUPPORTED, Verdict.PARTLY, Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([S] * 7 + [U], "7 of 8 statements backed"),
        ([S] * 8, "All 8 statements backed"),
        ([U, P], "None of 2 statements backed"),
        ([S], "1 statement, backed"),
        ([P], "1 statement, partly backed"),
        ([U], "1 statement, not backed"),
    ],
)
def test_the_badge_counts_what_is_backed(verdicts: list[Verdict], said: str) -> None:
    assert summary(claims_of(*verdicts)) == said


def test_statements_that_are_not_backed_are_marked_and_say_why() -> None:
    html = html_of()
    answer = html.split('<div class="a">')[1].split("</div>")[0]
    assert re.findall(r'class="said (\w+)"[^>]*>([^<]+)<', answer) == [
        ("unsupported", "It was built in 2021"),
        ("uncited", "The mayor is glad"),
    ]
    assert "(not backed: the source says &lt;2022&gt;, not 2021)" in answer
    assert words_of(answer).startswith("It was built in 2021 (not backed")


def test_what_no_source_was_named_for_has_a_chip_of_another_kind() -> None:
    chip = re.search(r'forty boats\.<a class="cite found" href="#cite-0-1"[^>]+>a</a>', html_of())
    assert chip is not None
    assert 'aria-label="Found in notes.md: the answer names no source"' in chip.group()


def test_the_badge_unfolds_every_statement() -> None:
    html = html_of()
    badge = html.split('<button type="button" class="badge doubt"')[1].split("</button>")[0]
    assert 'data-unfolds="checked-0" aria-expanded="false"' in badge
    assert words_of(badge).endswith("1 of 3 statements backed")
    fold = html.split('id="checked-0"')[1].split("</ol>")[0]
    rows = [words_of(row.split(">", 1)[1]) for row in fold.split("<li ")[1:]]
    assert rows == [
        "Not backed It was built in 2021. The source says &lt;2022&gt;, not 2021. "
        "It was &lt;built&gt; in 2022. A &lt;guide&gt;, page iv",
        "Backed It holds forty boats. The answer names no source. It holds forty boats. notes.md",
        "No source The mayor is glad. The answer names no source for this.",
    ]
    assert re.findall(r'<a class="to" href="([^"]+)"', fold) == ["#cite-0-0", "#cite-0-1"]


def test_below_the_answer_stands_what_its_sources_say_otherwise() -> None:
    (note,) = re.findall(r'<p class="why-not .*?</p>', html_of())
    assert words_of(note) == (
        "Not backed: It was built in 2021. The source says &lt;2022&gt;, not 2021. Open p. iv"
    )
    assert 'href="#cite-0-0"' in note


def test_a_chip_has_its_quote_at_hand() -> None:
    card = html_of().split('<div id="card-cite-0-0">')[1].split("</div>")[0]
    assert words_of(card) == (
        "A &lt;guide&gt;, page iv It was &lt;built&gt; in 2022. "
        "Not backed: the source says &lt;2022&gt;, not 2021."
    )


def test_what_is_only_quoted_has_no_badge_and_no_marks() -> None:
    html = html_of(card=READER)
    assert 'id="card-cite-0-0"' in html
    for name in ('class="badge', "said ", "why-not", "checked-0"):
        assert name not in html


def test_a_backed_answer_is_clean() -> None:
    claim = Claim(Span(0, 24), Verdict.SUPPORTED, "", (BUILT,), (1,))
    html = html_of(replace(ANSWER, text=TEXT[:25], claims=(claim,)))
    assert "1 statement, backed" in html
    assert 'class="badge good"' in html
    assert "said " not in html
    assert "why-not" not in html


def test_documents_that_disagree_are_shown_with_their_pages() -> None:
    boats = Disagreement("boats in <winter>", (("forty", HOLDS), ("nine", FEW)))
    html = html_of(replace(ANSWER, disagreements=(boats,)))
    box = html.split('<div class="disagree"')[1].split("</div>")[0]
    assert words_of(box.split(">", 1)[1]) == (
        "The documents disagree: boats in &lt;winter&gt; forty notes.md “It holds forty boats.” "
        "nine A &lt;guide&gt;, page v “It holds nine boats.”"
    )
    assert re.findall(r'href="([^"]+)"', box) == ["#cite-0-1", "#cite-0-2"]


def test_every_quote_opens_its_page() -> None:
    boats = Disagreement("boats", (("forty", HOLDS), ("nine", FEW)))
    answer = replace(ANSWER, disagreements=(boats,))
    assert [each.sign for each in references(answer)] == ["1", "a", "b"]
    conversation = Conversation((turn_of(answer),))
    first = view_citation(conversation, 0, 0)
    assert first.opened is not None
    assert (first.opened.doubtful, first.opened.reason) == (True, CLAIMS[0].reason)
    last = view_citation(conversation, 0, 2)
    assert (last.document_id, last.page) == ("d1", 3)
    assert [mark.number for mark in last.marks] == ["1", "b"]
    with pytest.raises(NotFoundError):
        view_citation(conversation, 0, 3)


def test_what_is_not_from_the_documents_says_so_above_it() -> None:
    said = "Not from your documents: what small says by itself. Nothing of it was checked."
    alone = Answer("It is so.", "q", "small", notice=said, grounded=False, claims=CLAIMS)
    html = html_of(alone)
    assert html.count(said) == 1
    assert html.index(said) < html.index("It is so.")
    assert 'class="turn done alone"' in html
    for name in ('class="badge', 'class="said', "cite found"):
        assert name not in html
    running = replace(
        Conversation().asking("q", Manner(documents=False)).turns[0], card=MODEL, text="It"
    )
    assert said in "".join(render_thread(Conversation((running,))))
