"""Acts that Redis has not been told of yet, and one series of versions for all that is withheld."""

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
    # Deletions in Redis carry these versions from now on; until now they carried numbers of Redis' own, which are less.
    op.execute(
        f"SELECT setval('{SCHEMA}.viewer_versions',"
        f" greatest(1000000000000, (SELECT last_value FROM {SCHEMA}.viewer_versions)))"
    )
