"""How far a run is while it runs, and the settings under which a photo could not be read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "warmline"
revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("runs", sa.Column("progress", JSONB(), nullable=True), schema=SCHEMA)
    op.add_column("post_vectors", sa.Column("settings_hash", sa.Text(), nullable=True), schema=SCHEMA)
