"""A model in this process, wired as an entry point wires it, with an engine on a script."""

from contextlib import closing
from pathlib import Path

import pytest

from rag.connections import engine_spec
from rag.doctor import Level, examine
from rag.errors import RagError, SettingsError
from rag.models import offered_models
from rag.offers import ToolUse
from rag.providers import vllm_engine
from rag.providers.engines import ENGINES, EngineSpec, Hardware
from rag.providers.reader import READER
from rag.wiring import build, checks, find_offers
from tests.rag.applications import KEY, QUESTION, application, fill, platform, settings
from tests.rag.scripted_engine import CONTEXT_TOKENS, ScriptedEngine, spoken

MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
CHAT = f"vllm:{MIXTRAL}"
SAID = "Nemo has 12 billion parameters [1]."
CPU = Hardware("cpu", "cpu", 1, "0.32.0")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """The engine that is built in vLLM's place; it calls no tool, and answers every question."""
    scripted = ScriptedEngine(*[spoken('{"answer": true}'), spoken(SAID)] * 4)
    monkeypatch.setattr(vllm_engine, "VllmEngine", lambda spec: scripted)
    return scripted


def found(hardware: Hardware | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_engine, "found_hardware", lambda: hardware)


def findings(**given: object) -> dict[str, tuple[Level, str]]:
    chosen = settings(chat=CHAT, **given)
    examined = examine(chosen.data_dir, checks(chosen))
    return {each.subject: (each.level, each.sentence) for each in examined}


def test_the_setting_says_what_to_load(tmp_path: Path) -> None:
    chosen = settings(
        chat=CHAT,
        chat_context_tokens=16_384,
        vllm_tensor_parallel=2,
        vllm_options="--quantization fp8 --seed '7'",
    )

    assert engine_spec(chosen) == EngineSpec(
        MIXTRAL, 2, 16_384, ("--quantization", "fp8", "--seed", "7")
    )
    assert engine_spec(settings(chat=f"vllm: {tmp_path}")).model == str(tmp_path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"chat": "vllm:"}, "names no model"),
        ({"chat": "vllm:/no/such/folder"}, "there is no such folder"),
        ({"chat": CHAT, "vllm_options": "--a 'b"}, "without its other half"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_once(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build(settings(**given)).close()


def test_a_name_of_the_hub_alone_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(SettingsError, match="write vllm:mistralai/Mixtral"):
        build(settings(chat=MIXTRAL)).close()


@pytest.mark.parametrize(
    ("chat", "address"),
    [
        ("127.0.0.1:7701", "http://127.0.0.1:7701/v1"),
        ("localhost:7701/v1", "http://localhost:7701/v1"),
        ("localhost", "http://localhost/v1"),
        ("gpu-box:8000/", "http://gpu-box:8000/v1"),
        ("htp://127.0.0.1:7701/v1", "http://127.0.0.1:7701/v1"),
        ("htps://models.example.org/mine", "https://models.example.org/mine"),
        ("htp://me:hunter2@box:8000", "http://box:8000/v1"),
    ],
)
def test_an_address_that_is_not_whole_is_refused_with_the_one_that_was_meant(
    chat: str, address: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        build(settings(chat=chat)).close()

    assert str(refused.value).endswith(f", which is not a whole address. Write {address}.")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("chat", ["mistral:7b", "my.org/model"])
def test_a_name_that_is_no_address_is_not_taken_for_one(chat: str) -> None:
    with pytest.raises(SettingsError, match="neither a model of La Plateforme nor an address"):
        build(settings(chat=chat)).close()


def test_it_is_loaded_by_the_first_question_and_ends_with_the_application(
    engine: ScriptedEngine,
) -> None:
    with application(chat=CHAT) as opened:
        fill(opened)
        assert [card.name for card in opened.models()] == [MIXTRAL, READER]
        assert opened.rows_at_once > 1
        assert engine.loads == 0

        answer = opened.assistant(MIXTRAL).answer(QUESTION, opened.scope())

        assert answer.text == SAID
        assert answer.model == MIXTRAL
        assert answer.cost is None
        assert engine.loads == 1
    assert engine.closes == 1


def test_it_is_offered_as_running_here_without_being_loaded(engine: ScriptedEngine) -> None:
    offer, reader = find_offers(settings(chat=CHAT))

    assert (offer.id, offer.card.place) == (MIXTRAL, "this computer")
    assert (offer.context_tokens, offer.assumed) == (32_000, True)
    assert (offer.reachable, offer.is_free, offer.licence) == (True, True, "Apache-2.0")
    assert offer.tools is ToolUse.IN_WORDS
    assert reader.id == READER
    told = find_offers(settings(chat=CHAT, chat_context_tokens=16_384))[0]
    assert (told.context_tokens, told.assumed) == (16_384, False)
    assert engine.loads == 0
    assert ENGINES.loaded(EngineSpec(MIXTRAL)) is None


def test_once_loaded_it_is_offered_with_what_it_reads(engine: ScriptedEngine) -> None:
    with application(chat=CHAT) as opened:
        fill(opened)
        assert opened.offers()[0].assumed
        assert engine.loads == 0

        opened.assistant().answer(QUESTION, opened.scope())

        here, elsewhere = opened.offers()[0], find_offers(settings(chat=CHAT))[0]
        assert (here.context_tokens, here.assumed) == (CONTEXT_TOKENS, False)
        assert elsewhere.context_tokens == CONTEXT_TOKENS
        assert (engine.loads, engine.closes) == (1, 0)


def test_beside_la_plateforme_each_is_asked_where_it_was_chosen(engine: ScriptedEngine) -> None:
    with platform() as server:
        given = {"mistral_api_key": KEY, "mistral_url": server.url}
        with application(chat=CHAT, embedding="all-MiniLM-L6-v2", **given) as opened:
            fill(opened)
            offers = opened.offers()
            assert [offer.id for offer in offers] == [MIXTRAL, *offered_models(), READER]
            theirs = opened.assistant(offers[1].id).answer(QUESTION, opened.scope())
            assert (theirs.model, engine.loads) == (offers[1].id, 0)
            assert opened.assistant(MIXTRAL).answer(QUESTION, opened.scope()).text == SAID
            assert len(server.asked("/v1/chat/completions")) == 1


def test_two_libraries_share_one_engine(engine: ScriptedEngine) -> None:
    with application(chat=CHAT) as opened:
        fill(opened)
        opened.assistant().answer(QUESTION, opened.scope())
        with closing(build(settings(chat=CHAT, library="other"))) as other:
            fill(other)
            assert other.assistant().answer(QUESTION, other.scope()).text == SAID
        assert (engine.loads, engine.closes) == (1, 0)
    assert engine.closes == 1


def test_no_other_model_is_loaded_by_its_name(engine: ScriptedEngine) -> None:
    with application(chat=CHAT) as opened, pytest.raises(RagError):
        opened.assistant("vllm:/another")
    assert engine.loads == 0


def test_the_doctor_says_what_would_be_loaded_and_loads_nothing(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(CPU, monkeypatch)

    looks = findings(rerank="chat")

    level, sentence = looks["answers"]
    assert level is Level.GOOD
    assert sentence.startswith(f"vLLM 0.32.0 would load {MIXTRAL} (weights: ")
    assert sentence.endswith("on cpu, at the first question. Nothing was loaded to look.")
    for subject in ("tools", "structured output", "reranking"):
        assert looks[subject][0] is Level.NOTE
        assert "not loaded in this process" in looks[subject][1]
    assert engine.loads == 0


def test_the_doctor_tries_what_is_loaded(engine: ScriptedEngine) -> None:
    call = '{"tool": "add", "arguments": {"first": 2, "second": 3}}'
    with application(chat=CHAT) as opened:
        chat = opened.assistant()
        fill(opened)
        chat.answer(QUESTION, opened.scope())
        engine.replies = [spoken(call), spoken('{"city": "Paris"}')]

        looks = findings()

    assert looks["answers"][1] == (
        f"{MIXTRAL} is loaded in this process, and reads {CONTEXT_TOKENS:,} tokens."
    )
    assert looks["tools"][1].startswith(f"{MIXTRAL} calls tools.")
    assert looks["structured output"][1].startswith(f"{MIXTRAL} keeps to a JSON schema.")


def test_the_doctor_says_that_vllm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_engine, "is_installed", lambda: False)

    level, sentence = findings()["answers"]

    assert level is Level.WRONG
    assert sentence == (
        "TRAMONTANE_CHAT asks for vLLM in this process, and vLLM is not installed. Install it "
        "beside Tramontane with: pip install 'vllm>=0.32,<0.33'"
    )


@pytest.mark.parametrize(
    ("hardware", "said"),
    [
        (None, "neither a GPU nor a processor"),
        (
            Hardware("cuda", "NVIDIA H100", 1, "0.32.0"),
            "is 2, and vLLM finds fewer GPUs (1). Lower it.",
        ),
    ],
)
def test_the_doctor_says_that_there_is_nothing_to_run_on(
    hardware: Hardware | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(hardware, monkeypatch)

    level, sentence = findings(vllm_tensor_parallel=2)["answers"]

    assert level is Level.WRONG
    assert said in sentence


def test_a_question_without_vllm_ends_in_the_same_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vllm_engine, "is_installed", lambda: False)
    with application(chat=CHAT) as opened:
        fill(opened)
        with pytest.raises(SettingsError, match="vLLM is not installed"):
            opened.assistant().answer(QUESTION, opened.scope())
