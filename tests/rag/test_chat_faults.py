"""How every remote chat model fails: typed, bounded, in plain words."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rag.domain import TextDelta
from rag.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidReplyError,
    ModelNotFoundError,
    RateLimitError,
    RefusedRequestError,
    UnavailableError,
)
from tests.chat_rig import KEY, PROMPT, Rig, text_of
from tests.loopback import (
    Events,
    LoopbackServer,
    Say,
    Status,
    chunk,
    mistral_error,
    rate_limited,
    vllm_error,
)


@pytest.mark.parametrize("closed", [True, False], ids=["clean", "broken"])
def test_stream_without_an_end_is_cut_off(rig: Rig, closed: bool) -> None:
    stream = rig.stream(Events([chunk({"content": "Twelve"})], done=False, closed=closed))

    assert next(stream) == TextDelta("Twelve")
    with pytest.raises(InvalidReplyError, match="cut off"):
        next(stream)
    assert rig.attempts == 1


def test_stream_with_no_event_at_all_is_cut_off(rig: Rig) -> None:
    assert "cut off" in rig.failure(InvalidReplyError, Events([], done=False))


@pytest.mark.parametrize(
    "event",
    [
        mistral_error("Service unavailable", "unreachable_backend", "1100"),
        {"error": {"message": "Service unavailable", "type": "x", "param": None, "code": None}},
        vllm_error("Service unavailable", 500, "InternalServerError"),
    ],
    ids=["mistral", "plain", "vllm"],
)
def test_error_event_in_a_stream_is_raised(rig: Rig, event: dict[str, object]) -> None:
    stream = rig.stream(Events([chunk({"content": "Twelve"}), event]))

    assert next(stream) == TextDelta("Twelve")
    with pytest.raises(UnavailableError):
        next(stream)
    assert rig.attempts == 1


def test_finish_reason_error_is_raised(rig: Rig) -> None:
    rig.failure(InvalidReplyError, Say("Twelve", finish_reason="error"))


@pytest.mark.parametrize(
    "raw",
    [b"data: {oops", b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}', b"data: 5"],
    ids=["invalid JSON", "invalid UTF-8", "a number"],
)
def test_event_that_cannot_be_read_is_raised(rig: Rig, raw: bytes) -> None:
    rig.failure(InvalidReplyError, Events([chunk({"content": "Twelve"}), raw]))


def test_web_page_instead_of_a_reply_is_raised(rig: Rig) -> None:
    page = Status(200, "<html><body>Log in</body></html>", content_type="text/html")

    assert "the address" in rig.failure(InvalidReplyError, page)


def test_redirect_is_not_followed(rig: Rig) -> None:
    elsewhere = Status(307, "", headers={"Location": "http://192.0.2.1/v1/chat/completions"})

    rig.failure(UnavailableError, elsewhere)


def test_silence_is_given_up_and_not_tried_again(rig: Rig) -> None:
    stalled = Events([], stalls=True)

    message = rig.failure(UnavailableError, stalled, timeout_seconds=0.2)

    assert "silent for 0.2 seconds" in message
    assert rig.attempts == 1


def test_silence_in_the_middle_is_given_up(rig: Rig) -> None:
    stream = rig.stream(Events([chunk({"content": "Twelve"})], stalls=True), timeout_seconds=0.2)

    assert next(stream) == TextDelta("Twelve")
    with pytest.raises(UnavailableError, match="silent"):
        next(stream)


@pytest.mark.parametrize("code", [401, 403])
def test_refused_key_is_named_but_not_shown(rig: Rig, code: int) -> None:
    message = rig.failure(AuthenticationError, Status(code, {"message": f"No: {KEY}"}))

    assert "API_KEY" in message
    assert KEY not in message
    assert rig.attempts == 1


@pytest.mark.parametrize(
    "reply",
    [
        Status(400, mistral_error("Invalid model: nope", "invalid_model", "1500")),
        Status(404, vllm_error("The model `nope` does not exist.", 404, "NotFoundError")),
        Status(404, {"error": {"message": 'model "nope" not found, try pulling it first'}}),
    ],
    ids=["mistral", "vllm", "ollama"],
)
def test_model_that_is_not_served_is_named(rig: Rig, reply: Status) -> None:
    said = rig.failure(ModelNotFoundError, reply)
    assert "does not serve mistral-small-latest. Choose another model, or set TRAMONT" in said


@pytest.mark.parametrize(
    "body",
    [
        mistral_error(
            "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 "
            "maximum context length"
        ),
        vllm_error(
            "This model's maximum context length is 2048 tokens. However, your prompt contains "
            "4004 input tokens."
        ),
        {"error": {"code": 400, "message": "the request exceeds the available context size"}},
    ],
    ids=["mistral", "vllm", "llama.cpp"],
)
def test_overlong_prompt_is_told_from_other_refusals(rig: Rig, body: dict[str, object]) -> None:
    said = rig.failure(ContextLengthError, Status(400, body))
    assert "TRAMONTANE_PASSAGES lowers the number of passages" in said
    assert said.endswith("Ask with fewer passages or a shorter conversation.")


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": {}}]},
        mistral_error({"detail": [{"type": "extra", "loc": ["foo"], "msg": "Field required"}]}),
        {"detail": "Field required"},
    ],
    ids=["fastapi", "nested", "plain"],
)
def test_refused_request_is_quoted_in_short(rig: Rig, body: dict[str, object]) -> None:
    assert rig.failure(RefusedRequestError, Status(422, body)).endswith("(422): Field required.")


def test_server_words_are_cut_cleaned_and_without_the_key(rig: Rig) -> None:
    said = f"key {KEY} \x1b[31m\n" + "long " * 200

    message = rig.failure(RefusedRequestError, Status(400, vllm_error(said)))

    assert KEY not in message
    assert "\x1b" not in message
    assert len(message) < 300


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_passing_fault_is_tried_again(rig: Rig, code: int) -> None:
    items = rig.items(Status(code, "upstream"), Say("Yes."))

    assert text_of(items) == "Yes."
    assert rig.attempts == 2
    assert len(rig.waits) == 1
    assert 0.4 < rig.waits[0] < 1.1


def test_lasting_fault_is_raised_after_three_attempts(rig: Rig) -> None:
    rig.failure(UnavailableError, *[Status(503, "", content_type="text/plain")] * 4)

    assert rig.attempts == 3
    assert rig.waits == sorted(rig.waits)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("0", 0.0),
        ("5", 5.0),
        ("20", 20.0),
        ("-7", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
    ids=["zero", "five", "the most", "negative", "a past date"],
)
def test_server_says_how_long_to_wait(rig: Rig, retry_after: str, seconds: float) -> None:
    assert text_of(rig.items(rate_limited(retry_after), Say("Yes."))) == "Yes."
    (waited,) = rig.waits
    assert seconds <= waited <= 1.1 * seconds


def test_waits_together_have_a_bound(rig: Rig) -> None:
    rig.failure(RateLimitError, *[rate_limited("16")] * 3)

    assert rig.attempts == 2
    assert len(rig.waits) == 1


@pytest.mark.parametrize("retry_after", ["99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_absurd_wait_is_told_in_plain_words(rig: Rig, retry_after: str) -> None:
    assert "another day" in rig.failure(RateLimitError, rate_limited(retry_after))
    assert rig.waits == []


@pytest.mark.parametrize("retry_after", ["soon", "nan", "inf", "Wed, 99 Foo"])
def test_unusable_wait_is_replaced_by_ours(rig: Rig, retry_after: str) -> None:
    assert text_of(rig.items(rate_limited(retry_after), Say("Yes."))) == "Yes."
    assert 0.4 < rig.waits[0] < 1.1


def test_long_wait_is_reported_instead(rig: Rig) -> None:
    assert "in 60 minutes" in rig.failure(RateLimitError, rate_limited("3600"))
    assert rig.attempts == 1
    assert rig.waits == []


def test_long_wait_may_be_a_date(rig: Rig) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)

    assert "in 10 minutes" in rig.failure(RateLimitError, rate_limited(later))


def test_connection_cut_before_the_first_word_is_tried_again(rig: Rig) -> None:
    items = rig.items(Events([], done=False, closed=False), Say("Yes."))

    assert text_of(items) == "Yes."
    assert rig.attempts == 2


def test_nothing_that_answers_is_unavailable(rig: Rig) -> None:
    with LoopbackServer() as gone:
        url = gone.url
    chat = rig.build(url, 5.0, rig.waits.append)

    with pytest.raises(UnavailableError, match=f"{url}"):
        list(chat.stream(PROMPT))
    assert len(rig.waits) == 2
