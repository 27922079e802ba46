"""Several photos of a post: an optional column."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    # NULL in every row that is there, so that no row is written anew.
    op.add_column("posts", sa.Column("image_urls", sa.ARRAY(sa.Text()), nullable=True), schema="warmline")
