from __future__ import annotations

import re

import pytest

from rag.claims import find_claims
from rag.domain import Span
from ui.render import CLEANER, render_answer
from ui.underlining import Part, end_of, words_of


def parts_of(text: str) -> list[Part]:
    return [
        Part(claim.span, "said partly", f"claim-3-{at}", f"why {at}")
        for at, claim in enumerate(find_claims(text))
    ]


def marked(html: str) -> dict[str, list[str]]:
    """The marked pieces of an answer by their key."""
    found: dict[str, list[str]] = {}
    for key, words in re.findall(r'data-part="([^"]+)"[^>]*>([^<]*)<', html):
        found.setdefault(key, []).append(words)
    return found


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("It holds forty boats. So it does.", [["It holds forty boats"], ["So it does"]]),
        ("**It holds** forty *boats*.", [["It holds", " forty ", "boats"]]),
        ("“It holds” 40%.", [["It holds” 40"]]),
        (
            "- It holds `forty`.\n- Or [fifty](https://a.b/c).",
            [["It holds ", "forty"], ["Or ", "fifty"]],
        ),
        ("1. It holds forty.\n2. Others hold fifty.", [["It holds forty"], ["Others hold fifty"]]),
        (
            "| What | How many |\n|---|---|\n| Boats | 41 |\n| Men | **7** |\n",
            [["Boats", "41"], ["Men", "7"]],
        ),
        ("It holds forty &amp; more & more.", [["It holds forty &amp; more &amp; more"]]),
        ("**“It holds forty.”** And __more__.", [["It holds forty.”", " And ", "more"]]),
    ],
)
def test_the_words_of_every_statement_are_marked(text: str, pieces: list[list[str]]) -> None:
    html = render_answer(text, [], 3, parts_of(text))
    assert list(marked(html).values()) == pieces
    assert html.count('<span class="sr"> (why ') == len(pieces)
    plain = re.sub(r'<span class="sr">[^<]*</span>|</?(?:a|span)[^>]*>', "", html)
    assert plain == re.sub(r"</?(?:a|span)[^>]*>", "", render_answer(text, [], 3))


def test_only_the_first_words_of_a_statement_take_the_focus() -> None:
    text = "It **holds** forty."
    html = render_answer(text, [], 3, parts_of(text))
    assert re.findall(r'<a class="said partly" href="(#[^"]+)"', html) == ["#claim-3-0"]


def test_a_statement_that_is_a_link_is_marked_inside_of_it() -> None:
    text = "[It holds forty boats.](https://a.b/c)"
    html = render_answer(text, [], 3, parts_of(text))
    assert html.count("<a ") == 1
    assert '<span class="said partly" data-part="claim-3-0">It holds forty boats</span>' in html


@pytest.mark.parametrize(
    "text", ["<https://a.b/c> says so.", "See ![a map](x.png) of it.", "\\*It holds."]
)
def test_what_is_marked_reads_as_it_did(text: str) -> None:
    html = render_answer(text, [], 3, parts_of(text))
    read = re.sub(r'<span class="sr">[^<]*</span>', "", html)
    assert re.sub(r"<[^>]+>", "", read) == re.sub(r"<[^>]+>", "", render_answer(text, [], 3))
    assert not set("\ue000\ue001\ue002\u2e55\u2e56") & set(html)


def test_a_reason_is_never_markup() -> None:
    text = "It holds forty."
    part = Part(Span(0, 15), "said unsupported", "claim-0-0", "says <img src=x onerror=alert(1)>")
    html = render_answer(text, [], 0, [part])
    assert "<img" not in html
    assert "says &lt;img src=x onerror=alert(1)&gt;" in html


def test_the_last_step_keeps_our_keys_alone() -> None:
    for key, stays in (("claim-0-12", True), ("x", False), ("claim-0-0 onclick", False)):
        assert ("data-part" in CLEANER.clean(f'<span data-part="{key}">x</span>')) == stays


def test_parts_without_words_or_over_one_another_are_left_out() -> None:
    text = "It holds forty. 🙂"
    parts = [
        Part(span, "said", f"claim-0-{at}", "")
        for at, span in enumerate((Span(0, 15), Span(3, 8), Span(16, 17)))
    ]
    assert list(marked(render_answer(text, [], 0, parts))) == ["claim-0-0"]


def test_what_is_added_to_a_statement_stands_outside_of_its_links_and_cells() -> None:
    row = "| a | forty boats |"
    assert row[: end_of(row, Span(0, len(row)))] == "| a | forty boats"
    link = "See [the site](https://a.b/c)."
    assert link[: end_of(link, Span(0, len(link)))] == "See [the site](https://a.b/c)"
    assert words_of("… [1]", Span(0, 5)) is None
