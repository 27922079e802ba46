"""`python -m benchmarks.ingest.plain PORT DATABASE_URL`: what one writes first: a FastAPI route that commits an INSERT.

One statement a request, of as many rows as it has events, over connections that stay open. It checks the body's types
as FastAPI does, and nothing else: no key of the app, no erased users, no deleted posts, no seen posts.
"""

import sys
from datetime import datetime
from queue import LifoQueue

import psycopg2
import uvicorn
from fastapi import FastAPI
from psycopg2.extras import execute_values
from pydantic import BaseModel

PATH = "/interactions"
TABLE = "plain_interactions"
THREADS = 40  # as many as FastAPI has for such a route
CREATE = f"""
    CREATE TABLE {TABLE} (
        user_id text NOT NULL, post_id text NOT NULL, kind text NOT NULL, created_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, post_id, kind))
    """
_INSERT = f"INSERT INTO {TABLE} (user_id, post_id, kind, created_at) VALUES %s ON CONFLICT DO NOTHING"


class Interaction(BaseModel):
    """An event."""

    user_id: str
    post_id: str
    kind: str
    created_at: datetime


def app(database_url: str) -> FastAPI:
    """The app."""
    made = FastAPI()
    free: LifoQueue[psycopg2.extensions.connection] = LifoQueue()
    for _ in range(THREADS):
        free.put(psycopg2.connect(database_url))

    @made.post(PATH)
    def add(events: list[Interaction]) -> dict[str, int]:
        connection = free.get()
        try:
            with connection, connection.cursor() as cursor:
                rows = [(event.user_id, event.post_id, event.kind, event.created_at) for event in events]
                execute_values(cursor, _INSERT, rows, page_size=len(rows))
        finally:
            free.put(connection)
        return {"accepted": len(events)}

    return made


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[2]), port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False,
        proxy_headers=False,
    )  # fmt: skip
