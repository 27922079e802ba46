"""Each event of a batch is checked separately: which are accepted, and the reason for the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain import InteractionKind
from shared.signing import SigningKeys
from timeline.http.interaction_checks import check_events

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYS = SigningKeys(current=b"k")


def event(post: str = "p10", kind: str = "like", user: str = "eve", **more: Any) -> dict[str, Any]:
    return {"user_id": user, "post_id": post, "kind": kind, **more}


BAD = [
    (7, "not-an-object"),
    (None, "not-an-object"),
    (["like"], "not-an-object"),
    ({}, "user-id-unusable"),
    (event() | {"liked": True}, "unknown-field"),
    (event(user=""), "user-id-unusable"),
    (event(user="x" * 129), "user-id-unusable"),
    (event(user="a\0b"), "user-id-unusable"),
    (event(user="\ud800"), "user-id-unusable"),
    (event(user=" eve"), "user-id-unusable"),
    (event(user="eve\u3000"), "user-id-unusable"),
    (event(user="\ud83d\ude00"), "user-id-unusable"),  # two halves of a surrogate pair
    (event(user="x" * 10_000), "user-id-unusable"),
    (event() | {"user_id": 7}, "user-id-unusable"),
    (event("p10 "), "post-id-unusable"),
    (event(event_id="e1\n"), "event-id-unusable"),
    (event("a\nb"), "post-id-unusable"),
    (event() | {"post_id": None}, "post-id-unusable"),
    (event(kind="love"), "kind-unknown"),
    (event(kind="LIKE"), "kind-unknown"),
    (event() | {"kind": ["like"]}, "kind-unknown"),
    (event() | {"kind": {}}, "kind-unknown"),
    (event(event_id=""), "event-id-unusable"),
    (event(event_id=5), "event-id-unusable"),
    (event(kind="comment"), "event-id-missing"),
    (event(created_at="yesterday"), "created-at-unreadable"),
    (event(created_at=1767225600), "created-at-unreadable"),
    (event(created_at="2026-01-01T00:00:00"), "created-at-without-zone"),
    (event(created_at="2026-01-01"), "created-at-without-zone"),
    (event(created_at="10000-01-01T00:00:00Z"), "created-at-unreadable"),
    (event(created_at="0001-01-01T00:00:00Z"), "created-at-before-1970"),
    (event(created_at="0001-01-01T00:00:00+23:00"), "created-at-before-1970"),
    (event(created_at="1969-12-31T23:59:59Z"), "created-at-before-1970"),
    (event(created_at="1970-01-01T00:00:00+00:01"), "created-at-before-1970"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_event_is_rejected_and_the_others_are_accepted(bad: object, reason: str) -> None:
    checked = check_events([event("p01"), bad, event("p02")], now=NOW, keys=KEYS)
    assert (dict(checked.rejected), list(checked.events)) == ({1: reason}, [0, 2])


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (None, NOW),
        ("2026-11-23T11:00:00Z", NOW - timedelta(hours=1)),
        ("2026-11-23T12:00:00+01:00", NOW - timedelta(hours=1)),
        ("2026-11-23T12:00:00.001Z", NOW),
        ("9999-12-31T23:59:59Z", NOW),
        ("9999-12-31T23:59:59-23:00", NOW),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_event_has_its_own_time_but_never_a_later_one_than_now(text: str | None, at: datetime) -> None:
    assert check_events([event(created_at=text)], now=NOW, keys=KEYS).events[0].at == at


@pytest.mark.parametrize("kind", list(InteractionKind))
def test_every_kind_with_an_event_id_is_accepted(kind: InteractionKind) -> None:
    assert check_events([event(kind=kind.value, event_id="e1")], now=NOW, keys=KEYS).events[0].kind is kind


@pytest.mark.parametrize(
    "name", ["x" * 128, "😀" * 128, "a/b", "'; DROP TABLE users; --", "..", "\u202eevil", "%00", "NULL", "a b"]
)
def test_a_strange_id_is_plain_data(name: str) -> None:
    (found,) = check_events([event(name, user=name, event_id=name)], now=NOW, keys=KEYS).events.values()
    assert (found.user_id, found.post_id, found.event_id) == (name, name, name)


@pytest.mark.parametrize(("name", "shown"), [("liked", "liked"), ("x" * 500, "x" * 100), ("\ud800", "?")])
def test_an_unknown_field_is_named(name: str, shown: str) -> None:
    checked = check_events([event(), event() | {name: 1}], now=NOW, keys=KEYS)
    assert (dict(checked.rejected), dict(checked.unknown_fields)) == ({1: "unknown-field"}, {1: shown})


def test_an_event_that_is_older_than_its_kind_is_kept_is_rejected_alone() -> None:
    kept_since = {InteractionKind.VIEW: NOW - timedelta(days=180)}
    oldest, too_old = (NOW - timedelta(days=180)).isoformat(), (NOW - timedelta(days=180, seconds=1)).isoformat()
    batch = [
        event("p01", kind="view", created_at=oldest),
        event("p01", kind="view", created_at=too_old),
        event("p01", kind="like", created_at=too_old),
        event("p01", kind="view"),
    ]
    checked = check_events(batch, now=NOW, keys=KEYS, kept_since=kept_since)
    assert dict(checked.rejected) == {1: "created-at-too-old"}
    assert list(checked.events) == [0, 2, 3]
