import pytest

from rag.domain import ModelCard, Usage
from rag.errors import ModelNotFoundError
from rag.models import CATALOGUE, answer_cost, answer_tokens, find_model


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
    names = [model.name for model in CATALOGUE]

    assert len(names) == len(set(names))
    assert all(model.successor for model in CATALOGUE if model.retired)
    assert not any(find_model(m.successor).successor for m in CATALOGUE if m.successor)


def test_cost_is_dollars_for_both_directions() -> None:
    card = ModelCard("m", "La Plateforme", 256_000, input_price=0.15, output_price=0.6)

    assert answer_cost(card, Usage(1_000_000, 500_000)) == pytest.approx(0.45)


def test_cost_is_unknown_without_a_price() -> None:
    assert answer_cost(ModelCard("m", "127.0.0.1:8000", 4096), Usage(10, 10)) is None


@pytest.mark.parametrize(("context", "answer"), [(4096, 1024), (256_000, 2048)])
def test_room_for_the_answer_grows_with_the_context(context: int, answer: int) -> None:
    assert answer_tokens(ModelCard("m", "somewhere", context)) == answer
