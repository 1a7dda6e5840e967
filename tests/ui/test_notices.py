from __future__ import annotations

from ui.notices import News, render_notices


def test_what_was_done_is_told_apart_from_a_fault() -> None:
    html = render_notices([News("A & B is in the library again."), "It cannot be read."])
    assert 'data-about="d&quot;1" hidden>' in render_notices([News("It is back.", about='d"1')])
    assert 'data-tone="" hidden>A &amp; B is in the library again.</em>' in html
    assert 'data-tone="bad" hidden>It cannot be read.</em>' in html
