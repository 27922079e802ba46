"""What photos look like from afar, and the clusters of those that are nearly the same."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("post_vectors", sa.Column("fingerprint", sa.LargeBinary(), nullable=True), schema=SCHEMA)
    op.add_column("post_vectors", sa.Column("cluster", sa.Integer(), nullable=True), schema=SCHEMA)
    op.create_index(
        "post_vectors_cluster",
        "post_vectors",
        ["post_id", "cluster"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("cluster > 0"),
    )
    op.execute(f"CREATE SEQUENCE {SCHEMA}.photo_clusters")
