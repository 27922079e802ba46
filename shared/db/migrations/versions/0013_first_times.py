"""The first time of an event that was repeated, beside the last one."""

import sqlalchemy as sa
from alembic import op

SCHEMA = "warmline"
revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # NULL in every row that is there, so that no row is written anew.
    op.add_column("interactions", sa.Column("first_at", sa.DateTime(timezone=True), nullable=True), schema=SCHEMA)
    # A process of the previous version moves `created_at` on and does not name the new column: then the trigger keeps
    # the time that is replaced. The present version always names it, so for its writes nothing is called.
    op.execute(
        f"""
        CREATE FUNCTION {SCHEMA}.keep_first_time() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.first_at := OLD.created_at;
            RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER interactions_first_time BEFORE UPDATE ON {SCHEMA}.interactions FOR EACH ROW
        WHEN (NEW.first_at IS NULL AND NEW.created_at > OLD.created_at)
        EXECUTE FUNCTION {SCHEMA}.keep_first_time()
        """
    )
