"""Posts and users that the API took down and may bring back, and the authors whom pages must learn of."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "takedowns",
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("relation", "id"),
        sa.CheckConstraint("relation IN ('posts', 'users')", name="takedowns_relation"),
        schema=SCHEMA,
    )
    # A process of the previous version does not name the column.
    op.add_column(
        "safety_outbox",
        sa.Column("author_ids", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        schema=SCHEMA,
    )
