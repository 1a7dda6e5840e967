"""The bar on top: wordmark, model picker, new conversation, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.domain import ModelCard
from ui import icons

AWAY = "not reachable now"


def render_head(
    models: Sequence[ModelCard], chosen: str | None, away: ModelCard | None = None
) -> str:
    """The HTML of the bar; with a single model there is nothing to pick, and it is only named.

    `away` is the model whose server does not answer now.
    """
    models = list({card.name: card for card in models}.values())
    name = chosen or (models[0].name if models else "")
    options = "".join(
        f'<option value="{escape(card.name)}"{" selected" if card.name == name else ""}>'
        f"{escape(_describe(card))}{f' — {AWAY}' if card == away else ''}</option>"
        for card in models
    )
    if len(models) > 1:
        picker = f'<select class="pill" data-event="model" aria-label="Model">{options}</select>'
        if away is not None:
            sentence = escape(f"{away.name} is {AWAY}.")
            picker = (
                f'<span class="away" role="img" aria-label="{sentence}" title="{sentence}"></span>'
                f"{picker}"
            )
    else:
        picker = "".join(
            f'<span class="pill"><span>{escape(card.name)}</span>'
            f"<small>{escape(card.place)}</small></span>"
            for card in models
        )
    return (
        f'<button type="button" class="round" id="drawer" aria-label="Documents" '
        f'aria-expanded="false">{icons.PAGES}</button>'
        f'<span class="word">{icons.WIND}Tramontane</span><span class="grow"></span>{picker}'
        f'<button type="button" class="pill new" data-event="fresh" '
        f'aria-label="New conversation">{icons.PLUS}<span>New conversation</span></button>'
        f'<button type="button" class="round" id="theme" aria-label="Light or dark" '
        f'title="Light or dark">{icons.SUN}{icons.MOON}</button>'
    )


def _describe(card: ModelCard) -> str:
    """A model as it is chosen: its name, where it runs and, where it is paid for, what for."""
    parts = [card.name] if card.place in card.name else [card.name, card.place]
    if card.input_price is not None and card.output_price is not None:
        parts.append(f"{card.context_tokens / 1000:.0f}k tokens")
        parts.append(f"${card.input_price:.2f} in, ${card.output_price:.2f} out per million")
    return " · ".join(parts)
