from typing import cast

import pytest

from shared.live.loop import ENTRIES_AT_ONCE, USERS_AT_ONCE, fill_pass
from shared.ranked_lists.live_queue import LiveQueue, Waiting


class Queue:
    """Entries in the order in which they came."""

    def __init__(self, users: list[str]) -> None:
        self.entries = [Waiting(entry=str(n).encode(), user_id=user) for n, user in enumerate(users)]

    def take(self, at_most: int) -> list[Waiting]:
        taken, self.entries = self.entries[:at_most], self.entries[at_most:]
        return taken


def filled(users: list[str]) -> tuple[list[Waiting], int]:
    queue = Queue(users)
    waiting = queue.take(USERS_AT_ONCE)
    fill_pass(cast(LiveQueue, queue), waiting)
    return waiting, len(queue.entries)


def test_all_that_few_users_did_is_one_pass() -> None:
    waiting, left = filled([f"u{n % 20}" for n in range(3_000)])
    assert (len(waiting), left) == (3_000, 0)


def test_a_pass_has_at_most_twice_as_many_users_as_are_taken_at_once() -> None:
    waiting, left = filled([f"u{n}" for n in range(1_000)])
    assert len(waiting) == USERS_AT_ONCE
    assert left == 1_000 - USERS_AT_ONCE
    waiting, _ = filled(["u0"] * (USERS_AT_ONCE - 1) + [f"u{n}" for n in range(1, 1_000)])
    assert len({each.user_id for each in waiting}) < 2 * USERS_AT_ONCE


def test_a_pass_ends_somewhere() -> None:
    waiting, left = filled(["u0"] * 10_000)
    assert len(waiting) == ENTRIES_AT_ONCE
    assert left > 0


@pytest.mark.parametrize("entries", [1, USERS_AT_ONCE - 1])
def test_what_came_meanwhile_joins_the_pass(entries: int) -> None:
    waiting, left = filled([f"u{n}" for n in range(entries)])
    assert (len(waiting), left) == (entries, 0)
