"""Tombstones without ids, erasures under way, and where the page came from that an event was made on."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0003"
down_revision = "0002"

# 244 random bits: PostgreSQL has no other source of them without an extension.
_RANDOM = "encode(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex')"


def upgrade() -> None:
    op.add_column("installation", sa.Column("secret", sa.Text(), nullable=True), schema=SCHEMA)
    op.execute(f"UPDATE {SCHEMA}.installation SET secret = {_RANDOM}")
    op.alter_column("installation", "secret", nullable=False, schema=SCHEMA)

    op.add_column("tombstones", sa.Column("digest", sa.LargeBinary(), nullable=True), schema=SCHEMA)
    op.execute(
        f"""
        UPDATE {SCHEMA}.tombstones
        SET digest = sha256(convert_to((SELECT secret FROM {SCHEMA}.installation) || id, 'UTF8'))
        """
    )
    op.drop_constraint("tombstones_pkey", "tombstones", schema=SCHEMA)
    op.drop_column("tombstones", "id", schema=SCHEMA)
    op.alter_column("tombstones", "digest", nullable=False, schema=SCHEMA)
    op.create_primary_key("tombstones_pkey", "tombstones", ["relation", "digest"], schema=SCHEMA)

    op.create_table(
        "erasures",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("post_ids", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("rows", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
        schema=SCHEMA,
    )

    op.add_column("interactions", sa.Column("source", sa.Text(), nullable=True), schema=SCHEMA)
    op.add_column("interactions", sa.Column("generation", sa.BigInteger(), nullable=True), schema=SCHEMA)
    op.add_column("interactions", sa.Column("position", sa.Integer(), nullable=True), schema=SCHEMA)
    op.create_index("interactions_post", "interactions", ["post_id"], schema=SCHEMA)
    op.create_table(
        "feed_counts",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "generation", "kind"),
        schema=SCHEMA,
    )
