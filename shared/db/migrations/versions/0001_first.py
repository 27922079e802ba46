"""The four relations as own tables, row numbers, runs, heartbeats, the phase."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "warmline"
revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("fences", schema=SCHEMA)))
    op.execute(sa.schema.CreateSequence(sa.Sequence("viewer_versions", schema=SCHEMA)))
    op.create_table(
        "blocks",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("blocked_user_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "blocked_user_id"),
        schema=SCHEMA,
    )
    op.create_index("blocks_blocked", "blocks", ["blocked_user_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "heartbeats",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("service", "worker"),
        schema=SCHEMA,
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
    op.create_table(
        "interactions",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        schema=SCHEMA,
    )
    op.create_index("interactions_created_at", "interactions", ["created_at"], unique=False, schema=SCHEMA)
    op.create_index(
        "interactions_event",
        "interactions",
        ["event_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_index(
        "interactions_once",
        "interactions",
        ["user_id", "post_id", "kind"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("event_id IS NULL"),
    )
    op.create_index("interactions_user", "interactions", ["user_id", "created_at"], unique=False, schema=SCHEMA)
    op.create_table(
        "phase_changes",
        sa.Column("version", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("rollout_percent", sa.Double(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("phase IN ('heuristic', 'neucf')", name="phase_changes_phase"),
        sa.CheckConstraint("rollout_percent BETWEEN 0 AND 100", name="phase_changes_percent"),
        sa.PrimaryKeyConstraint("version"),
        schema=SCHEMA,
    )
    op.create_table(
        "post_rows",
        sa.Column("row", sa.Integer(), sa.Identity(always=True, start=1), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("last_candidate_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
        sa.UniqueConstraint("post_id"),
        schema=SCHEMA,
    )
    op.create_index("post_rows_candidate", "post_rows", ["last_candidate_on"], unique=False, schema=SCHEMA)
    op.create_index(
        "post_rows_removed",
        "post_rows",
        ["removed_at"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("removed_at IS NOT NULL"),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
    op.create_index("posts_author", "posts", ["author_id"], unique=False, schema=SCHEMA)
    op.create_index("posts_created_at", "posts", ["created_at"], unique=False, schema=SCHEMA)
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="requested", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", JSONB(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('requested', 'running', 'done', 'failed')", name="runs_state"),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
    op.create_index("runs_history", "runs", ["job", sa.literal_column("id DESC")], unique=False, schema=SCHEMA)
    op.create_index(
        "runs_one_request", "runs", ["job"], unique=True, schema=SCHEMA, postgresql_where=sa.text("state = 'requested'")
    )
    op.create_index(
        "runs_one_running", "runs", ["job"], unique=True, schema=SCHEMA, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "tombstones",
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("relation", "id"),
        schema=SCHEMA,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
    op.create_index("users_created_at", "users", ["created_at"], unique=False, schema=SCHEMA)

    op.execute(
        f"INSERT INTO {SCHEMA}.installation (id, salt) VALUES (gen_random_uuid()::text, gen_random_uuid()::text)"
    )
