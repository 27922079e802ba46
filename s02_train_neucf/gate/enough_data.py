"""Refuses a training that cannot pass the gate, before hours are spent on encoding and learning."""

from datetime import datetime, timedelta

from s02_train_neucf.gate.cuts import MIN_JUDGED
from shared.candidates.training_amounts import amounts_of
from shared.db.bulk_events import EVERYTHING, KeptSince, load_events
from shared.db.details import count_positives, count_posts
from shared.db.engine import Database
from shared.db.relations import check_relations
from shared.errors import TrainingRefused
from shared.readiness import MIN_POSITIVES, MIN_POSTS, NOT_READY, TrainingAmounts, shortfalls


def refuse_too_little(
    database: Database, *, days: float, min_positives: int, now: datetime, kept_since: KeptSince = EVERYTHING
) -> None:
    """Check that there is enough data, reading no more than necessary.

    The gate cannot be passed if fewer users have `min_positives` positives than the replay needs as test users.

    Raises:
        TrainingRefused: says what is still missing.
        SourceError: a relation is not what the contract says.
    """
    with database.read() as snapshot:
        check_relations(database, snapshot)
        if count_positives(snapshot, most=MIN_POSITIVES) >= MIN_POSITIVES:
            return
        events = load_events(snapshot, since=now - timedelta(days=days), now=now, kept_since=kept_since)
        n_posts = count_posts(snapshot, most=MIN_POSTS)
    amounts = TrainingAmounts(
        **amounts_of(
            events.user_id_hashes, events.post_id_hashes, events.kinds,
            n_posts=n_posts, min_positives=min_positives, days=days,
        )
    )  # fmt: skip
    if amounts.warm_users < MIN_JUDGED:
        raise TrainingRefused(
            f"{NOT_READY}: {'; '.join(shortfalls(amounts))}. Nothing was encoded or trained: the gate has to ask"
            f" {MIN_JUDGED} such users. The heuristic serves everybody until then"
        )
