"""What a page is called, in words."""

from __future__ import annotations

import re

# "12", "iv", "S-3", "A.12": numbers of pages; sheets and slides have names instead.
_NUMBER = re.compile(r"[\w.]{0,4}[-–.]?\d+[a-z]?|[ivxlcdm]+|[A-Z]{1,3}", re.IGNORECASE)


def page_words(number: int, label: str = "") -> str:
    """A page by the label that its document gives it, else by its number: "p. iv", "Quarters"."""
    called = label.strip() or str(number)
    return f"p. {called}" if _NUMBER.fullmatch(called) else called
