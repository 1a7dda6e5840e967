import httpx2

from tests.loopback import LoopbackServer, bag_of_words
from tests.quoting import quoted_answer


def similarity(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(bag_of_words(one), bag_of_words(other), strict=True))


def test_texts_that_share_words_are_close() -> None:
    asked = "How many parameters per token?"

    assert similarity(asked, "12.9 billion parameters are used per token") > 0.3
    assert similarity(asked, "Bread costs two euros.") < 0.1


def test_answer_quotes_the_source_that_fits_the_question() -> None:
    content = (
        "[1] prices.pdf · page 3\nSmall costs 0.15 dollars.\n\n"
        "[2] guide.pdf · page 4\nIt has eight experts. Each token uses 12.9 billion parameters.\n\n"
        "Question: How many parameters does a token use?"
    )

    assert quoted_answer([{"role": "user", "content": content}]) == (
        "Each token uses 12.9 billion parameters. [2]"
    )


def test_question_without_sources_is_given_back() -> None:
    content = "user: Hello\n\nLast question: And its price?"

    assert quoted_answer([{"role": "user", "content": content}]) == "And its price?"


def test_tokens_are_counted() -> None:
    with LoopbackServer() as server:
        reply = httpx2.post(f"{server.url}/tokenize", json={"prompt": "one two"}, trust_env=False)

    assert reply.json()["count"] == 2
