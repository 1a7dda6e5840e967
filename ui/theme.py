"""Gradio's theme in our colours; the colours themselves are in `static/page.css`."""

from __future__ import annotations

import gradio as gr

SANS = (gr.themes.Font("Inter"), gr.themes.Font("system-ui"), gr.themes.Font("sans-serif"))
MONO = (gr.themes.Font("ui-monospace"), gr.themes.Font("monospace"))


def build_theme() -> gr.themes.Base:
    """The theme: its colours are variables of the stylesheet, and follow light and dark."""
    theme = gr.themes.Base(font=SANS, font_mono=MONO, radius_size=gr.themes.sizes.radius_md)
    light = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--panel)",
        "block_background_fill": "transparent",
        "block_border_width": "0px",
        "block_shadow": "none",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--wind)",
        "color_accent": "var(--wind)",
        "color_accent_soft": "var(--wind-soft)",
        "input_background_fill": "transparent",
        "input_border_width": "0px",
        "input_shadow": "none",
        "input_shadow_focus": "none",
        "input_placeholder_color": "var(--faint)",
        "button_primary_background_fill": "var(--wind)",
        "button_primary_background_fill_hover": "var(--wind)",
        "button_primary_text_color": "var(--paper)",
        "button_secondary_background_fill": "var(--card)",
        "button_secondary_text_color": "var(--ink)",
        "error_text_color": "var(--bad)",
        "link_text_color": "var(--wind)",
    }
    has_dark = set(dir(theme))
    dark = {f"{key}_dark": value for key, value in light.items() if f"{key}_dark" in has_dark}
    return theme.set(**light, **dark)
