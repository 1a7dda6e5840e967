"""The doctor and money: its trials keep to the caps, and a cap that is reached is told as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.accounts import Account
from rag.doctor import Level, Note, examine
from rag.spending import Meter
from rag.store.catalog import Catalog
from rag.store.spending import PERSON, Purpose
from rag.trial_spending import Trials
from rag.wiring import checks
from tests.loopback import LoopbackServer, Say, listed_model
from tests.rag.applications import KEY, application, fill, platform, settings


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def findings(**given: object) -> dict[str, tuple[Level, str]]:
    chosen = settings(**given)
    found = examine(chosen.data_dir, checks(chosen))
    return {each.subject: (each.level, each.sentence) for each in found}


def test_an_embedding_that_cannot_be_had_is_wrong_before_there_is_a_library() -> None:
    level, sentence = findings(embedding="mistral-embed")["embedding"]

    assert level is Level.WRONG
    assert sentence.startswith("mistral-embed needs a key.")
    assert not Path("data").exists()


@pytest.mark.parametrize("rerank", ["off", "chat"])
def test_no_trial_passes_a_cap_where_nothing_was_added_yet(rerank: str) -> None:
    with platform([Say("5")] * 4) as server:
        given = {"mistral_api_key": KEY, "mistral_url": server.url, "rerank": rerank}
        found = findings(**given, moderation="mistral", daily_dollars=0.0)

    billed = ("embedding", "tools", "structured output", "moderation")
    assert [found[name][0] for name in billed] == [Level.NOTE] * 4
    assert "the cap of $0.00 a day" in found["tools"][1]
    assert rerank == "off" or found["reranking"][0] is Level.NOTE
    paths = {request.path for request in server.requests}
    assert paths <= {"/v1/models"}
    assert not Path("data").exists()


def test_all_trials_together_keep_within_a_cap_where_nothing_was_added_yet() -> None:
    trials = Trials(settings(daily_dollars=0.01), lambda: False)

    def look(meter: Meter) -> str:
        with meter.charge(Account(PERSON), Purpose.CHAT, 0.006) as charge:
            charge.settle(0.006)
        return "Paid."

    assert trials.paid(look) == "Paid."
    refused = trials.paid(look)
    assert isinstance(refused, Note)
    assert refused.sentence.startswith("Not tried. This could cost up to $0.006, more than the cap")


def test_a_cap_that_is_reached_is_told_and_hides_nothing_that_is_free() -> None:
    with platform() as server:
        with application(mistral_api_key=KEY, mistral_url=server.url) as opened:
            fill(opened)
        catalog = Catalog(Path("data"))
        held = catalog.spending.reserve(PERSON, Purpose.CHAT, 0.5)
        catalog.spending.settle(held, 0.5)
        catalog.close()
        with LoopbackServer(chat=[Say("5")] * 3, served=[listed_model("ours")]) as own:
            given = {"mistral_api_key": KEY, "mistral_url": server.url, "chat": f"{own.url}/v1"}
            found = findings(**given, daily_dollars=0.5)

    assert found["library"][0] is Level.GOOD
    assert found["embedding"][0] is Level.NOTE
    assert "of which $0.50" in found["embedding"][1]
    assert found["spending"][0] is Level.NOTE
    assert found["spending"][1].startswith("The cap is reached")
    assert found["tools"][1].startswith("ours was asked to call a tool")
