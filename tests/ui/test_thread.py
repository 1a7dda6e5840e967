from __future__ import annotations

import re
from dataclasses import replace
from html import escape as html_escape

import pytest

from rag.domain import (
    Answer,
    Citation,
    Document,
    DocumentState,
    Event,
    Manner,
    ModelCard,
    Passage,
    Quote,
    Reasons,
    Rewritten,
    Span,
    TextDelta,
)
from rag.turns import FILTERED, TRUNCATED
from ui.conversation import Conversation, Mark, Reach, Turn, TurnState
from ui.thread import render_thread

DOCUMENT = Document(
    *("d1", "l1", "guide.pdf", "A <guide>", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
NOTES = replace(DOCUMENT, id="d2", name="notes.md", title="", paginated=False)
REACH = Reach(16, 16, 1590, 0)
REFUSED = Answer("The documents do not say.", "Boats?", "reader", refused=True)


def passage(
    text: str, reasons: Reasons | None = None, document: Document = DOCUMENT, page: int = 2
) -> Passage:
    return Passage(document, page, "iv", 0, len(text), text, (), 1.0, (1,), reasons=reasons)


def asked(question: str, *events: Event, manner: Manner | None = None) -> Turn:
    turn = Conversation().asking(question, manner or Manner()).turns[0]
    for event in events:
        turn = turn.after(event)
    return turn


def html_of(*turns: Turn) -> str:
    return "".join(render_thread(Conversation(turns)))


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def between(html: str, start: str, end: str) -> str:
    return html.split(start, 1)[1].split(end, 1)[0]


# The question as it was searched


def test_a_rewritten_question_is_one_short_line() -> None:
    turn = asked("it?", Rewritten("## What\nis " + "it " * 200), Answer("a", "q", "small"))
    line = words_of(between(html_of(turn), '<div class="as">', "</div>"))
    assert line.startswith("Searched: ## What is it it")
    assert line.endswith("it… search as typed")
    assert len(line) < 240


def test_a_question_in_parts_lists_them() -> None:
    parts = ("What did 3M earn?", "What did <Pfizer> earn?")
    turn = asked("Which earned more?", Rewritten("3M or Pfizer?", parts), Answer("a", "q", "small"))
    html = between(html_of(turn), '<div class="as">', "</div>")
    assert "Searched: 3M or Pfizer? search as typed" in words_of(html)
    assert re.findall(r"<li><q>(.*?)</q></li>", html) == [parts[0], "What did &lt;Pfizer&gt; earn?"]
    whole = asked("Which earned more?", Rewritten("Which earned more?", parts))
    assert "Searched as 2 questions:" in html_of(whole)


def test_what_else_a_question_was_searched_for_is_told() -> None:
    also = ("operating income", "<net> sales")
    turn = asked("Margin?", Rewritten("Margin?", (), also), Answer("a", "q", "small"))
    both = asked("it?", Rewritten("Margin?", (), also), Answer("a", "q", "small"))
    line = "Also searched for: operating income; &lt;net&gt; sales"
    assert words_of(between(html_of(turn), '<div class="as">', "</div>")) == (
        f"{line} search as typed"
    )
    assert words_of(between(html_of(both), '<div class="as">', "</div>")) == (
        f"Searched: Margin? search as typed {line}"
    )


def test_only_the_last_answer_can_be_searched_as_typed() -> None:
    turn = asked("it?", Rewritten("What is it?"))
    answered = turn.after(Answer("a", "q", "small"))
    usable = r'<button type="button" class="typed" data-event="typed" title="[^"]+">'
    assert re.search(usable, html_of(answered))
    assert not re.search(usable, html_of(turn))
    assert not re.search(usable, html_of(answered, asked("more", Answer("b", "q", "small"))))


def test_what_was_searched_as_typed_says_so() -> None:
    turn = asked("it?", Answer("a", "it?", "small"), manner=Manner(rewrite=False))
    assert "Searched as typed" in html_of(turn)
    assert "Searched as typed" not in html_of(asked("it?", Answer("a", "it?", "small")))


# How much was searched


@pytest.mark.parametrize(
    ("reach", "said"),
    [
        (REACH, "Searched 1,590 pages of 16 documents"),
        (Reach(1, 1, 1, 0), "Searched 1 page of 1 document"),
        (Reach(32, 32, 9, 31), "Searched 9 pages and 31 texts of 32 documents"),
        (Reach(2, 2, 0, 2), "Searched 2 texts"),
        (Reach(0, 0, 0, 0), "Searched 0 documents"),
    ],
)
def test_how_much_was_searched_is_said(reach: Reach, said: str) -> None:
    html = html_of(replace(asked("q"), reach=reach))
    assert words_of(between(html, '<div class="steps">', "</div>")) == said
    assert 'class="limit"' not in html


def test_a_limited_question_says_to_what() -> None:
    two = replace(asked("q"), reach=Reach(2, 16, 9, 0, ("A <guide>", "Prices")))
    limit = between(html_of(two), '<p class="limit">', "</p>")
    assert limit == "in 2 of 16 documents: A &lt;guide&gt;, Prices"
    nine = replace(asked("q"), reach=Reach(9, 16, 9, 0, tuple("abcdefghi")))
    assert between(html_of(nine), '<p class="limit">', "</p>") == "in 9 of 16 documents"


# The passages


def test_each_passage_says_why_it_came() -> None:
    found = (
        passage("## Harbours\nIt holds <41> boats.", Reasons(3.0, 4.0, 1.0)),
        passage("Nobody counts.", Reasons(meaning=4.0), NOTES),
    )
    quote = Quote(DOCUMENT, 2, "iv", 0, 4, "Harb")
    citation = Citation(3, Span(0, 3), Span(0, 0), quote)
    html = html_of(asked("q", Answer("[3]", "q", "small", (citation,), found)))
    fold = between(html, '<div class="found">', "</ol>")
    assert "8 passages" not in fold
    first, second = fold.split("<li>")[1:]
    assert "2 passages from 2 documents" in words_of(fold)
    assert words_of(first) == (
        "3 , quoted A &lt;guide&gt; p. iv words 38% · meaning 50% · title 12% "
        "Harbours It holds &lt;41&gt; boats."
    )
    assert words_of(second) == "· notes.md meaning 100% Nobody counts."
    assert re.findall(r"width:([\d.]+)%", fold) == ["100.0", "50.0"]
    assert 'data-event="passage" data-turn="0" data-index="1"' in second


def test_passages_without_reasons_are_listed_all_the_same() -> None:
    html = html_of(asked("q", Answer("a", "q", "small", passages=(passage("Boats."),))))
    assert "1 passage from 1 document" in words_of(html)
    assert "Why each came" not in html
    assert 'class="why"' not in html
    zero = passage("Boats.", Reasons())
    assert 'class="why"' not in html_of(asked("q", Answer("a", "q", "small", passages=(zero,))))
    assert 'class="found"' not in html_of(asked("q", Answer("a", "q", "small")))


def test_the_legend_has_only_what_a_bar_has() -> None:
    def legend(*reasons: Reasons) -> str:
        found = tuple(passage("Boats.", each) for each in reasons)
        html = html_of(asked("q", Answer("a", "q", "small", passages=found)))
        return between(html, '<p class="legend">', "</p>")

    both = (
        'Why each came: <span><i class="words"></i>its words</span> '
        '<span><i class="meaning"></i>its meaning</span>'
    )
    assert legend(Reasons(1.0, 2.0), Reasons(0.0, 3.0)) == both
    assert legend(Reasons(1.0, 2.0, 0.5), Reasons(0.0, 3.0)) == (
        f'{both} <span><i class="title"></i>its title</span>'
    )
    assert words_of(legend(Reasons(meaning=2.0))) == "Why each came: its meaning"


def test_a_title_that_counts_alike_for_all_does_not_dwarf_the_rest() -> None:
    found = (passage("One.", Reasons(3.0, 1.0, 16.0)), passage("Two.", Reasons(2.0, 0.0, 16.0)))
    html = html_of(asked("q", Answer("a", "q", "small", passages=found)))
    fold = between(html, '<div class="found">', "</ol>")
    assert "words 75% · meaning 25%" in fold
    assert "words 100%" in fold
    assert re.findall(r"width:([\d.]+)%", fold) == ["100.0", "50.0"]
    assert "(the title counts alike for all)" in fold
    assert "its title" not in fold
    only_titles = tuple(passage(text, Reasons(title=2.0)) for text in ("One.", "Two."))
    html = html_of(asked("q", Answer("a", "q", "small", passages=only_titles)))
    assert html.count("title 100%") == 2


# Where the passages begin

NEAR = "## Harbours\n| a | b |\nNobody counts. The harbour holds boats in winter."
TELLING = Span(NEAR.index("The harbour"), len(NEAR))


def test_a_preview_begins_at_the_telling_part() -> None:
    near = passage(NEAR)
    turn = asked("Boats?", replace(REFUSED, passages=(near,), nearest=(near,)))
    html = html_of(replace(turn, telling=(TELLING,)))
    assert "<span>The harbour holds boats in winter.</span>" in html
    assert '<span class="says">The harbour holds boats in winter.</span>' in html
    assert '<span class="says">Harbours' in html_of(replace(turn, telling=(None,)))
    assert '<span class="says">Harbours' in html_of(turn)


# Refusals


def test_a_refusal_says_what_was_searched_and_offers_an_answer_all_the_same() -> None:
    refused = replace(REFUSED, nearest=(passage("Boats."),), evidence=0.12)
    turn = replace(asked("And boats?", refused), reach=REACH, needed=0.2)
    html = html_of(turn)
    assert "Searched 1,590 pages of 16 documents" in html
    said = words_of(between(html, '<p class="notice">', "</p>"))
    assert said == "Searched for “ Boats? ” · evidence of an answer 12%, needs 20%"
    way = '<button type="button" class="do" data-event="anyway" data-turn="0">Answer all the same<'
    assert way in html
    assert 'data-event="alone"' not in html
    none = replace(turn, answer=replace(refused, evidence=0.0))
    assert "evidence of an answer under 0.1%, needs 20%" in html_of(none)
    model = html_of(replace(turn, needed=0.005))
    assert "evidence of an answer 12%, enough to ask reader, which found no answer" in model
    more = asked("more", Answer("b", "q", "small"))
    assert way in html_of(turn, more)  # it stays when others are answered
    assert 'data-turn="0" disabled>Answer all the same<' in html_of(turn, asked("more"))


@pytest.mark.parametrize(
    ("still_read", "said"),
    [
        (1, "1 file was still being read when this was asked. Ask again when it is in."),
        (3, "3 files were still being read when this was asked. Ask again when they are in."),
    ],
)
def test_a_refusal_says_which_files_were_not_searched_yet(still_read: int, said: str) -> None:
    turn = replace(asked("Boats?", REFUSED), state=TurnState.DONE, still_read=still_read)
    assert f'<p class="notice unsearched">{said}</p>' in html_of(turn)
    assert "unsearched" not in html_of(replace(turn, still_read=0))
    answered = replace(asked("Boats?", Answer("Forty.", "Boats?", "small")), still_read=still_read)
    assert "unsearched" not in html_of(answered)


def test_a_model_can_be_asked_without_the_documents() -> None:
    card = ModelCard("small", "here", 8_000)
    for answer in (REFUSED, replace(REFUSED, nearest=(passage("Boats."),))):
        turn = replace(asked("Boats?", answer), card=card)
        assert 'data-event="alone" data-turn="0">Ask without documents<' in html_of(turn)
        reader = replace(turn, card=replace(card, instructable=False))
        assert 'data-event="alone"' not in html_of(reader)


def test_what_was_searched_for_has_one_pair_of_marks() -> None:
    refused = replace(REFUSED, nearest=(passage("Boats."),), notice="No passage says “a boat”.")
    for question, said in (
        ("A boat?", "“A boat?”"),
        ('"a boat"', "&quot;a boat&quot;"),
        ("Is it “a boat”", "Is it “a boat”"),
    ):
        html = html_of(asked(question, replace(refused, question=question)))
        assert f"Searched for {said}" in re.sub(r"</?q>", "", html)


def test_a_notice_stands_with_what_was_searched() -> None:
    refused = replace(REFUSED, nearest=(passage("Boats."),), notice="No passage says “a boat”.")
    html = html_of(asked("Boats?", refused))
    notice = html.index('<p class="notice">No passage says “a boat”.</p>')
    assert html.index("Searched for") < notice < html.index('<div class="nearest">')
    assert html.count("No passage says") == 1
    answered = html_of(asked("Boats?", Answer("a", "q", "small", notice="Quoted.")))
    assert '<p class="notice">Quoted.</p>' in answered


@pytest.mark.parametrize(
    ("evidence", "needed", "said"),
    [
        (0.0496, 0.05, "4.9%, needs 5%"),  # never rounded up to the bar
        (0.0012, 0.005, "0.1%, needs 0.5%"),
        (0.149, 0.15, "14%, needs 15%"),
    ],
)
def test_evidence_is_told_beside_the_bar(evidence: float, needed: float, said: str) -> None:
    refused = replace(REFUSED, nearest=(passage("Boats."),), evidence=evidence)
    html = html_of(replace(asked("Boats?", refused), needed=needed))
    assert f"evidence of an answer {said}</p>" in html


def test_without_a_passage_there_is_nothing_to_answer_from() -> None:
    assert 'data-event="anyway"' not in html_of(asked("Boats?", REFUSED))


def test_an_answer_on_thin_evidence_is_labelled() -> None:
    lowered = Manner(bar=0.0)
    answered = asked("Boats?", Answer("Forty.", "q", "small", evidence=0.12), manner=lowered)
    thin = html_of(replace(answered, needed=0.2))
    assert "Answered below the bar: evidence 12%, 20% is usually needed<" in thin
    enough = html_of(replace(answered, needed=0.1))
    assert "Answered all the same: evidence 12%<" in enough
    running = asked("Boats?", manner=lowered)
    assert "Answering however thin the evidence is" in html_of(running)
    refused = replace(REFUSED, nearest=(passage("Boats."),))
    again = html_of(asked("Boats?", refused, manner=lowered))
    assert "however thin" not in again
    assert "Asked all the same" in again
    assert 'data-event="anyway"' not in again


def test_what_the_visitor_can_mend_is_no_failure() -> None:
    held = replace(asked("Boats?"), state=TurnState.HELD, error="Tick <one>.")
    html = html_of(held)
    assert '<p class="held" role="status">Tick &lt;one&gt;.</p>' in html
    assert 'class="error"' not in html
    assert 'data-event="again"' in html


def test_an_answer_that_is_not_complete_says_so_once_and_as_loud_as_a_fault() -> None:
    cut = Answer("It also", "Boats?", "m", complete=False, notice="The model <stopped>.")
    html = html_of(asked("Boats?", cut))
    assert words_of(html).count("stopped") == 1
    assert '<p class="held" role="status">The model &lt;stopped&gt;.</p>' in html
    assert "The answer is not complete." in html_of(asked("Boats?", replace(cut, notice="")))


def test_what_is_copied_of_an_unfinished_answer_says_that_it_is() -> None:
    whole = asked("Boats?", Answer("It has five.", "Boats?", "m"))
    cut = asked("Boats?", Answer("It also", "Boats?", "m", complete=False))
    stopped = replace(asked("Boats?", TextDelta("It also")), state=TurnState.STOPPED)
    copied = [between(html_of(turn), 'data-copy="', '"') for turn in (whole, cut, stopped)]
    assert copied == ["It has five.", *["It also\n\n[This answer is not finished.]"] * 2]


# Wrong answers


def test_every_answer_can_be_marked_as_wrong() -> None:
    for answer in (Answer("Forty.", "q", "small"), REFUSED):
        html = html_of(asked("Boats?", answer))
        assert 'data-unfolds="wrong-0"' in html
        assert 'data-event="mark" data-turn="0" hidden' in html
    failed = replace(asked("Boats?"), state=TurnState.FAILED, error="No.")
    assert "wrong-0" not in html_of(failed)
    assert "wrong-0" not in html_of(asked("Boats?"))


def test_a_marked_answer_says_so_until_it_is_undone() -> None:
    conversation = Conversation((asked("Boats?", Answer("Forty.", "q", "small")),))
    html = html_of(*conversation.marking(0, Mark("m1")).turns)
    assert "Marked: it is now a question of the evaluation set. Undo" in words_of(html)
    assert 'class="turn done marked"' in html
    offer = between(html, 'data-fold="right-0"', "</div>")
    assert 'data-event="answers" data-turn="0" disabled' in offer
    assert 'data-unfolds="right-0">Cancel<' in offer
    assert "wrong-0" not in html
    html = html_of(*conversation.marking(0, Mark("m1", "<A>, p. 4")).turns)
    assert "The right page: &lt;A&gt;, p. 4." in html
    assert "right-0" not in html
    assert 'class="turn done marked located"' in html
    undone = conversation.marking(0, Mark("m1")).marking(0, None)
    assert undone == conversation


def test_an_answer_that_was_cut_off_says_once_why() -> None:
    for why in (TRUNCATED, FILTERED):
        answer = Answer("Forty-one bo", "Boats?", "small", complete=False, notice=why)

        words = words_of(html_of(asked("Boats?", answer)))

        assert words.count(html_escape(why)) == 1
        assert ("length limit" in words) == (why is TRUNCATED)
