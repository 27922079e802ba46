"""Promise 8 for photos, on real servers: copies of a photo do not stand next to each other, in both phases."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from starlette.testclient import TestClient

from shared.content.encode_posts import build_encoders, encode_new
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.settings import ContentSettings
from tests.encoders import built_once
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    COLD,
    POSTS,
    Deployment,
    ask,
    eventually,
    ids,
    rest_of_chain,
    until_ready,
)
from tests.photos import a_photo, as_jpeg, brighter, cut, halved

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
ALIKE = {"p00": 1, "p01": 1, "p02": 1, "p03": 1, "p04": 2, "p05": 2, "p06": 2}  # post → which photo it is a copy of
"""Other posts have no photo, or one of their own."""
CHANGES = (lambda photo: photo, halved, lambda photo: cut(photo, 0.03), lambda photo: brighter(photo, 1.1))


def _post_photos(deployment: Deployment, folder: Path) -> None:
    """Copies and other photos, encoded as both jobs of the second phase do it first."""
    own = {post: 100 + place for place, post in enumerate(POSTS[10:20])}
    for place, (post, seed) in enumerate((ALIKE | own).items()):
        (folder / f"{post}.jpg").write_bytes(as_jpeg(CHANGES[place % len(CHANGES)](a_photo(seed)), 60))
        deployment.sql("UPDATE warmline.posts SET image_url = %s WHERE id = %s", [(f"{post}.jpg", post)])
    settings = ContentSettings(media_root=folder, text_encoder=OFFLINE_ENGLISH)
    with deployment.database() as database, built_once():
        encode_new(database, build_encoders(settings), settings, datetime.now(UTC))


def _chain(client: TestClient, user: str, *, limit: int = 7) -> list[str]:
    first = ask(client, user, limit=limit)
    return [post for page in (first, *rest_of_chain([client], user, first, limit=limit)) for post in ids(page)]


def _neighbours(posts: Sequence[str]) -> list[tuple[str, str]]:
    """Posts of one photo side by side."""
    return [(one, other) for one, other in pairwise(posts) if one in ALIKE and ALIKE[one] == ALIKE.get(other)]


def test_copies_of_a_photo_do_not_stand_side_by_side_in_both_phases(
    ranked_deployment: Deployment, tmp_path: Path
) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, deployment.timeline() as fresh:
        until_ready(client, fresh)
        assert _neighbours(_chain(client, "stranger"))  # nobody knows yet which are copies; `client` holds the old copy
        _post_photos(deployment, tmp_path)
        deployment.run_heuristic()
        deployment.publish_neucf(ANN, [*ALIKE, *POSTS[30:60]])
        eventually(lambda: not _neighbours(_chain(client, "newcomer")), "the running timeline knows the clusters")
        assert sorted(_chain(client, "reader")) == sorted(POSTS)
        assert not _neighbours(_chain(client, COLD))
        assert client.put("/admin/phase", headers=OPERATOR, json={"phase": "neucf"}).status_code == 200
        first = ask(client, ANN, limit=10)
        assert first["source"] == "neucf"
        pages = [first, *rest_of_chain([client, fresh], ANN, first, limit=10)]
    served = [post for page in pages for post in ids(page)]
    assert not _neighbours(served)
    assert set(served) >= ALIKE.keys()


def test_copies_come_side_by_side_when_nothing_else_remains(ranked_deployment: Deployment, tmp_path: Path) -> None:
    deployment = ranked_deployment
    _post_photos(deployment, tmp_path)
    deployment.sql(
        "UPDATE warmline.posts SET deleted_at = now() WHERE NOT (id = ANY(%s))", [(["p00", "p01", "p02", "p33"],)]
    )
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        served = ids(ask(client, "stranger", limit=4))
    assert sorted(served) == ["p00", "p01", "p02", "p33"]
    assert served[1] == "p33"
