"""What a page shows of a post beside its id: author, caption, photo, and whether the user likes it."""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from psycopg2 import sql

from demo.database import transaction
from demo.feed.settings import FeedSettings

OWN_SCHEMA = "warmline"
MOST_POSTS = 100  # as a page of the timeline has
# The world's users have ids alone; your app has names.
FIRST_NAMES = (
    *("Ada", "Amir", "Anouk", "Ben", "Bruna", "Chidi", "Clara", "Dario", "Edda", "Elif", "Emil", "Farah", "Finn"),
    *("Greta", "Hana", "Hugo", "Ines", "Ivo", "Jade", "Jonas", "Kaya", "Kofi", "Lena", "Liam", "Lucia", "Mara"),
    *("Milo", "Mina", "Nadia", "Nils", "Noor", "Olga", "Oskar", "Pia", "Priya", "Quinn", "Rafa", "Rosa", "Sami"),
    *("Selma", "Sota", "Tara", "Theo", "Uma", "Viktor", "Wanda", "Xenia", "Yara", "Yusuf", "Zoe"),
)
LAST_NAMES = (
    *("Abel", "Adler", "Berg", "Bianchi", "Cole", "Costa", "Dahl", "Diaz", "Eriksen", "Falk", "Farouk", "Garcia"),
    *("Haas", "Ito", "Jansen", "Kaya", "Kim", "Lang", "Lopes", "Mbeki", "Moreau", "Nowak", "Okafor", "Park", "Rao"),
    *("Reyes", "Santos", "Singh", "Tanaka", "Vega", "Weber", "Yilmaz"),
)
_FOLLOWED = "EXISTS (SELECT FROM warmline.follows AS f WHERE f.user_id = %(user)s AND f.author_id = p.author_id)"
_POSTS = """
SELECT p.id, p.author_id, p.caption, p.image_url, p.created_at,
       EXISTS (SELECT FROM {interactions} AS i WHERE i.user_id = %(user)s AND i.post_id = p.id AND i.kind = 'like'),
       {followed}
FROM {posts} AS p
WHERE p.id = ANY(%(ids)s) AND p.deleted_at IS NULL
"""


def read_posts(settings: FeedSettings, user_id: str, post_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The posts that there are, for one user, in any order."""
    # Likes that arrive by the API are in Warmline's own table, also beside views; this example reads one of the two.
    statement = sql.SQL(_POSTS).format(
        posts=sql.Identifier(settings.schema, "posts"),
        interactions=sql.Identifier(settings.schema, "interactions"),
        followed=sql.SQL(_FOLLOWED if settings.schema == OWN_SCHEMA else "false"),
    )
    with transaction(settings.database_url) as cursor:
        cursor.execute(statement, {"user": user_id, "ids": list(post_ids)})
        return [
            {
                "id": post_id,
                "author": {"id": author_id, "name": name_of(author_id)},
                "caption": caption or "",
                "photo": photo_of(image_url),
                "created_at": created_at.isoformat(),
                "liked": liked,
                "followed": followed,
            }
            for post_id, author_id, caption, image_url, created_at, liked, followed in cursor.fetchall()
        ]


def name_of(author_id: str) -> str:
    """A made-up name; an id always has the same."""
    digest = hashlib.blake2b(author_id.encode(), digest_size=4).digest()
    first, last = int.from_bytes(digest[:2]), int.from_bytes(digest[2:])
    return f"{FIRST_NAMES[first % len(FIRST_NAMES)]} {LAST_NAMES[last % len(LAST_NAMES)]}"


def photo_of(image_url: str | None) -> str | None:
    """The address from which the page loads a photo; relative ones lie below the media root."""
    if not image_url or image_url.startswith(("https://", "http://")):
        return image_url or None
    return f"/demo/photos/{quote(image_url)}"
