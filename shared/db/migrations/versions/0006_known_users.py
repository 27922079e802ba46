"""In our own tables whoever acts is a user; until now a user could be known by posts and events alone."""

from alembic import op

SCHEMA = "warmline"
revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # Only where the relations are our own: beside views, which bring the posts, the events stand alone.
    op.execute(
        f"""
        INSERT INTO {SCHEMA}.users (id, created_at)
        SELECT id, least(min(created_at), now()) FROM (
            SELECT user_id AS id, created_at FROM {SCHEMA}.interactions
            UNION ALL SELECT author_id, created_at FROM {SCHEMA}.posts
        ) AS acts
        WHERE EXISTS (SELECT FROM {SCHEMA}.posts) GROUP BY id
        ON CONFLICT (id) DO NOTHING
        """
    )
