"""What pages are made with: the stores, this process's own copies, and the settings."""

from dataclasses import dataclass

from shared.db.engine import Database
from shared.ranked_lists.pages import PageWriter
from shared.ranked_lists.read import ListReader
from shared.settings import ListSettings, NewPostSettings, WindowSettings
from timeline.metrics import Metrics
from timeline.shelf import Shelf
from timeline.snapshot import Snapshot
from timeline.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Handed on as one, so that a page's helpers need not repeat the list."""

    reader: ListReader
    page_writer: PageWriter
    database: Database
    stores: Stores
    shelf: Shelf
    metrics: Metrics
    snapshot: Snapshot
    lists: ListSettings
    window: WindowSettings
    new_posts: NewPostSettings
