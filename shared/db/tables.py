"""The tables of the schema `warmline`. The first four are the relations, used when the team has no views of its own."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from shared.domain import Phase

SCHEMA = "warmline"
metadata = sa.MetaData(schema=SCHEMA)
CURRENT_XID = sa.text("pg_current_xact_id()::text::bigint")


def _now(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _now("created_at"),
    sa.Index("users_created_at", "created_at"),
)

posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("author_id", sa.Text, nullable=False),
    sa.Column("caption", sa.Text, nullable=False, server_default=""),
    sa.Column("image_url", sa.Text),
    _now("created_at"),
    _now("deleted_at", nullable=True),
    sa.Index("posts_created_at", "created_at"),
    sa.Index("posts_author", "author_id"),
)

interactions = sa.Table(
    "interactions",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("post_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    _now("created_at"),
    sa.Column("event_id", sa.Text),
    # The page that the event was made on, where the app said so: its source, generation and first position.
    sa.Column("source", sa.Text),
    sa.Column("generation", sa.BigInteger),
    sa.Column("position", sa.Integer),
    # The transaction that brought it, whenever it says that it happened; NULL: before this was written down.
    sa.Column("changed_xid", sa.BigInteger, server_default=CURRENT_XID),
    sa.Index("interactions_created_at", "created_at"),
    sa.Index("interactions_changed", "changed_xid", postgresql_where=sa.text("changed_xid IS NOT NULL")),
    sa.Index("interactions_user", "user_id", "created_at"),
    sa.Index("interactions_post", "post_id"),
    # A repeat of an event updates its last time; a comment, which may well be repeated, brings an event_id.
    sa.Index(
        "interactions_once", "user_id", "post_id", "kind", unique=True, postgresql_where=sa.text("event_id IS NULL")
    ),
    sa.Index("interactions_event", "event_id", unique=True, postgresql_where=sa.text("event_id IS NOT NULL")),
)

# Who took events back, and in which transaction: an event that is gone cannot say so itself.
revoking_users = sa.Table(
    "revoking_users",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("changed_xid", sa.BigInteger, nullable=False, server_default=CURRENT_XID),
)

blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("blocked_user_id", sa.Text, primary_key=True),
    _now("created_at"),
    sa.Index("blocks_blocked", "blocked_user_id"),
)

# How many events of a kind were made on the pages of a generation; generation 0 holds the sums of the oldest ones.
feed_counts = sa.Table(
    "feed_counts",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("generation", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
)

# Deletes by the API of what a view still shows; also stops a re-import of what was erased. See `shared.db.tombstones`.
tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("relation", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    _now("created_at"),
)

# Users whose rows are gone, but whose traces a run under way, or a Redis that was away, may still hold or bring back.
# A row goes, and with it the last mention of the user, when they are swept up.
erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("post_ids", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("rows", sa.ARRAY(sa.Integer), nullable=False),
    _now("asked_at"),
)

# Who was erased lately, by hash: Redis and the processes' own copies ask before they keep anything of a user. A row
# goes when nothing can be under way any more that knew the user. See `shared.db.erasure`.
erased_users = sa.Table(
    "erased_users",
    metadata,
    sa.Column("user_hash", sa.Text, primary_key=True),
    _now("erased_at"),
    sa.Index("erased_users_erased_at", "erased_at"),
)

# Acts that pages must obey at once, from their own transaction until Redis has them. See `shared.db.safety_outbox`.
safety_outbox = sa.Table(
    "safety_outbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _now("noted_at"),
    sa.Column("user_ids", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("post_rows", sa.ARRAY(sa.Integer), nullable=False),
)

# Which PostgreSQL this is: Redis must never mix the row numbers of two. The salt spreads users over a rollout, and
# stands in Redis too; the secret makes tombstones and stands nowhere else.
installation = sa.Table(
    "installation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    _now("created_at"),
)

# A post's number for ever: lists hold it instead of the id.
post_rows = sa.Table(
    "post_rows",
    metadata,
    sa.Column("row", sa.Integer, sa.Identity(always=True, start=1), primary_key=True),
    sa.Column("post_id", sa.Text, nullable=False, unique=True),
    sa.Column("last_candidate_on", sa.Date, nullable=False, server_default=sa.func.current_date()),
    _now("removed_at", nullable=True),
    # The transaction that removed it: who read the posts before that one was visible may not call the post back.
    sa.Column("removed_xid", sa.BigInteger),
    sa.Index("post_rows_candidate", "last_candidate_on"),
    sa.Index("post_rows_removed", "removed_at", postgresql_where=sa.text("removed_at IS NOT NULL")),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="requested"),
    sa.Column("requested_by", sa.Text, nullable=False),
    _now("requested_at"),
    sa.Column("worker", sa.Text),
    # The run's number at the time of the claim: grows with each claim of any job, so a later writer has the higher one.
    sa.Column("fence", sa.BigInteger),
    _now("started_at", nullable=True),
    _now("lease_until", nullable=True),
    _now("finished_at", nullable=True),
    sa.Column("report", JSONB),
    sa.Column("error", sa.Text),
    # While it runs: what is under way, how much of the whole is done, how long the rest may take, and as of when.
    sa.Column("progress", JSONB),
    sa.CheckConstraint("state IN ('requested', 'running', 'done', 'failed')", name="runs_state"),
    sa.Index("runs_one_request", "job", unique=True, postgresql_where=sa.text("state = 'requested'")),
    sa.Index("runs_one_running", "job", unique=True, postgresql_where=sa.text("state = 'running'")),
    sa.Index("runs_history", "job", sa.text("id DESC")),
)

# What the last run of a job left for the next one.
job_memory = sa.Table(
    "job_memory",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

fences = sa.Sequence("fences", schema=SCHEMA, metadata=metadata)

# Versions of what a user must not be shown: a value read later has a higher one.
viewer_versions = sa.Sequence("viewer_versions", schema=SCHEMA, metadata=metadata)

heartbeats = sa.Table(
    "heartbeats",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("worker", sa.Text, primary_key=True),
    _now("started_at"),
    _now("seen_at"),
)

# The newest row is in force; the others are its audit.
phase_changes = sa.Table(
    "phase_changes",
    metadata,
    sa.Column("version", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("rollout_percent", sa.Double, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    _now("changed_at"),
    sa.CheckConstraint(f"phase IN {tuple(phase.value for phase in Phase)}", name="phase_changes_phase"),
    sa.CheckConstraint("rollout_percent BETWEEN 0 AND 100", name="phase_changes_percent"),
)

# Vectors of photos and captions: whose, of what, by which encoder. A post has one of each encoder that somebody needs:
# the champion's, and those of a training that tries another one.
post_vectors = sa.Table(
    "post_vectors",
    metadata,
    sa.Column("post_id", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("source_hash", sa.Text, nullable=False),
    sa.Column("encoder", sa.Text, primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),  # float16, little-endian
    _now("encoded_at"),
    sa.CheckConstraint("part IN ('image', 'caption')", name="post_vectors_part"),
    sa.Index("post_vectors_encoder", "part", "encoder"),
)

# Captions and photos that could not be encoded: why, by which limit, how often, and when to try again (never, if that
# is blank). A vector that is there already stays beside it.
encoding_failures = sa.Table(
    "encoding_failures",
    metadata,
    sa.Column("post_id", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("source_hash", sa.Text, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
    sa.Column("refused_by", sa.Text),  # the limit or program that refused; another one may not
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _now("next_try", nullable=True),
    sa.CheckConstraint("part IN ('image', 'caption')", name="encoding_failures_part"),
)

# What photos look like from afar, and the cluster of those that look alike (NULL: not compared yet).
photo_fingerprints = sa.Table(
    "photo_fingerprints",
    metadata,
    sa.Column("post_id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("cluster", sa.Integer),
    sa.Index("photo_fingerprints_cluster", "post_id", "cluster", postgresql_where=sa.text("cluster > 0")),
)

photo_clusters = sa.Sequence("photo_clusters", schema=SCHEMA, metadata=metadata)

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("version", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("run_id", sa.BigInteger),
    _now("created_at"),
    sa.Column("folder", sa.Text, nullable=False, unique=True),  # below WARMLINE_MODEL_DIR
    sa.Column("sha256", sa.Text, nullable=False),  # of the weights
    sa.Column("manifest_sha256", sa.Text),  # null: registered by an earlier version; the first scoring adopts it
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("report", JSONB, nullable=False),
    sa.CheckConstraint("state IN ('accepted', 'rejected')", name="model_versions_state"),
)

# Which version is served (`champion`) and which one was before it (`previous`).
model_aliases = sa.Table(
    "model_aliases",
    metadata,
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, sa.ForeignKey(f"{SCHEMA}.model_versions.version"), nullable=False),
    sa.CheckConstraint("alias IN ('champion', 'previous')", name="model_aliases_alias"),
)

# What operators did; holds no personal data.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _now("at"),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("deed", sa.Text, nullable=False),
    sa.Column("was", sa.Text),
    sa.Column("became", sa.Text),
)
