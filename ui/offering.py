"""The command that lists the models to choose from."""

from __future__ import annotations

from rag.offers import Offer
from ui import printing
from ui.model_words import offer_row, told_in_full
from ui.opening import offers_of
from ui.options import AsJson, ChatName, DataDir, LibraryName


def models(
    data_dir: DataDir = None,
    library: LibraryName = None,
    chat: ChatName = None,
    json: AsJson = False,
) -> None:
    """List the models to choose from: where each runs, what it reads, costs and can do.

    The first one answers. Prices are dollars for a million tokens.
    """
    offers = offers_of(data_dir, library, chat=chat)
    for number, offer in enumerate(offers):
        if json:
            printing.say_row(offer_row(offer, is_default=number == 0))
        else:
            _say_offer(offer, number)


def _say_offer(offer: Offer, number: int) -> None:
    printing.say(f"{chr(10) * bool(number)}{offer.id}{' (answers)' * (number == 0)}")
    for what, told in told_in_full(offer).items():
        printing.say(f"  {what + ':':<14}{told}")
