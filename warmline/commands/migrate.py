"""`warmline migrate`."""

from shared.db.migrate import migrate
from warmline.screen import say, show_json
from warmline.stores import open_stores


def run_migrate(*, as_json: bool) -> int:
    """Upgrade the schema, and print its old and new version."""
    with open_stores(migrated=False) as stores:
        before, after = migrate(stores.database)
    if as_json:
        show_json({"from": before, "to": after})
    elif before == after:
        say(f"Schema warmline is at revision {after} already; nothing to do.")
    else:
        say(f"Schema warmline: from {f'revision {before}' if before else 'nothing'} to revision {after}.")
    return 0
