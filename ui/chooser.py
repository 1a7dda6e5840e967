"""Choosing a model: what is pressed in the bar on top, and the list that then opens."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.offers import Offer
from ui import icons
from ui.model_words import AWAY, context_in_words, price_in_words, told_in_full, told_in_short

FILTERED = 9  # as many models are worth a field to find one in


def render_chooser(offers: Sequence[Offer], chosen: str | None, day: str = "") -> str:
    """The HTML of the button with the model in use, and of the list of all, which is hidden.

    What was chosen and is offered no more is named all the same, since it is still what is asked.
    `day` is a sentence on what was spent.
    """
    if not offers:
        return ""
    known = next((offer for offer in offers if offer.id == chosen), None)
    current = known or (offers[0] if chosen is None else None)
    name, place = (chosen or "", AWAY) if current is None else (current.id, current.card.place)
    is_away = current is None or not current.reachable
    return _render_button(name, place, is_away=is_away) + _render_panel(offers, current, day)


def _render_button(name: str, place: str, *, is_away: bool) -> str:
    said = f"Model: {name}, {AWAY if is_away else place}"
    small = "" if place in name else f"<small>{escape(place)}</small>"
    return (
        f'<button type="button" class="pill picked{" away" * is_away}" id="picked" '
        f'popovertarget="models" aria-haspopup="dialog" aria-label="{escape(said)}" '
        f'title="{escape(said)}"><span class="state"></span>'
        f'<span class="name">{escape(name)}</span>{small}{icons.DOWN}</button>'
    )


def _render_panel(offers: Sequence[Offer], current: Offer | None, day: str) -> str:
    rows = "".join(
        _render_option(number, offer, is_chosen=offer is current)
        for number, offer in enumerate(offers)
    )
    field = (
        '<input type="text" class="filter" placeholder="Find a model…" autocomplete="off" '
        'spellcheck="false" role="combobox" aria-label="Find a model" aria-controls="offers" '
        'aria-expanded="true">'
    )
    return (
        '<div class="models" id="models" popover role="dialog" aria-label="Choose a model">'
        f'<p class="top"><b>Model</b><button type="button" class="do" popovertarget="models" '
        f'popovertargetaction="hide">Done</button></p>{field if len(offers) >= FILTERED else ""}'
        f'<div class="offers" id="offers" role="listbox" tabindex="0" aria-label="Models">{rows}'
        '</div><p class="none" hidden>No model is called that.</p>'
        f"{f'<p class=foot>{escape(day)}</p>' if day else ''}</div>"
    )


def _render_option(number: int, offer: Offer, *, is_chosen: bool) -> str:
    marks = ""
    if offer.successor is not None:
        marks += '<i class="st w">deprecated</i>'
    if not offer.reachable:
        marks += f'<i class="st b">{AWAY}</i>'
    said = ", ".join([offer.card.name, *told_in_short(offer)])
    return (
        f'<div class="offer" role="option" id="offer-{number}" data-model="{escape(offer.id)}" '
        f'data-place="{escape(offer.card.place)}" aria-selected="{str(is_chosen).lower()}" '
        f'aria-label="{escape(said)}">{icons.CHECK}'
        f"<b>{escape(offer.card.name)}</b>"
        f'<span class="price">{escape(price_in_words(offer))}</span>'
        f"<small>{escape(offer.card.place)} · {escape(context_in_words(offer))}{marks}</small>"
        f"{_render_card(offer)}</div>"
    )


def _render_card(offer: Offer) -> str:
    """All that is known of a model; the option's own name says it to those who hear the page."""
    rows = "".join(
        f"<dt>{escape(what)}</dt><dd>{escape(told)}</dd>"
        for what, told in told_in_full(offer).items()
    )
    name = escape(offer.card.name)
    return f'<div class="card" aria-hidden="true"><h3>{name}</h3><dl>{rows}</dl></div>'
