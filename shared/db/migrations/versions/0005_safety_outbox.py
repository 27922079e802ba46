"""One order for what may be shown: acts that Redis has not been told of, versions, who was erased lately."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "safety_outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("user_ids", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("post_rows", sa.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
    )
    op.create_table(
        "erased_users",
        sa.Column("user_hash", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_hash"),
        schema=SCHEMA,
    )
    op.create_index("erased_users_erased_at", "erased_users", ["erased_at"], schema=SCHEMA)
    op.add_column("post_rows", sa.Column("removed_xid", sa.BigInteger(), nullable=True), schema=SCHEMA)
    # Deletions in Redis carry these versions from now on; until now they carried numbers of Redis' own, which are less.
    op.execute(
        f"SELECT setval('{SCHEMA}.viewer_versions',"
        f" greatest(1000000000000, (SELECT last_value FROM {SCHEMA}.viewer_versions)))"
    )
