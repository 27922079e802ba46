"""What viewers say about their own timelines, and optional columns of posts."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0015"
down_revision = "0013"

_NEXT_ID = sa.text(f"nextval('{SCHEMA}.preference_ids')")


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    # NULL in every row that is there, so that no row is written anew.
    for column in (
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=True),
    ):
        op.add_column("posts", column, schema=SCHEMA)
    op.execute(f"CREATE SEQUENCE {SCHEMA}.preference_ids")
    op.create_table(
        "mutes",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("muted_user_id", sa.Text(), nullable=False),
        _time("created_at"),
        _time("expires_at", nullable=True),
        sa.Column("id", sa.BigInteger(), server_default=_NEXT_ID, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "muted_user_id"),
        schema=SCHEMA,
    )
    op.create_index("mutes_muted", "mutes", ["muted_user_id"], schema=SCHEMA)
    op.create_table(
        "preferences",
        sa.Column("id", sa.BigInteger(), server_default=_NEXT_ID, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("say", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        _time("created_at"),
        _time("expires_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("say IN ('more', 'less', 'mute')", name="preferences_say"),
        sa.CheckConstraint("about IN ('author', 'tag', 'post', 'word')", name="preferences_about"),
        sa.UniqueConstraint("user_id", "about", "folded", name="preferences_once"),
        schema=SCHEMA,
    )
    is_id = sa.text("about IN ('author', 'post')")
    op.create_index("preferences_named", "preferences", ["folded"], schema=SCHEMA, postgresql_where=is_id)
    for table in ("mutes", "preferences"):
        ends = sa.text("expires_at IS NOT NULL")
        op.create_index(f"{table}_expires_at", table, ["expires_at"], schema=SCHEMA, postgresql_where=ends)
    op.create_table(
        "viewer_settings",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("sensitive", sa.Text(), server_default="show", nullable=False),
        sa.Column("personalised", sa.Boolean(), server_default=sa.true(), nullable=False),
        _time("changed_at"),
        sa.Column(
            "changed_xid", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False
        ),
        sa.PrimaryKeyConstraint("user_id"),
        sa.CheckConstraint("sensitive IN ('show', 'hide')", name="viewer_settings_sensitive"),
        schema=SCHEMA,
    )
    op.create_index("viewer_settings_changed", "viewer_settings", ["changed_xid"], schema=SCHEMA)
