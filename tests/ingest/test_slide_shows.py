from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.load import load
from rag.domain import DocumentState
from tests.hostile.office import presentation

TYPE = "application/vnd.openxmlformats-officedocument.presentationml"
WITH_MACROS = "application/vnd.ms-powerpoint"


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        ("pptx", f"{TYPE}.presentation.main+xml"),
        ("ppsx", f"{TYPE}.slideshow.main+xml"),
        ("potx", f"{TYPE}.template.main+xml"),
        ("pptm", f"{WITH_MACROS}.presentation.macroEnabled.main+xml"),
        ("ppsm", f"{WITH_MACROS}.slideshow.macroEnabled.main+xml"),
        ("potm", f"{WITH_MACROS}.template.macroEnabled.main+xml"),
    ],
)
def test_a_slide_show_and_a_template_are_presentations(
    suffix: str, media_type: str, tmp_path: Path
) -> None:
    path = tmp_path / "stored"
    path.write_bytes(presentation("Words on a slide.", media_type=media_type))

    loaded = load(path, f"a.{suffix}", max_pages=9)

    assert (loaded.state, loaded.reason) == (DocumentState.READY, "")
    assert [page.text.strip() for page in loaded.pages] == ["Words on a slide."]
