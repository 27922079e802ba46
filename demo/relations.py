"""Writes a world as the four CSV files that `warmline import` reads."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from demo.world import DemoWorld, Times


def write_relations(world: DemoWorld, folder: Path) -> None:
    """Write users.csv, posts.csv, interactions.csv and blocks.csv; an empty field is null."""
    folder.mkdir(parents=True, exist_ok=True)
    users, posts, events, blocks = world.users, world.posts, world.interactions, world.blocks
    _write(folder / "users.csv", ("id", "created_at"), zip(users.id.tolist(), _iso(users.created_at), strict=True))
    _write(
        folder / "posts.csv",
        ("id", "author_id", "caption", "image_url", "created_at", "deleted_at"),
        zip(
            posts.id.tolist(),
            posts.author_id.tolist(),
            posts.caption.tolist(),
            posts.image_url.tolist(),
            _iso(posts.created_at),
            [""] * len(posts.id),
            strict=True,
        ),
    )
    _write(
        folder / "interactions.csv",
        ("user_id", "post_id", "kind", "created_at"),
        zip(
            events.user_id.tolist(), events.post_id.tolist(), events.kind.tolist(), _iso(events.created_at), strict=True
        ),
    )
    _write(
        folder / "blocks.csv",
        ("user_id", "blocked_user_id", "created_at"),
        zip(blocks.user_id.tolist(), blocks.blocked_user_id.tolist(), _iso(blocks.created_at), strict=True),
    )


def _iso(times: Times) -> list[str]:
    return [f"{text}+00:00" for text in np.datetime_as_string(times, unit="ms").tolist()]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
