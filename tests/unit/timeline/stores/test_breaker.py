"""The circuit breaker: when it opens, and that only a background check closes it."""

from timeline.stores.breaker import FAILURES, Breaker


def _failed(times: int) -> Breaker:
    breaker = Breaker("redis")
    for _ in range(times):
        breaker.failed()
    return breaker


def test_it_opens_after_some_failures_in_a_row() -> None:
    assert (_failed(FAILURES - 1).is_open, _failed(FAILURES).is_open) == (False, True)


def test_an_answer_in_between_resets_the_count() -> None:
    breaker = _failed(FAILURES - 1)
    breaker.answered()
    breaker.failed()
    assert not breaker.is_open


def test_a_late_answer_does_not_close_it() -> None:
    breaker = _failed(FAILURES)
    breaker.answered()
    assert breaker.is_open


def test_a_background_check_closes_it_and_resets_the_count() -> None:
    breaker = _failed(FAILURES)
    breaker.close()
    breaker.failed()
    assert not breaker.is_open


def test_it_reports_once_that_it_opened() -> None:
    told: list[str] = []
    breaker = Breaker("redis", told.append)
    for _ in range(3 * FAILURES):
        breaker.failed()
    assert told == ["redis"]
