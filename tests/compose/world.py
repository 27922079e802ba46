"""A small world for the containers, with a right answer: two camps, each of which likes its own photos. No package.

`users.csv`, `posts.csv`, `interactions.csv` for `warmline import`, and a PNG for each post below a media root.
"""

import csv
import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

CAMPS = ("cats", "gardens")
WORDS = {
    "cats": ("kitten", "whiskers", "asleep on the sofa", "paws", "purring", "sunbeam", "tabby", "chasing a string"),
    "gardens": ("roses", "first tomatoes", "rain on leaves", "seedlings", "compost", "hedge", "tulips", "wheelbarrow"),
}
COLOURS = {"cats": (200, 130, 60), "gardens": (50, 150, 70)}  # red, green, blue
COLD_USER = "user-cold"  # joined, and did nothing
DAYS = 10
SIDE = 64  # pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the world is."""

    users: int = 120
    posts: int = 240
    likes_per_user: int = 24
    loyal: float = 0.9  # share of a user's likes that go to the own camp


def camp_of(name: str) -> str:
    """The camp of a user or a post, which its id tells: user-cats-007, post-gardens-012."""
    return name.split("-")[1]


def make_world(folder: Path, media: Path, now: datetime, size: Size | None = None, *, seed: int = 1) -> None:
    """Write the CSV files into `folder` and the photos below `media`, readable by everyone."""
    size, chance = size or Size(), random.Random(seed)
    begin = now - timedelta(days=DAYS)
    users = [f"user-{CAMPS[number % 2]}-{number:03}" for number in range(size.users)]
    posts = {
        f"post-{CAMPS[number % 2]}-{number:03}": begin + timedelta(days=DAYS) * (number / size.posts)
        for number in range(size.posts)
    }
    for place in (folder, media):
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
    joined = [*((user, begin - timedelta(days=30)) for user in users), (COLD_USER, now - timedelta(days=1))]
    _write(folder / "users.csv", ("id", "created_at"), joined)
    _write(
        folder / "posts.csv",
        ("id", "author_id", "caption", "image_url", "created_at", "deleted_at"),
        (
            (post, chance.choice(users), " ".join(chance.sample(WORDS[camp_of(post)], 3)), f"{post}.png", at, "")
            for post, at in posts.items()
        ),
    )
    _write(folder / "interactions.csv", ("user_id", "post_id", "kind", "created_at"), _events(users, posts, size, now))
    for post in posts:
        _write_photo(media / f"{post}.png", COLOURS[camp_of(post)], chance)


def _events(
    users: Sequence[str], posts: dict[str, datetime], size: Size, now: datetime
) -> Iterable[tuple[str, str, str, datetime]]:
    chance = random.Random(len(users))
    by_camp = {camp: [post for post in posts if camp_of(post) == camp] for camp in CAMPS}
    for user in users:
        own = camp_of(user)
        other = CAMPS[1 - CAMPS.index(own)]
        camps = [own if chance.random() < size.loyal else other for _ in range(size.likes_per_user)]
        liked = dict.fromkeys(chance.choice(by_camp[camp]) for camp in camps)
        for post in liked:
            seen_at = posts[post] + (now - posts[post]) * chance.random()
            yield user, post, "view", seen_at
            yield user, post, "like", seen_at


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([value.isoformat() if isinstance(value, datetime) else value for value in row] for row in rows)
    path.chmod(0o644)


def _write_photo(path: Path, colour: tuple[int, int, int], chance: random.Random) -> None:
    """A PNG of one colour with some noise: eight-bit RGB, no filter."""
    noise = [min(255, max(0, part + chance.randint(-30, 30))) for part in colour]
    lines = bytearray()
    for _ in range(SIDE):
        lines.append(0)
        for _ in range(SIDE):
            lines.extend(min(255, max(0, part + chance.randint(-20, 20))) for part in noise)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(lines))), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks))
    path.chmod(0o644)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


if __name__ == "__main__":
    make_world(Path(".warmline/walk/import"), Path(".warmline/walk/media"), datetime.now(UTC))
