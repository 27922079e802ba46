"""This process's chains by user and nonce, and its viewers."""

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


def test_a_user_may_have_two_chains() -> None:
    kept = LocalChains()
    kept.put("ann", _chain(b"a"), None, 1)
    kept.put("ann", _chain(b"b"), TAIL, 2)
    assert kept.get("ann", b"a") == (_chain(b"a"), None, 1)
    assert kept.get("ann", b"b") == (_chain(b"b"), TAIL, 2)


def test_a_chain_belongs_to_its_user_only() -> None:
    kept = LocalChains()
    kept.put("ann", _chain(b"a"), None, 1)
    assert kept.get("bob", b"a") is None


def test_the_least_recently_used_chain_is_dropped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chains, "MAX_CHAINS", 2)
    kept = LocalChains()
    for nonce in (b"a", b"b", b"a", b"c"):
        kept.put("ann", _chain(nonce), None, 1)
    assert [kept.get("ann", nonce) is not None for nonce in (b"a", b"b", b"c")] == [True, False, True]


def test_the_least_recently_used_viewers_are_dropped_when_all_hide_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chains, "MAX_HIDDEN", 10)
    kept, ann = LocalChains(), Viewer(hidden_posts=frozenset(range(4)))
    kept.put_viewer("ann", ann)
    kept.put_viewer("bob", Viewer(hidden_authors=frozenset(range(4))))
    kept.put_viewer("ann", ann)
    kept.put_viewer("cid", Viewer(hidden_posts=frozenset(range(4))))
    assert kept.users() == {"ann", "cid"}
    for _ in range(5):  # putting it again counts once
        kept.put_viewer("ann", Viewer(hidden_posts=frozenset(range(4))))
    assert kept.users() == {"ann", "cid"}
    kept.put_viewer("dan", Viewer(hidden_posts=frozenset(range(11))))
    assert kept.users() == set()
