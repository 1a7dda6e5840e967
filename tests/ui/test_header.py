from __future__ import annotations

from pathlib import Path

from rag.domain import ModelCard
from rag.models import la_plateforme_card, offered_models
from rag.settings import load_settings
from rag.wiring import build
from tests.loopback import LoopbackServer, listed_model
from ui.header import render_head

SERVED = ModelCard("a <b>", "this network", 8000)
READER = ModelCard("embedded reader", "this computer", 8000)


def test_a_model_whose_server_is_away_is_marked() -> None:
    html = render_head([SERVED, READER], None, SERVED)
    assert "a &lt;b&gt; · this network — not reachable now</option>" in html
    assert 'role="img" aria-label="a &lt;b&gt; is not reachable now."' in html
    assert "embedded reader · this computer</option>" in html
    assert "not reachable" not in render_head([SERVED, READER], None)


def test_a_model_that_is_paid_for_shows_what_it_reads_and_costs() -> None:
    html = render_head([READER, *map(la_plateforme_card, offered_models())], None)

    assert (
        ">mistral-small-latest · La Plateforme · 256k tokens · $0.15 in, $0.60 out per million<"
        in html
    )
    assert (
        ">codestral-latest · La Plateforme · 128k tokens · $0.30 in, $0.90 out per million<" in html
    )


def test_a_server_is_away_when_it_does_not_answer(tmp_path: Path) -> None:
    with LoopbackServer(served=[listed_model("local-model")]) as server:
        chat = f"{server.url}/v1"
        application = build(load_settings({"data_dir": tmp_path / "a", "chat": chat}))
        assert application.away() is None
        application.close()
    application = build(load_settings({"data_dir": tmp_path / "b", "chat": chat}))
    away = application.away()
    assert away is not None
    assert away == application.models()[0]
    application.close()


def test_without_a_server_of_ones_own_nothing_is_away(tmp_path: Path) -> None:
    application = build(load_settings({"data_dir": tmp_path, "chat": "reader"}))
    assert application.away() is None
    application.close()
