"""The hash of a model's manifest, beside that of its weights: the manifest says how the model is served."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("model_versions", sa.Column("manifest_sha256", sa.Text(), nullable=True), schema=SCHEMA)
