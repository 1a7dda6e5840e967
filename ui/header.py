"""The bar on top: wordmark, model picker, new conversation, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.offers import Offer
from ui import icons
from ui.chooser import render_chooser


def render_head(
    offers: Sequence[Offer], chosen: str | None, *, today: str = "", day: str = ""
) -> str:
    """The HTML of the bar.

    `chosen` is the id of the model that was picked; `today` is the sum that this day came to, empty
    where nothing was spent, and `day` says more of it in a sentence.
    """
    spent = f'<span class="day" title="{escape(day)}">{escape(today)} today</span>' if today else ""
    return (
        f'<button type="button" class="round" id="drawer" aria-label="Documents" '
        f'aria-expanded="false">{icons.PAGES}</button>'
        f'<span class="word">{icons.WIND}Tramontane</span><span class="grow"></span>'
        f"{render_chooser(offers, chosen, day)}{spent}"
        f'<button type="button" class="pill new" data-event="fresh" '
        f'aria-label="New conversation">{icons.PLUS}<span>New conversation</span></button>'
        f'<button type="button" class="round" id="theme" aria-label="Light or dark" '
        f'title="Light or dark">{icons.SUN}{icons.MOON}</button>'
    )
