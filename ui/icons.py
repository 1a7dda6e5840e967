"""The drawings of the page: inline, one stroke, in the colour of the text around them."""

from __future__ import annotations


def _icon(paths: str, size: int = 16, box: str = "0 0 24 24") -> str:
    return (
        f'<svg width="{size}" height="{size}" viewBox="{box}" fill="none" stroke="currentColor" '
        'stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
        f"{paths}</svg>"
    )


WIND = (
    '<svg class="wind" width="26" height="22" viewBox="0 -1.4 24 22" fill="none" '
    'stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">'
    '<path d="M1 6h13a3 3 0 1 0-3-3"/><path d="M1 10h19"/>'
    '<path d="M1 14h10a2.6 2.6 0 1 1-2.6 2.6"/></svg>'
)
SUN = _icon(
    '<circle cx="12" cy="12" r="4"/><path d="M12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.9l1.4 '
    '1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4"/>',
    17,
)
MOON = _icon('<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>', 17)
PAGES = _icon('<path d="M4 5h11M4 10h11M4 15h7"/><path d="M19 5v14"/>', 17)
REPORT = _icon(
    '<rect x="5" y="4" width="14" height="16" rx="2"/><path d="M9 9h6M9 13h6M9 17h3"/>', 16
)
SEARCH = _icon('<circle cx="11" cy="11" r="6.5"/><path d="m20 20-4.2-4.2"/>', 13)
TOOL = _icon('<path d="M5 12h14M12 5v14"/>', 13)
PLUS = _icon('<path d="M12 5v14M5 12h14"/>', 14)
MINUS = _icon('<path d="M5 12h14"/>', 14)
FIT = _icon('<path d="M3 5v14M21 5v14M7 12h10M10 9l-3 3 3 3M14 9l3 3-3 3"/>', 15)
CROSS = _icon('<path d="m6 6 12 12M18 6 6 18"/>', 15)
CHECK = _icon('<path d="m5 12.5 4.5 4.5L19 7.5"/>', 12)
UNFOLD = _icon('<path d="m9 6 6 6-6 6"/>', 13)
DOWN = _icon('<path d="m6 9 6 6 6-6"/>', 13)
DOUBT = _icon('<path d="M12 4.5 21 20H3z"/><path d="M12 11v4M12 17.5v.1"/>', 13)
LOCK = _icon(
    '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>', 13
)
PULSE = _icon('<path d="M2.5 12.5h4l3-7.5 4.5 14 3-6.5h4.5"/>', 15)
FORK = _icon('<path d="M12 21v-7M12 14 5 7M12 14l7-7M5 11V7h4M19 11V7h-4"/>', 14)
THUMB = (
    '<path d="M7 10v10H4V10zM7 11l4-8a2.6 2.6 0 0 1 2.4 3.4L12.8 9.5H18a2 2 0 0 1 2 2.4'
    'l-1.2 6.2a2.4 2.4 0 0 1-2.3 1.9H7"/>'
)
GOOD = _icon(THUMB, 14)
BAD = _icon(f'<g transform="rotate(180 12 12)">{THUMB}</g>', 14)
LEFT = _icon('<path d="m14.5 5-7 7 7 7"/>', 16)
RIGHT = _icon('<path d="m9.5 5 7 7-7 7"/>', 16)
COPY = _icon(
    '<rect x="8" y="8" width="12" height="12" rx="2.5"/><path d="M16 8V6a2 2 0 0 0-2-2H6'
    'a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2"/>',
    14,
)
AGAIN = _icon('<path d="M20 11a8 8 0 1 0-2.3 6"/><path d="M20 5v6h-6"/>', 14)
BACK = _icon('<path d="M8 4.5 3.5 9 8 13.5"/><path d="M3.5 9H14a5.5 5.5 0 0 1 0 11h-3"/>', 14)
QUOTE = _icon(
    '<path d="M9 7H5v5h4V7zm0 5c0 3-1.5 4.5-4 5M19 7h-4v5h4V7zm0 5c0 3-1.5 4.5-4 5"/>', 28
)
