"""Who follows which author: an optional relation."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "follows",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "author_id"),
        schema=SCHEMA,
    )
    op.create_index("follows_author", "follows", ["author_id"], schema=SCHEMA)
