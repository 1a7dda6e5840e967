from __future__ import annotations

from pathlib import Path

import pytest

from rag.doctor import Finding, Level, examine
from rag.settings import load_settings
from rag.wiring import Application, checks
from tests.loopback import LoopbackServer
from ui.checkup import Checkup, check_of_ocr, render_findings, render_offer

KEY = "s3cr3t-k3y-0123456789"


def test_nothing_is_looked_at_before_it_is_asked_for() -> None:
    offer = render_offer()

    assert "some two hundred tokens" in offer
    assert 'data-event="check"' in offer
    assert "<li" not in offer


def test_the_page_shows_what_the_doctor_finds(application: Application) -> None:
    html = Checkup(application).run()

    looks = [*application.checks(), check_of_ocr(application.settings)]
    for finding in examine(application.settings.data_dir, looks):
        assert f'data-level="{finding.level}"><b>{finding.subject}</b>' in html
    assert "<h3>Nothing is wrong</h3>" in html
    assert "Check again" in html


def test_what_is_wrong_is_counted_and_nothing_of_it_is_markup() -> None:
    html = render_findings(
        [
            Finding("answers", Level.WRONG, "<b>https://models</b> is away."),
            Finding("scans", Level.NOTE, "Nothing reads them."),
        ]
    )

    assert "<h3>1 thing is wrong</h3>" in html
    assert "&lt;b&gt;https://models&lt;/b&gt; is away." in html
    assert '<span class="st b">wrong</span>' in html
    assert '<span class="st w">note</span>' in html


def test_no_key_is_shown(tmp_path: Path, application: Application) -> None:
    with LoopbackServer(api_key="another") as server:
        application.settings = application.settings.model_copy(
            update=load_settings(
                {
                    "chat": f"{server.url}/v1",
                    "chat_api_key": KEY,
                    "mistral_api_key": KEY,
                    "mistral_url": server.url,
                }
            ).model_dump(include={"chat", "chat_api_key", "mistral_api_key", "mistral_url"})
        )
        html = Checkup(application).run()

    assert "TRAMONTANE_CHAT_API_KEY" in html
    assert "MISTRAL_API_KEY" in html
    assert KEY not in html


@pytest.mark.parametrize(
    ("chosen", "level", "said"),
    [
        ({"ocr": "off"}, Level.NOTE, "stay unread: TRAMONTANE_OCR is off."),
        ({"ocr": "auto"}, Level.NOTE, "Install the program tesseract"),
        ({"ocr": "tesseract"}, Level.WRONG, "is 'tesseract', which is not installed."),
        ({"ocr": "mistral"}, Level.WRONG, "is 'mistral', and there is no key."),
        ({"mistral_api_key": KEY}, Level.GOOD, "are read by Mistral OCR, for $0.004 a page."),
    ],
)
def test_who_reads_scans_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chosen: dict[str, str],
    level: Level,
    said: str,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = load_settings({"data_dir": tmp_path / "data", **chosen})

    finding = list(examine(tmp_path, [check_of_ocr(settings)]))[-1]

    assert (finding.subject, finding.level) == ("scans", level)
    assert said in finding.sentence
    assert KEY not in finding.sentence


def test_nothing_is_said_of_mistral_ocr_where_its_key_is_refused(tmp_path: Path) -> None:
    with LoopbackServer(api_key="another") as server:
        given = {"mistral_api_key": KEY, "mistral_url": server.url, "data_dir": str(tmp_path)}
        settings = load_settings(given)
        found = list(examine(tmp_path, [*checks(settings), check_of_ocr(settings)]))

    assert (found[-1].subject, found[-1].level) == ("scans", Level.NOTE)
    assert found[-1].sentence == "Not looked at, because of what is wrong with: La Plateforme."
