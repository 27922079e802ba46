"""Vectors of photos and captions, model versions and their aliases, the audit of what operators did."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "warmline"
revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "post_vectors",
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("encoded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("part IN ('image', 'caption')", name="post_vectors_part"),
        sa.CheckConstraint("(vector IS NULL) = (failure IS NOT NULL)", name="post_vectors_vector_or_failure"),
        sa.PrimaryKeyConstraint("post_id", "part"),
        schema=SCHEMA,
    )
    op.create_index("post_vectors_encoder", "post_vectors", ["part", "encoder"], unique=False, schema=SCHEMA)
    op.create_table(
        "model_versions",
        sa.Column("version", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.CheckConstraint("state IN ('accepted', 'rejected')", name="model_versions_state"),
        sa.PrimaryKeyConstraint("version"),
        sa.UniqueConstraint("folder"),
        schema=SCHEMA,
    )
    op.create_table(
        "model_aliases",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("alias IN ('champion', 'previous')", name="model_aliases_alias"),
        sa.ForeignKeyConstraint(
            ["version"],
            [f"{SCHEMA}.model_versions.version"],
        ),
        sa.PrimaryKeyConstraint("alias"),
        schema=SCHEMA,
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("became", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
