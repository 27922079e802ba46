"""The shelf: chains of this process, by user and chain."""

from datetime import UTC, datetime

import pytest

from shared.domain import Source
from shared.eligibility import Viewer
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.records import Chain, Tail
from timeline.stores import local_chains
from timeline.stores.local_chains import LocalChains

TAIL = Tail(unseen=1, entries=b"\0" * 6)


def _chain(nonce: bytes) -> Chain:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    frozen = RankedList(source=Source.NEWEST, generation=0, generated_at=at, entries=b"")
    return Chain(nonce=nonce, frozen=frozen)


def test_two_chains_of_one_user_stand_beside_each_other() -> None:
    kept = LocalChains()
    kept.put("ann", _chain(b"a"), None, 1)
    kept.put("ann", _chain(b"b"), TAIL, 2)
    assert kept.get("ann", b"a") == (_chain(b"a"), None, 1)
    assert kept.get("ann", b"b") == (_chain(b"b"), TAIL, 2)


def test_a_chain_is_its_users_alone() -> None:
    kept = LocalChains()
    kept.put("ann", _chain(b"a"), None, 1)
    assert kept.get("bob", b"a") is None


def test_the_longest_unused_chain_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chains, "MAX_CHAINS", 2)
    kept = LocalChains()
    for nonce in (b"a", b"b", b"a", b"c"):
        kept.put("ann", _chain(nonce), None, 1)
    assert [kept.get("ann", nonce) is not None for nonce in (b"a", b"b", b"c")] == [True, False, True]


def test_the_longest_unused_viewers_go_where_all_of_them_withhold_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chains, "MAX_HIDDEN", 10)
    kept, ann = LocalChains(), Viewer(hidden_posts=frozenset(range(4)))
    kept.put_viewer("ann", ann)
    kept.put_viewer("bob", Viewer(hidden_authors=frozenset(range(4))))
    kept.put_viewer("ann", ann)
    kept.put_viewer("cid", Viewer(hidden_posts=frozenset(range(4))))
    assert kept.users() == {"ann", "cid"}
    for _ in range(5):  # what is put anew counts once
        kept.put_viewer("ann", Viewer(hidden_posts=frozenset(range(4))))
    assert kept.users() == {"ann", "cid"}
    kept.put_viewer("dan", Viewer(hidden_posts=frozenset(range(11))))
    assert kept.users() == set()
