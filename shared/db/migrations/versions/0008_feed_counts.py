"""Counts of pages of generations that were never given out go: whoever forged a feed id put them there."""

from alembic import op

SCHEMA = "warmline"
revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        f"""
        DELETE FROM {SCHEMA}.feed_counts
        WHERE generation > (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {SCHEMA}.fences)
        """
    )
