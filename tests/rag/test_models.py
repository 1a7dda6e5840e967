import pytest

from rag.catalogue import CATALOGUE, LA_PLATEFORME, OWN_SERVER, Tokenizer
from rag.domain import ModelCard, Usage
from rag.errors import ModelNotFoundError
from rag.models import (
    answer_cost,
    answer_tokens,
    embedding_cost,
    find_model,
    find_weights,
    la_plateforme_card,
    offered_models,
    tokenizer_of,
)


def test_current_model_is_known_with_its_prices() -> None:
    model = find_model("mistral-small-latest")

    assert (model.context_tokens, model.input_price, model.output_price) == (256_000, 0.15, 0.6)
    assert model.tools


def test_retired_model_is_refused_with_its_successor() -> None:
    with pytest.raises(ModelNotFoundError, match=r"open-mixtral-8x7b.*mistral-small-latest"):
        find_model("open-mixtral-8x7b")


def test_deprecated_model_is_still_asked_for() -> None:
    assert find_model("mistral-small-2506").successor == "mistral-small-latest"


def test_unknown_model_gets_careful_defaults() -> None:
    model = find_model("mistral-next")

    assert (model.name, model.context_tokens, model.tools) == ("mistral-next", 32_000, False)
    assert model.input_price is None


def test_every_name_stands_once_and_every_successor_is_served() -> None:
    names = [name for model in CATALOGUE for name in (model.name, *model.aliases, *model.weights)]

    assert len(names) == len(set(names))
    assert all(model.successor for model in CATALOGUE if model.retired or model.deprecated)
    assert not any(find_model(m.successor).successor for m in CATALOGUE if m.successor)
    assert {model.name for model in CATALOGUE if not model.places} == {
        model.name for model in CATALOGUE if model.retired and not model.weights
    }


@pytest.mark.parametrize(
    ("name", "successor"),
    [
        ("open-mistral-7b", "mistral-small-latest"),
        ("open-mixtral-8x22b", "mistral-small-latest"),
        ("mathstral", "mistral-small-latest"),
        ("mistral-large-2407", "mistral-large-latest"),
        ("mistral-medium-2312", "mistral-medium-latest"),
        ("codestral-mamba-2407", "codestral-latest"),
        ("codestral-2501", "codestral-latest"),
        ("magistral-medium-2506", "mistral-medium-latest"),
        ("mistral-7b-v0.2", "mistral-small-latest"),
    ],
)
def test_what_la_plateforme_does_not_serve_names_what_it_does(name: str, successor: str) -> None:
    with pytest.raises(ModelNotFoundError, match=f"{name}. Use {successor} instead"):
        find_model(name)


@pytest.mark.parametrize(
    ("name", "successor"),
    [
        ("mistral-saba-latest", "mistral-small-latest"),
        ("codestral-mamba-latest", "codestral-latest"),
        ("open-mixtral-8x22b-2404", "mistral-small-latest"),
        ("mistral-tiny", "mistral-small-latest"),
        ("mistral-medium", "mistral-medium-latest"),
        ("Open-Mixtral-8x7B", "mistral-small-latest"),
        ("MISTRAL-LARGE-2407", "mistral-large-latest"),
    ],
)
def test_every_name_of_a_retired_model_is_refused(name: str, successor: str) -> None:
    with pytest.raises(ModelNotFoundError) as refused:
        find_model(name)
    assert f"no longer serves {name}. Use {successor} instead" in str(refused.value)


def test_the_open_weights_of_a_retired_model_are_named() -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        find_model("open-mixtral-8x7b")

    assert str(caught.value) == (
        "La Plateforme no longer serves open-mixtral-8x7b. Use mistral-small-latest instead, or "
        "run mistralai/Mixtral-8x7B-Instruct-v0.1 on a server of your own."
    )


@pytest.mark.parametrize("name", ["mistral-embed", "mistral-ocr-4-0", "mistral-moderation-2603"])
def test_a_model_that_does_not_chat_is_refused(name: str) -> None:
    with pytest.raises(ModelNotFoundError, match=f"{name} .* answers no questions. Use mistral-"):
        find_model(name)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "open-mixtral-8x7b"),
        ("mistralai/mixtral-8x7b-instruct-v0.1", "open-mixtral-8x7b"),
        ("TheBloke/Mixtral-8x7B-Instruct-v0.1-GPTQ", "open-mixtral-8x7b"),
        ("mistral-7b-instruct-v0.2.Q4_K_M.gguf", "mistral-7b-v0.2"),
        ("open-mistral-nemo", "open-mistral-nemo"),
        ("mistralai/Mamba-Codestral-7B-v0.1", "open-codestral-mamba"),
    ],
)
def test_open_weights_are_known_by_their_names_on_a_server(name: str, found: str) -> None:
    model = find_weights(name)

    assert model is not None
    assert model.name == found
    assert OWN_SERVER in model.places


def test_a_retired_model_runs_on_a_server_of_ones_own_alone() -> None:
    model = find_weights("mistralai/Mixtral-8x7B-Instruct-v0.1")

    assert model is not None
    assert model.places == (OWN_SERVER,)
    assert (model.licence, model.parameters, model.active) == ("Apache-2.0", 46.7, 12.9)
    assert (model.gigabytes, model.tools) == ("94 in bf16, 48 in fp8", False)


@pytest.mark.parametrize("name", ["mistral-medium-latest", "meta-llama/Llama-3-8B", "mistral"])
def test_a_name_without_open_weights_of_mistral_is_unknown(name: str) -> None:
    assert find_weights(name) is None


@pytest.mark.parametrize(
    ("name", "tokenizer"),
    [
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", Tokenizer.V1),
        ("TheBloke/Mixtral-8x7B-Instruct-GPTQ", Tokenizer.V1),
        ("NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO", Tokenizer.V1),
        ("mixtral:8x22b", Tokenizer.V3),
        ("mistral:7b-instruct-v0.3-q4_0", Tokenizer.V3),
        ("mistralai/Mistral-Large-Instruct-2411", Tokenizer.V7),
        ("mistral-nemo:12b", Tokenizer.TEKKEN),
        ("mistralai/Ministral-3-8B-Instruct-2512", Tokenizer.TEKKEN),
        ("mistral-small:24b", Tokenizer.TEKKEN),
        ("nvidia/Nemotron-4", Tokenizer.UNKNOWN),
        ("mistral:latest", Tokenizer.UNKNOWN),
        ("qwen3:8b", Tokenizer.UNKNOWN),
    ],
)
def test_a_server_s_model_shows_its_tokenizer_by_name(name: str, tokenizer: Tokenizer) -> None:
    assert tokenizer_of(name, "127.0.0.1:8000") is tokenizer


def test_a_new_model_of_la_plateforme_reads_tekken() -> None:
    assert tokenizer_of("mistral-next", LA_PLATEFORME) is Tokenizer.TEKKEN
    assert tokenizer_of("mistral-small-2402", LA_PLATEFORME) is Tokenizer.V2


def test_offered_models_show_price_context_and_place() -> None:
    cards = [la_plateforme_card(name) for name in offered_models()]

    assert {card.place for card in cards} == {LA_PLATEFORME}
    assert [(card.context_tokens, card.input_price, card.output_price) for card in cards] == [
        (256_000, 0.15, 0.6),
        (256_000, 1.5, 7.5),
        (256_000, 0.5, 1.5),
        (256_000, 0.1, 0.1),
        (256_000, 0.15, 0.15),
        (256_000, 0.2, 0.2),
        (128_000, 0.3, 0.9),
    ]
    assert all(card.tools for card in cards)


def test_embedding_costs_what_the_catalogue_says() -> None:
    assert embedding_cost("mistral-embed", 1_000_000) == pytest.approx(0.1)
    assert embedding_cost("codestral-embed-2505", 2_000_000) == pytest.approx(0.3)
    assert embedding_cost("all-MiniLM-L6-v2", 1_000_000) == 0


def test_cost_is_dollars_for_both_directions() -> None:
    card = ModelCard("m", "La Plateforme", 256_000, input_price=0.15, output_price=0.6)

    assert answer_cost(card, Usage(1_000_000, 500_000)) == pytest.approx(0.45)


def test_cost_is_unknown_without_a_price() -> None:
    assert answer_cost(ModelCard("m", "127.0.0.1:8000", 4096), Usage(10, 10)) is None


@pytest.mark.parametrize(("context", "answer"), [(4096, 1024), (256_000, 2048)])
def test_room_for_the_answer_grows_with_the_context(context: int, answer: int) -> None:
    assert answer_tokens(ModelCard("m", "somewhere", context)) == answer
