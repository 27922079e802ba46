"""Which transaction brought an event, who took events back, and what a job remembers from run to run."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # Events that are there keep NULL, so that no row is written anew: the first run scores everybody anyway.
    op.add_column("interactions", sa.Column("changed_xid", sa.BigInteger(), nullable=True), schema=SCHEMA)
    default = sa.text("pg_current_xact_id()::text::bigint")
    op.alter_column("interactions", "changed_xid", server_default=default, schema=SCHEMA)
    op.create_index(
        "interactions_changed",
        "interactions",
        ["changed_xid"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("changed_xid IS NOT NULL"),
    )
    op.create_table(
        "revoking_users",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("changed_xid", sa.BigInteger(), server_default=default, nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
        schema=SCHEMA,
    )
    op.create_table(
        "job_memory",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job"),
        schema=SCHEMA,
    )
