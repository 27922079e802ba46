"""Cursors and feed ids over HTTP: forged ones, those from before an upgrade, and generations that do not exist."""

import hmac
from datetime import UTC, datetime

from starlette.testclient import TestClient

from shared.domain import Source
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import sign, verify
from shared.signing import SigningKeys
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    API_KEY,
    JWT_KEY,
    Deployment,
    ask,
    ids,
    rest_of_chain,
    state_of_app,
    until_ready,
)  # fmt: skip
from tests.public_keys import PUBLIC
from timeline.feed.feed_id import feed_id
from timeline.state import State

BACKEND, OPERATOR = ({"Authorization": f"Bearer {token}"} for token in (API_KEY, ADMIN_TOKEN))
SIGNING_KEY = "signing-key-of-the-tests-" + "s" * 32
LAST_UINT32 = 4_294_967_295


def under_key_of_before(state: State, cursor: str, secret: str) -> str:
    """The same cursor, as the previous version signed it."""
    decoded = verify(cursor, user_id=ANN, keys=state.signing_keys)
    key = hmac.digest(secret.encode(), b"warmline cursor", "sha256")
    return sign(decoded, user_id=ANN, keys=SigningKeys(current=key))


def test_an_open_chain_goes_on_through_the_upgrade_where_the_key_was_secret(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline(signing_key=SIGNING_KEY) as client:
        until_ready(client)
        first = ask(client, ANN, limit=10)
        opened = first | {"next_cursor": under_key_of_before(state_of_app(client), first["next_cursor"], JWT_KEY)}
        served = [post for page in [first, *rest_of_chain([client], ANN, opened, limit=10)] for post in ids(page)]
    assert len(served) == len(set(served)) == 90


def test_a_cursor_under_a_public_key_is_refused_and_a_first_page_comes(ranked_deployment: Deployment) -> None:
    for algorithm, public in PUBLIC.items():
        with ranked_deployment.timeline(jwt_key=public, jwt_algorithm=algorithm) as client:
            until_ready(client)
            cursor = under_key_of_before(state_of_app(client), ask(client, ANN)["next_cursor"], public)
            answer = client.get(f"/timeline/{ANN}", params={"cursor": cursor})
            assert (answer.status_code, answer.json()["type"]) == (400, "urn:warmline:problem:invalid-cursor")
            assert len(ids(ask(client, ANN))) == 20


def test_another_process_takes_a_cursor_and_gives_the_same_page_again(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        cursor = ask(one, ANN)["next_cursor"]
        pages = [ids(ask(client, ANN, cursor=cursor)) for client in (other, one, other)]
    assert pages[0] == pages[1] == pages[2]


# --- generations ------------------------------------------------------------------------------------------------------


def comment(client: TestClient, feed: str, count: int) -> None:
    """Comments on one page."""
    events = [
        {"user_id": ANN, "post_id": "p10", "kind": "comment", "event_id": f"{feed}{number}", "feed_id": feed}
        for number in range(count)
    ]
    answer = client.post("/interactions", json=events, headers=BACKEND)
    assert answer.json()["accepted"] == count


def signed_feed(client: TestClient, generation: int) -> str:
    """A feed id with a valid signature, so that only its generation is checked."""
    state = state_of_app(client)
    frozen = RankedList(source=Source.NEUCF, generation=generation, generated_at=datetime.now(UTC), entries=b"")
    return feed_id(frozen, 0, b"8 bytes!", user_id=ANN, keys=state.signing_keys)


def feeds(client: TestClient) -> list[tuple[str, int | None]]:
    found = client.get("/admin/status", headers=OPERATOR).json()["feeds"]
    return [(each["source"], each["generation"]) for each in found]


def test_generations_that_were_never_given_out_count_for_no_page(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    ((newest,),) = ranked_deployment.sql("SELECT last_value FROM warmline.fences")
    for generation in (newest + 1, 2**31, LAST_UINT32):
        comment(client, signed_feed(client, generation), 300)
    assert feeds(client) == []
    assert ranked_deployment.sql(
        "SELECT DISTINCT generation FROM warmline.interactions WHERE user_id = %s", [(ANN,)]
    ) == [(None,)]
    comment(client, signed_feed(client, newest), 1)
    assert feeds(client) == [("neucf", None)]


def test_no_clients_number_folds_what_was_counted_away(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.sql("INSERT INTO warmline.feed_counts VALUES ('heuristic', 4, 'like', 7)")
    ranked_deployment.sql("SELECT setval('warmline.fences', 5003)")
    for generation in (LAST_UINT32, 5003):
        comment(client, signed_feed(client, generation), 1)
    counted = "SELECT generation, events FROM warmline.feed_counts WHERE source = 'heuristic'"
    assert ranked_deployment.sql(counted) == [(4, 7)]
    ranked_deployment.sql("SELECT setval('warmline.fences', 5004)")
    comment(client, signed_feed(client, 5004), 1)
    assert ranked_deployment.sql(counted) == [(0, 7)]
