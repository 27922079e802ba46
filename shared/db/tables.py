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
    # Optional in views, too (`shared.db.relations`); NULL: nobody has said.
    sa.Column("tags", sa.ARRAY(sa.Text)),
    sa.Column("language", sa.Text),
    sa.Column("sensitive", sa.Boolean),
    sa.Column("image_urls", sa.ARRAY(sa.Text)),
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
    # The page on which the event happened, if the app sent it: source, generation and position of its first post.
    sa.Column("source", sa.Text),
    sa.Column("generation", sa.BigInteger),
    sa.Column("position", sa.Integer),
    # The transaction that wrote the row, perhaps long after `created_at`; NULL: written by an earlier version.
    sa.Column("changed_xid", sa.BigInteger, server_default=CURRENT_XID),
    # Of an event that was repeated; `created_at` is then its last time. See `shared.db.repeats`.
    _now("first_at", nullable=True),
    sa.Index("interactions_created_at", "created_at"),
    sa.Index("interactions_changed", "changed_xid", postgresql_where=sa.text("changed_xid IS NOT NULL")),
    sa.Index("interactions_user", "user_id", "created_at"),
    sa.Index("interactions_post", "post_id"),
    # A repeat of an event updates its times; a comment, which may really happen twice, comes with an event_id.
    sa.Index(
        "interactions_once", "user_id", "post_id", "kind", unique=True, postgresql_where=sa.text("event_id IS NULL")
    ),
    sa.Index("interactions_event", "event_id", unique=True, postgresql_where=sa.text("event_id IS NOT NULL")),
)

# Who took events back, and in which transaction, since the deleted event cannot show it.
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

PREFERENCE_IDS = sa.Sequence("preference_ids", schema=SCHEMA, metadata=metadata)

# An optional relation: authors whom a user does not want to see, until a time or for good (NULL).
mutes = sa.Table(
    "mutes",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("muted_user_id", sa.Text, primary_key=True),
    _now("created_at"),
    _now("expires_at", nullable=True),
    sa.Column("id", sa.BigInteger, PREFERENCE_IDS, nullable=False, server_default=PREFERENCE_IDS.next_value()),
    sa.Index("mutes_muted", "muted_user_id"),
    sa.Index("mutes_expires_at", "expires_at", postgresql_where=sa.text("expires_at IS NOT NULL")),
)

# An optional relation: who follows which author.
follows = sa.Table(
    "follows",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("author_id", sa.Text, primary_key=True),
    _now("created_at"),
    sa.Index("follows_author", "author_id"),
)

# What else a user has said about authors, tags, posts and words: `target` as they wrote it, `folded` as it is compared.
# A mute of an author is in `mutes`. The ids of both tables are of one sequence.
preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("id", sa.BigInteger, PREFERENCE_IDS, primary_key=True, server_default=PREFERENCE_IDS.next_value()),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("say", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    _now("created_at"),
    _now("expires_at", nullable=True),
    sa.CheckConstraint("say IN ('more', 'less', 'mute')", name="preferences_say"),
    sa.CheckConstraint("about IN ('author', 'tag', 'post', 'word')", name="preferences_about"),
    sa.UniqueConstraint("user_id", "about", "folded", name="preferences_once"),
    sa.Index("preferences_named", "folded", postgresql_where=sa.text("about IN ('author', 'post')")),
    sa.Index("preferences_expires_at", "expires_at", postgresql_where=sa.text("expires_at IS NOT NULL")),
)

# How a user wants to be served; a user without a row: in all languages, with sensitive posts, personalised.
viewer_settings = sa.Table(
    "viewer_settings",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("languages", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("sensitive", sa.Text, nullable=False, server_default="show"),
    sa.Column("personalised", sa.Boolean, nullable=False, server_default=sa.true()),
    _now("changed_at"),
    # The transaction in which the user last said something, blocked or was blocked, or it was taken back: their lists
    # are made anew.
    sa.Column("changed_xid", sa.BigInteger, nullable=False, server_default=CURRENT_XID),
    sa.Index("viewer_settings_changed", "changed_xid"),
    sa.CheckConstraint("sensitive IN ('show', 'hide')", name="viewer_settings_sensitive"),
)

# Counts of events by kind on the pages of a generation; generation 0 holds the sums of the oldest ones.
feed_counts = sa.Table(
    "feed_counts",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("generation", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
)

# Hides what the API deleted and a view still contains; also blocks an import of erased data. See
# `shared.db.tombstones`.
tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("relation", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    _now("created_at"),
)

# Erased users about whom a run under way, or a Redis that was down, may still hold or write something. When that is
# cleaned up, the row is deleted, and with it the last mention of the user.
erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("post_ids", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("rows", sa.ARRAY(sa.Integer), nullable=False),
    _now("asked_at"),
)

# What the API took down and may bring back: posts (`relation` is "posts") that are hidden from everybody, and suspended
# users ("users"), whose posts are. Rows may name ids that no relation has (yet). See `shared.db.takedowns`.
takedowns = sa.Table(
    "takedowns",
    metadata,
    sa.Column("relation", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    _now("created_at"),
    sa.CheckConstraint("relation IN ('posts', 'users')", name="takedowns_relation"),
)

# Users who were erased lately, by hash: checked before Redis or a process stores anything about a user. A row is
# deleted when nothing that knew the user can still be under way. See `shared.db.erasure`.
erased_users = sa.Table(
    "erased_users",
    metadata,
    sa.Column("user_hash", sa.Text, primary_key=True),
    _now("erased_at"),
    sa.Index("erased_users_erased_at", "erased_at"),
)

# Acts that pages must obey at once, from the act's transaction until Redis has them. See `shared.db.safety_outbox`.
safety_outbox = sa.Table(
    "safety_outbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _now("noted_at"),
    sa.Column("user_ids", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("post_rows", sa.ARRAY(sa.Integer), nullable=False),
    sa.Column("author_ids", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
)

# The identity of this PostgreSQL: a Redis must never mix the post numbers of two. The salt distributes users over a
# rollout, and is in Redis, too; the secret is for tombstones, and is nowhere else.
installation = sa.Table(
    "installation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    _now("created_at"),
)

# The permanent number (`row`) of a post, which lists contain instead of its id.
post_rows = sa.Table(
    "post_rows",
    metadata,
    sa.Column("row", sa.Integer, sa.Identity(always=True, start=1), primary_key=True),
    sa.Column("post_id", sa.Text, nullable=False, unique=True),
    sa.Column("last_candidate_on", sa.Date, nullable=False, server_default=sa.func.current_date()),
    _now("removed_at", nullable=True),
    # The transaction that removed it: a reader that could not see it yet must not treat the post as come back.
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
    # Assigned at the claim; grows with each claim of any job, so that a later writer has a higher number.
    sa.Column("fence", sa.BigInteger),
    _now("started_at", nullable=True),
    _now("lease_until", nullable=True),
    _now("finished_at", nullable=True),
    sa.Column("report", JSONB),
    sa.Column("error", sa.Text),
    # While it runs: the present step, how much is done, the estimated remaining time, and the time of this report.
    sa.Column("progress", JSONB),
    sa.CheckConstraint("state IN ('requested', 'running', 'done', 'failed')", name="runs_state"),
    sa.Index("runs_one_request", "job", unique=True, postgresql_where=sa.text("state = 'requested'")),
    sa.Index("runs_one_running", "job", unique=True, postgresql_where=sa.text("state = 'running'")),
    sa.Index("runs_history", "job", sa.text("id DESC")),
)

# What the last run of a job stored for the next one.
job_memory = sa.Table(
    "job_memory",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

fences = sa.Sequence("fences", schema=SCHEMA, metadata=metadata)

# Versions of what users must not be shown: a value that is read later has a higher version.
viewer_versions = sa.Sequence("viewer_versions", schema=SCHEMA, metadata=metadata)

heartbeats = sa.Table(
    "heartbeats",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("worker", sa.Text, primary_key=True),
    _now("started_at"),
    _now("seen_at"),
)

# The newest row is in force; the others are the history.
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

# Vectors of photos and captions. A post has one for each encoder in use: the champion's, and perhaps another one's that
# is used for training.
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

# Captions and photos that could not be encoded: why, which limit refused, how often, and when to try again (NULL: not
# before the source or the limit changes). An existing vector stays.
encoding_failures = sa.Table(
    "encoding_failures",
    metadata,
    sa.Column("post_id", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("source_hash", sa.Text, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
    sa.Column("refused_by", sa.Text),  # the limit or program that refused; another one may accept
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _now("next_try", nullable=True),
    sa.CheckConstraint("part IN ('image', 'caption')", name="encoding_failures_part"),
)

# Perceptual fingerprints of photos, and the cluster of near-identical ones (NULL: not compared yet).
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
    sa.Column("manifest_sha256", sa.Text),  # NULL: registered by an earlier version; the first scoring records it
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("report", JSONB, nullable=False),
    sa.CheckConstraint("state IN ('accepted', 'rejected')", name="model_versions_state"),
)

# The version that is served (`champion`), and the one before it (`previous`).
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
