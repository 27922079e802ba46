"""Bulk loads of what served people when they liked something: the page of a like, and whom a model may have served.

Pages are known of events that the app sent with a `feed_id`; these are always in our own table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from shared.db.binary_copy import copy_binary, joined
from shared.db.bulk_events import sql_text
from shared.db.engine import DatabaseSnapshot
from shared.db.models import CHAMPION, CHAMPION_DEEDS
from shared.db.relations import id_hash_sql, usable_id_sql
from shared.db.tables import SCHEMA, audit, installation, model_aliases, phase_changes, runs
from shared.db.timestamps import seconds_sql
from shared.domain import JOB_OF_PHASE, POSITIVE_KINDS, ROLLOUT_BUCKETS, SOURCES_BY_CODE, Phase
from shared.event_columns import Floats, Int16s, Int64s

SCORE_JOB = JOB_OF_PHASE[Phase.NEUCF]
UNKNOWN = -1  # instead of a source or position
_ODD = np.int64(
    -7046029254386353131
)  # 2⁶⁴ / the golden ratio: pairs of different users and posts get different numbers
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServedLikes:
    """The pages on which likes (positive events) happened, as columns of one length; one for each user and post."""

    pairs: Int64s  # (n_likes,) ascending: user and post in one number
    sources: Int8s  # (n_likes,) codes: indices in `SOURCES_BY_CODE`
    positions: Int32s  # (n_likes,) of the page's first post in its chain, from 0

    @classmethod
    def of(
        cls, *, user_id_hashes: Int64s, post_id_hashes: Int64s, at: Floats, sources: Int8s, positions: Int32s
    ) -> Self:
        """From likes with a page, as columns in any order; of those of one user and post, the earliest counts."""
        pairs = _pairs(user_id_hashes, post_id_hashes)
        order = np.lexsort((sources, at, pairs))
        kept = order[np.diff(pairs[order], prepend=~pairs[order[:1]]) != 0]
        return cls(pairs=pairs[kept], sources=sources[kept], positions=positions[kept])

    def of_pairs(self, user_id_hashes: Int64s, post_id_hashes: Int64s) -> tuple[Int8s, Int32s]:
        """Source and position of the page of each pair; UNKNOWN where nothing is known. (n,), (n,) -> (n,), (n,)"""
        n = len(user_id_hashes)
        if len(self.pairs) == 0:
            return np.full(n, UNKNOWN, np.int8), np.full(n, UNKNOWN, np.int32)
        wanted = _pairs(user_id_hashes, post_id_hashes)
        found = np.minimum(np.searchsorted(self.pairs, wanted), len(self.pairs) - 1)
        is_known = self.pairs[found] == wanted
        sources = np.where(is_known, self.sources[found], np.int8(UNKNOWN))
        return sources, np.where(is_known, self.positions[found], np.int32(UNKNOWN))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RolloutHistory:
    """Which share of the users a model may have served, over time, and the bucket that decides who is in it."""

    changed_at: Floats  # (n_changes,) ascending; before the first one nobody is in it
    percents: Floats  # (n_changes,) of the rollout; 0 in the phase `heuristic` and while no model had lists
    user_id_hashes: Int64s  # (n_users,) ascending; empty if all or nobody were in it at each time
    buckets: Int16s  # (n_users,) as `domain.rollout_bucket`

    def outside(self, user_id_hashes: Int64s, at: Floats) -> npt.NDArray[np.bool_]:
        """Whether a user was outside at a time, and so was served by the heuristic. (n,), (n,) -> (n,)

        A user whose bucket is unknown is outside only when everybody is.
        """
        percents = in_force_at(self.changed_at, self.percents, at)
        # The very product of `PhaseState.phase_of`: another order of operations rounds 71.4 % to another bucket.
        outside: npt.NDArray[np.bool_] = self._buckets_of(user_id_hashes) >= percents * 100
        return outside

    def _buckets_of(self, user_id_hashes: Int64s) -> Int16s:
        """(n,) -> (n,)"""
        if len(self.user_id_hashes) == 0:
            return np.zeros(len(user_id_hashes), np.int16)
        found = np.minimum(np.searchsorted(self.user_id_hashes, user_id_hashes), len(self.user_id_hashes) - 1)
        return np.where(self.user_id_hashes[found] == user_id_hashes, self.buckets[found], np.int16(0))


NO_SERVED_LIKES = ServedLikes(
    pairs=np.zeros(0, np.int64), sources=np.zeros(0, np.int8), positions=np.zeros(0, np.int32)
)
NO_ROLLOUT = RolloutHistory(
    changed_at=np.zeros(0), percents=np.zeros(0), user_id_hashes=np.zeros(0, np.int64), buckets=np.zeros(0, np.int16)
)


def load_served_likes(snapshot: DatabaseSnapshot, *, since: float) -> ServedLikes:
    """The pages of the likes since a time (seconds since 1970); of several likes of a user and post, the earliest that
    has one."""
    codes = " ".join(f"WHEN '{source}' THEN {code}" for code, source in enumerate(SOURCES_BY_CODE))
    sources, kinds = (",".join(f"'{word}'" for word in words) for words in (SOURCES_BY_CODE, sorted(POSITIVE_KINDS)))
    query = f"""
        SELECT {id_hash_sql("user_id")}, {id_hash_sql("post_id")}, {seconds_sql("least(first_at, created_at)")},
          (CASE source {codes} END)::int2, coalesce(position, {UNKNOWN})
        FROM {SCHEMA}.interactions
        WHERE created_at >= to_timestamp('{since!r}'::float8) AND kind IN ({kinds}) AND source IN ({sources})
        """
    fields = {"user": ">i8", "post": ">i8", "at": ">f8", "source": ">i2", "position": ">i4"}
    found = copy_binary(snapshot.connection(snapshot.database.own), query, fields)
    return ServedLikes.of(
        user_id_hashes=found["user"],
        post_id_hashes=found["post"],
        at=found["at"],
        sources=found["source"].astype(np.int8),
        positions=found["position"],
    )


def load_rollout_history(snapshot: DatabaseSnapshot, *, since: float) -> RolloutHistory:
    """The changes of the phase and of what it could serve, and the users' buckets if they decided about anybody since a
    time (in seconds)."""
    connection = snapshot.connection(snapshot.database.own)
    phase_at, of_phase = _phases(connection)
    model_at, has_model = _models(connection)
    changed_at = np.union1d(phase_at, model_at)
    percents = in_force_at(phase_at, of_phase, changed_at) * in_force_at(model_at, has_model, changed_at)
    in_force = np.append(changed_at[1:], np.inf) > since
    is_partial = (percents > 0) & (percents < 100)
    users, buckets = NO_ROLLOUT.user_id_hashes, NO_ROLLOUT.buckets
    if (in_force & is_partial).any():
        users, buckets = _buckets(snapshot, connection.scalar(sa.select(installation.c.salt)) or "")
    return RolloutHistory(changed_at=changed_at, percents=percents, user_id_hashes=users, buckets=buckets)


def in_force_at(changed_at: Floats, values: Floats, at: Floats) -> Floats:
    """The last value that was set by each time; 0 before the first. (n,), (n,), (n_times,) -> (n_times,)"""
    return np.asarray(np.r_[0.0, values][np.searchsorted(changed_at, at, side="right")], np.float64)


def _phases(connection: sa.Connection) -> tuple[Floats, Floats]:
    """When the phase changed, and the percentage of users in that of the model from then on. -> (n,), (n,)"""
    query = sa.select(phase_changes.c.changed_at, phase_changes.c.phase, phase_changes.c.rollout_percent)
    changes = connection.execute(query.order_by(phase_changes.c.version)).all()
    percents = [percent if phase == Phase.NEUCF else 0.0 for _, phase, percent in changes]
    return _ascending([at.timestamp() for at, _, _ in changes]), np.array(percents, np.float64)


def _models(connection: sa.Connection) -> tuple[Floats, Floats]:
    """When it changed whether a model may have had lists, and whether it may (0 or 1) from then on. -> (n,), (n,)

    It may from the time when a model became champion, a little before its lists were there, to the end of the scoring
    run that withdrew the lists of a demoted one. Runs that are not on record any more count as not made. A champion
    whose promotion is not on record any more was there from the beginning.
    """
    deeds = sa.select(audit.c.at, audit.c.was, audit.c.became).where(audit.c.deed.in_(CHAMPION_DEEDS))
    changes = connection.execute(deeds.order_by(audit.c.id)).all()
    scored = sa.select(runs.c.started_at, runs.c.finished_at).where(
        runs.c.job == SCORE_JOB, runs.c.state == "done", runs.c.report.has_key("withdrawn")
    )
    is_there = model_aliases.c.alias == CHAMPION
    first = changes[0].was if changes else connection.scalar(sa.select(model_aliases.c.version).where(is_there))
    return model_times(
        [(at.timestamp(), became is not None) for at, _, became in changes],
        [(start.timestamp(), end.timestamp()) for start, end in connection.execute(scored.order_by(runs.c.id))],
        before=first is not None,
    )


def model_times(
    changes: Sequence[tuple[float, bool]], scored: Sequence[tuple[float, float]], *, before: bool
) -> tuple[Floats, Floats]:
    """When it changed whether a model may have had lists, and whether it may (0 or 1) from then on. -> (n,), (n,)

    Args:
        changes: of the champion: when, and whether there was one from then on; in their order.
        scored: start and end of good scoring runs that found no champion, and withdrew the lists.
        before: whether there was a champion before the first change.
    """
    at = _ascending([time for time, _ in changes])
    times, may = [-np.inf], [float(before)]
    for time, until, (_, is_there) in zip(at, np.r_[at, np.inf][1:], changes, strict=True):
        withdrawn = [end for start, end in scored if time <= start and end < until]
        if is_there or withdrawn:
            times.append(float(time) if is_there else min(withdrawn))
            may.append(float(is_there))
    return np.array(times), np.array(may)


def _ascending(times: Sequence[float]) -> Floats:
    """After a clock was set back, a later change may be dated before an earlier one: it holds from that one's time."""
    return np.maximum.accumulate(np.array(times, np.float64))


def _pairs(user_id_hashes: Int64s, post_id_hashes: Int64s) -> Int64s:
    """One number for each pair of user and post. (n,), (n,) -> (n,)

    Two of ten million pairs share one with a probability of 3 in 10⁶; then one like gets the page of another.
    """
    return user_id_hashes * _ODD + post_id_hashes


def _buckets(snapshot: DatabaseSnapshot, salt: str) -> tuple[Int64s, Int16s]:
    """All users by id hash, and their buckets: only PostgreSQL knows the ids, so it computes the digests."""
    parts = [
        copy_binary(
            connection,
            f"""
            SELECT {id_hash_sql("id")}, sha256(convert_to({sql_text(salt)} || CAST(id AS text), 'UTF8'))
            FROM {name} WHERE {usable_id_sql("id")}
            """,
            {"user": ">i8", "digest": "V32"},
        )
        for connection, name in snapshot.homes("users")
    ]
    users, digests = (joined([part[name] for part in parts]) for name in ("user", "digest"))
    order = np.argsort(users, kind="stable")
    return users[order], _bucket_of(digests[order])


def _bucket_of(digests: npt.NDArray[np.void]) -> Int16s:
    """`domain.rollout_bucket` of SHA-256 digests of 32 bytes: a number of 256 bits, modulo. (n,) -> (n,)"""
    words = np.frombuffer(digests.tobytes(), ">u4").reshape(len(digests), 8).astype(np.int64)
    of_words = np.array([pow(2, 32 * place, ROLLOUT_BUCKETS) for place in range(7, -1, -1)])
    buckets: Int16s = (words @ of_words % ROLLOUT_BUCKETS).astype(np.int16)
    return buckets
