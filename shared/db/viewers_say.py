"""What viewers have said of their timelines, read for pages and runs; `shared.db.preferences` writes it.

All of it is in our own PostgreSQL. Muted authors are read by `shared.db.mutes`, since the team may have a view of them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from shared.db.engine import DatabaseSnapshot
from shared.db.tables import SCHEMA
from shared.eligibility import Pair
from shared.preferences.rules import NO_RULES, ViewerRules

_LASTS = "(expires_at IS NULL OR expires_at > now())"


class ViewerSay(NamedTuple):
    """How a viewer wants to be served."""

    rules: ViewerRules = NO_RULES
    is_personalised: bool = True


NOTHING_SAID = ViewerSay()


def load_say(snapshot: DatabaseSnapshot, *, of: Collection[str] | None = None) -> Mapping[str, ViewerSay]:
    """What users (or these users) have said that pages must obey; users who said nothing are left out."""
    condition, values = _condition(of)
    connection = snapshot.connection(snapshot.database.own)
    muted: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: {"tag": [], "word": []})
    query = f"""
        SELECT user_id, about, folded FROM {SCHEMA}.preferences
        WHERE say = 'mute' AND about IN ('tag', 'word') AND {_LASTS} AND {condition} ORDER BY id
        """
    for user_id, about, text in connection.execute(sa.text(query), values):
        muted[user_id][about].append(text)
    # A row of a user who has chosen nothing only tells when they said something, or followed somebody.
    query = f"""
        SELECT user_id, languages, sensitive, personalised FROM {SCHEMA}.viewer_settings
        WHERE (languages <> '{{}}' OR sensitive <> 'show' OR NOT personalised) AND {condition}
        """
    settings = {row[0]: row[1:] for row in connection.execute(sa.text(query), values)}
    said = {}
    for user_id in muted.keys() | settings.keys():
        languages, sensitive, is_personalised = settings.get(user_id, ((), "show", True))
        texts = muted.get(user_id, {"tag": (), "word": ()})
        rules = ViewerRules(
            frozenset(texts["tag"]), tuple(texts["word"]), frozenset(languages), sensitive == "hide"
        )  # fmt: skip
        say = ViewerSay(rules, is_personalised)
        if say != NOTHING_SAID:
            said[user_id] = say
    return said


def load_muted_posts(snapshot: DatabaseSnapshot, *, of: Collection[str] | None = None) -> set[Pair]:
    """Pairs of a user and a post that they muted."""
    condition, values = _condition(of)
    query = f"""
        SELECT user_id, folded FROM {SCHEMA}.preferences
        WHERE say = 'mute' AND about = 'post' AND {_LASTS} AND {condition}
        """
    found = snapshot.connection(snapshot.database.own).execute(sa.text(query), values)
    return {(user_id, post_id) for user_id, post_id in found}


class Wish(NamedTuple):
    """More (+1) or less (-1) of something."""

    sign: float
    about: str  # author, tag, word or post
    target: str  # folded


def load_wishes(snapshot: DatabaseSnapshot, *, of: Collection[str] | None = None) -> Mapping[str, Sequence[Wish]]:
    """What users (or these users) want more or less of. Of posts like a muted one they want less."""
    condition, values = _condition(of)
    query = f"""
        SELECT user_id, CASE say WHEN 'more' THEN 1.0 ELSE -1.0 END::float8, about, folded FROM {SCHEMA}.preferences
        WHERE (say <> 'mute' OR about = 'post') AND {_LASTS} AND {condition} ORDER BY id
        """
    wishes = defaultdict[str, list[Wish]](list)
    for user_id, *wish in snapshot.connection(snapshot.database.own).execute(sa.text(query), values):
        wishes[user_id].append(Wish(*wish))
    return wishes


def users_not_personalised(snapshot: DatabaseSnapshot) -> list[str]:
    """The users who are not personalised. Call it by `snapshot.once`."""
    query = sa.text(f"SELECT user_id FROM {SCHEMA}.viewer_settings WHERE NOT personalised")
    return list(snapshot.connection(snapshot.database.own).scalars(query))


def _condition(of: Collection[str] | None) -> tuple[str, dict[str, object]]:
    return ("true", {}) if of is None else ("user_id = ANY(:users)", {"users": list(of)})
