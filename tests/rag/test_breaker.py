"""A server that keeps failing is left alone, and tried by one request at a time afterwards."""

from contextlib import suppress

import pytest

from rag.errors import (
    AuthenticationError,
    InvalidReplyError,
    NotBegunError,
    ProviderError,
    RateLimitError,
    UnavailableError,
)
from rag.providers.breaker import Breaker
from rag.providers.retries import Retries, TransientFault
from tests.chat_rig import PROMPT, Rig, text_of
from tests.loopback import LoopbackServer, Reply, Say, Status


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("The server", max_faults=3, rest_seconds=20, clock=clock)


def fail(breaker: Breaker, error: ProviderError, times: int = 1) -> None:
    for _ in range(times):
        with suppress(ProviderError), breaker.counted():
            raise error


def admits(breaker: Breaker) -> bool:
    """Whether a request passes; it ends neither well nor badly."""
    try:
        with breaker.counted():
            raise GeneratorExit
    except NotBegunError:
        return False
    except GeneratorExit:
        return True


@pytest.mark.parametrize("error", [UnavailableError("x"), NotBegunError("x"), RateLimitError("x")])
def test_server_that_fails_three_times_is_left_alone(
    breaker: Breaker, error: ProviderError
) -> None:
    fail(breaker, error, 2)
    assert admits(breaker)
    fail(breaker, error)

    with pytest.raises(NotBegunError, match=r"failed 3 times in a row.*in 20 seconds"):
        breaker.counted().__enter__()


@pytest.mark.parametrize("error", [AuthenticationError("x"), None])
def test_an_answer_in_between_begins_the_count_anew(
    breaker: Breaker, error: ProviderError | None
) -> None:
    fail(breaker, UnavailableError("x"), 2)
    with suppress(ProviderError), breaker.counted():
        if error:
            raise error
    fail(breaker, UnavailableError("x"), 2)

    assert admits(breaker)


def test_nonsense_counts_neither_way(breaker: Breaker) -> None:
    fail(breaker, InvalidReplyError("x"), 9)
    assert admits(breaker)
    fail(breaker, UnavailableError("x"), 2)
    fail(breaker, InvalidReplyError("x"))
    fail(breaker, UnavailableError("x"))

    assert not admits(breaker)


def test_one_request_at_a_time_tries_it_out(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, UnavailableError("x"), 3)
    clock.now += 19
    assert not admits(breaker)
    clock.now += 1

    with breaker.counted():
        assert not admits(breaker)

    assert admits(breaker)


def test_trial_that_fails_leaves_it_alone_again(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, UnavailableError("x"), 3)
    clock.now += 20
    fail(breaker, UnavailableError("x"))

    assert not admits(breaker)
    clock.now += 20
    assert admits(breaker)


def test_trial_that_is_given_up_is_no_verdict(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, UnavailableError("x"), 3)
    clock.now += 20

    assert admits(breaker)
    assert admits(breaker)


def test_fault_that_did_not_pass_counts_once_for_all_its_attempts(breaker: Breaker) -> None:
    retries = Retries(sleep=lambda seconds: None, breaker=breaker)
    asked = []

    def request() -> str:
        asked.append(1)
        raise TransientFault(InvalidReplyError("It was cut off."))

    for _ in range(3):
        with pytest.raises(InvalidReplyError, match="cut off"):
            retries.call(request)
    with pytest.raises(NotBegunError, match="left alone"):
        retries.call(request)

    assert len(asked) == 9


def test_chat_model_leaves_its_server_alone(rig: Rig) -> None:
    with LoopbackServer(chat=[Status(500, "")] * 15) as server:
        chat = rig.build(server.url, 5.0, rig.waits.append)
        for _ in range(5):
            with pytest.raises(UnavailableError, match="fault of its own"):
                list(chat.stream(PROMPT))
        with pytest.raises(NotBegunError, match="is left alone"):
            list(chat.stream(PROMPT))

        assert len(server.requests) == 15


def test_an_answer_that_is_not_read_to_its_end_is_no_fault(rig: Rig) -> None:
    replies: list[Reply] = [Say("Yes."), *[Status(501, "")] * 4, Say("Yes.")]
    with LoopbackServer(chat=replies) as server:
        chat = rig.build(server.url, 5.0, rig.waits.append)
        next(iter(chat.stream(PROMPT)))
        for _ in range(4):
            with pytest.raises(UnavailableError):
                list(chat.stream(PROMPT))

        assert text_of(list(chat.stream(PROMPT))) == "Yes."
