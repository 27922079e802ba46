"""A post's vectors by encoder; what could not be encoded, and what photos look like, in tables of their own."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "encoding_failures",
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("refused_by", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("part IN ('image', 'caption')", name="encoding_failures_part"),
        sa.PrimaryKeyConstraint("post_id", "part"),
        schema=SCHEMA,
    )
    op.create_table(
        "photo_fingerprints",
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("cluster", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("post_id"),
        schema=SCHEMA,
    )
    op.create_index(
        "photo_fingerprints_cluster",
        "photo_fingerprints",
        ["post_id", "cluster"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("cluster > 0"),
    )
    # What refused a photo was not written down before, so those that a limit may have refused are tried once more.
    op.execute(
        f"""
        INSERT INTO {SCHEMA}.encoding_failures (post_id, part, source_hash, failure, attempts, next_try)
        SELECT post_id, part, source_hash, failure, attempts, next_try FROM {SCHEMA}.post_vectors WHERE vector IS NULL
        """
    )
    op.execute(
        f"""
        INSERT INTO {SCHEMA}.photo_fingerprints (post_id, fingerprint, cluster)
        SELECT post_id, fingerprint, cluster FROM {SCHEMA}.post_vectors
        WHERE part = 'image' AND fingerprint IS NOT NULL
        """
    )
    op.execute(f"DELETE FROM {SCHEMA}.post_vectors WHERE vector IS NULL")
    op.drop_constraint("post_vectors_vector_or_failure", "post_vectors", schema=SCHEMA)
    op.drop_index("post_vectors_cluster", "post_vectors", schema=SCHEMA)
    for column in ("failure", "attempts", "next_try", "settings_hash", "fingerprint", "cluster"):
        op.drop_column("post_vectors", column, schema=SCHEMA)
    op.alter_column("post_vectors", "vector", nullable=False, schema=SCHEMA)
    op.drop_constraint("post_vectors_pkey", "post_vectors", schema=SCHEMA)
    op.create_primary_key("post_vectors_pkey", "post_vectors", ["post_id", "part", "encoder"], schema=SCHEMA)
