"""What pages need: the stores, this process's own copies, and the settings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.db.engine import Database
from shared.ranked_lists.mode_store import ModeStore
from shared.ranked_lists.page_store import PageWriter
from shared.ranked_lists.timeline_store import TimelineStore
from shared.settings import ListSettings, NewPostSettings, WindowSettings
from timeline.stores.budgets import Stores
from timeline.stores.local_chains import LocalChains
from timeline.stores.local_copies import Snapshot
from timeline.stores.post_facts import PostFactsCopy

if TYPE_CHECKING:
    from timeline.metrics import Metrics
    from timeline.stores.followed_posts import FollowingLists


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedResources:
    """Passed as one argument to all parts of the feed."""

    reader: TimelineStore
    page_writer: PageWriter
    database: Database
    stores: Stores
    local_chains: LocalChains
    post_facts: PostFactsCopy
    metrics: "Metrics"
    snapshot: Snapshot
    lists: ListSettings
    window: WindowSettings
    new_posts: NewPostSettings
    modes: ModeStore
    followed: "FollowingLists"
