"""The parts of one timeline process, built when it starts and closed when it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from shared.db.engine import Database, check_urls, retried
from shared.jobs.setting_conflicts import refuse_conflicts
from shared.live.settings import LiveSettings
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.mode_store import ModeStore
from shared.ranked_lists.page_store import Lifetimes, PageWriter
from shared.ranked_lists.recommend_queue import RecommendAsker
from shared.ranked_lists.timeline_store import TimelineStore
from shared.ranked_lists.user_store import UserStore
from shared.settings import (
    HeuristicSettings,
    ListSettings,
    ModelSettings,
    NewPostSettings,
    RetentionSettings,
    StoreSettings,
    WindowSettings,
    load_settings,
)
from shared.signing import SigningKeys
from timeline.counters import STORES
from timeline.feed.feed import Feed
from timeline.feed.onboarding import OnboardingFeed
from timeline.feed.recommendations import Recommendations
from timeline.feed.similar import SimilarFeed
from timeline.feed.suggestions import SuggestionsFeed
from timeline.http.auth import Authorizer
from timeline.metrics import Metrics
from timeline.settings import TimelineSettings
from timeline.stores.background_refresh import BackgroundRefresh
from timeline.stores.breaker import Breaker
from timeline.stores.budgets import Stores
from timeline.stores.event_intake import EventIntake
from timeline.stores.followed_posts import FollowingLists
from timeline.stores.installation import Installation
from timeline.stores.live_updates import LiveUpdates
from timeline.stores.local_chains import LocalChains
from timeline.stores.local_copies import Snapshot
from timeline.stores.post_facts import PostFactsCopy
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.resources import FeedResources
from timeline.stores.safety_updates import LocalCopies, SafetyUpdates
from timeline.stores.snapshot_file import SnapshotFile
from timeline.stores.user_exports import UserExports
from timeline.stores.worker_threads import WorkerThreads, let_finish
from timeline.worker import Worker
from timeline.write_rates import WriteRates

WRITE_THREADS = 3  # fewer than the connections to PostgreSQL and asyncio's threads: some stay free for pages
ACT_THREADS = 2
ACT_CONNECTIONS = ACT_THREADS + 2  # two more for the writes to Redis
OPERATOR_THREADS = 2

ArgumentsT = ParamSpec("ArgumentsT")
ResultT = TypeVar("ResultT")

CLIENT_FACTOR = 4  # a page stops waiting at its budget; the client's own timeout ends calls that nobody waits for
WRITER_TIMEOUT = timedelta(seconds=1)  # the longest wait for a Redis that hangs, as at a phase switch


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The parts of a running timeline."""

    settings: TimelineSettings
    retention: RetentionSettings
    model_dir: Path  # the model folder, if it is mounted here
    authorizer: Authorizer
    database: Database
    reader: TimelineStore
    writer: JobStore
    user_store: UserStore
    snapshot: Snapshot
    background_refresh: BackgroundRefresh
    metrics: Metrics
    stores: Stores
    signing_keys: SigningKeys
    feed: Feed
    suggestions: SuggestionsFeed
    onboarding: OnboardingFeed
    similar: SimilarFeed
    safety_updates: SafetyUpdates
    intake: EventIntake
    live_updates: LiveUpdates
    followed: FollowingLists
    acts_database: Database  # the same PostgreSQL with its own connections
    write_threads: WorkerThreads
    safety_threads: WorkerThreads
    operator_threads: WorkerThreads
    exports: UserExports
    recommendations: Recommendations
    recommend_asker: RecommendAsker
    write_rates: WriteRates

    async def write(
        self, work: Callable[ArgumentsT, ResultT], *arguments: ArgumentsT.args, **options: ArgumentsT.kwargs
    ) -> ResultT:
        """Run work for the app's backend in its own threads, so that a queue of writes delays no page.

        Raises:
            StoreUnavailable: a store does not answer, or hangs.
        """
        return await self.write_threads.run(partial(retried, partial(work, *arguments, **options)))

    async def act(
        self, work: Callable[ArgumentsT, ResultT], *arguments: ArgumentsT.args, **options: ArgumentsT.kwargs
    ) -> ResultT:
        """The same for an act that pages must obey; its first argument is `acts_database`. It waits for no batch."""
        return await self.safety_threads.run(partial(retried, partial(work, *arguments, **options)))

    async def operate(
        self, work: Callable[ArgumentsT, ResultT], *arguments: ArgumentsT.args, **options: ArgumentsT.kwargs
    ) -> ResultT:
        """The same for the operator."""
        return await self.operator_threads.run(partial(work, *arguments, **options))

    async def close(self) -> None:
        closed = [
            self.write_threads.close(),
            self.live_updates.close(),
            self.safety_threads.close(),
            self.operator_threads.close(),
            self.exports.threads.close(),
            self.safety_updates.close(),
            self.background_refresh.close(),
        ]
        self.stores.close()
        await let_finish(closed)
        await self.recommend_asker.close()
        await self.reader.close()
        self.writer.close()
        self.user_store.close()
        self.database.close()
        self.acts_database.close()
        self.exports.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSettings:
    """Every group of settings that a timeline reads."""

    timeline: TimelineSettings
    stores: StoreSettings
    lists: ListSettings
    window: WindowSettings
    formula: HeuristicSettings
    new_posts: NewPostSettings
    model: ModelSettings = field(default_factory=lambda: load_settings(ModelSettings))
    retention: RetentionSettings = field(default_factory=lambda: load_settings(RetentionSettings))
    live: LiveSettings = field(default_factory=lambda: load_settings(LiveSettings))


def read_settings() -> AllSettings:
    """All groups from the environment.

    Raises:
        ConfigurationError: one line per wrong variable.
    """
    stores = load_settings(StoreSettings)
    check_urls(stores)
    lists = load_settings(ListSettings)
    refuse_conflicts(lists)
    return AllSettings(
        timeline=load_settings(TimelineSettings),
        stores=stores,
        lists=lists,
        window=load_settings(WindowSettings),
        formula=load_settings(HeuristicSettings),
        new_posts=load_settings(NewPostSettings),
        model=load_settings(ModelSettings),
        retention=load_settings(RetentionSettings),
        live=load_settings(LiveSettings),
    )


def build_state(settings: AllSettings, worker: Worker) -> State:
    """Build the parts. Nothing is connected yet, so that a timeline starts while both stores are down."""
    lists, redis_url = settings.lists, settings.stores.redis_url.get_secret_value()
    lifetimes = Lifetimes(chain_for=lists.chain_for, seen_for=lists.seen_for, seen_length=lists.seen_length)
    database = Database(settings.stores, statement_seconds=10)
    budget = settings.timeline.redis_budget * CLIENT_FACTOR
    reader = TimelineStore(redis_url, budget=budget)
    writer = JobStore(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for, timeout=WRITER_TIMEOUT)
    authorizer = Authorizer(settings.timeline)
    user_store = UserStore(redis_url, lifetimes=lifetimes, timeout=WRITER_TIMEOUT)
    breakers, redis_writes = {store: Breaker(store) for store in STORES}, RedisWrites()
    resources = _resources(settings, database, reader, PageWriter(reader, lifetimes=lifetimes), breakers, worker)
    disk = SnapshotFile(settings.timeline.snapshot_file, worker=worker) if settings.timeline.snapshot_file else None
    if disk is not None:
        reader.withheld.seed(disk.load(resources.snapshot))
    local_copies = LocalCopies(
        withheld=reader.withheld,
        local_chains=resources.local_chains,
        post_facts=resources.post_facts,
        snapshot=resources.snapshot,
        authorizer=authorizer,
        disk=disk,
    )
    acts_database = Database(settings.stores, statement_seconds=10, pool_size=ACT_CONNECTIONS)
    safety_updates = SafetyUpdates(
        database=acts_database,
        writer=writer,
        user_store=user_store,
        window=settings.window,
        local_copies=local_copies,
        stores=resources.stores,
        redis_writes=redis_writes,
    )
    installation = Installation(
        database=database, acts_database=acts_database, reader=reader, writer=writer, user_store=user_store,
        snapshot=resources.snapshot, local_chains=resources.local_chains, post_facts=resources.post_facts,
        disk=disk,
    )  # fmt: skip
    background_refresh = BackgroundRefresh(
        resources, writer=writer, safety_updates=safety_updates, installation=installation, breakers=breakers,
        redis_writes=redis_writes, metrics=resources.metrics, disk=disk,
    )  # fmt: skip
    for breaker in breakers.values():
        breaker.on_open = background_refresh.wake
    redis_writes.on_hang = partial(background_refresh.wake, "redis")
    resources.stores.on_redis_failure = partial(background_refresh.wake, "outbox")
    write_threads = WorkerThreads("write", threads=WRITE_THREADS)
    live_updates = LiveUpdates(user_store, redis_writes, settings.live)
    feed = Feed(resources, signing_keys=worker.keys)
    asker = RecommendAsker(redis_url, reader, longest=settings.timeline.recommend_budget)
    return State(
        settings=settings.timeline,
        retention=settings.retention,
        model_dir=settings.model.model_dir,
        authorizer=authorizer,
        database=database,
        reader=reader,
        writer=writer,
        user_store=user_store,
        snapshot=resources.snapshot,
        background_refresh=background_refresh,
        metrics=resources.metrics,
        stores=resources.stores,
        signing_keys=worker.keys,
        feed=feed,
        suggestions=SuggestionsFeed(resources, read_state=feed.state, sources=feed.sources),
        onboarding=OnboardingFeed(resources, read_state=feed.state, sources=feed.sources),
        similar=SimilarFeed(resources, sources=feed.sources, selector=feed.selector, read_state=feed.state),
        safety_updates=safety_updates,
        intake=EventIntake(
            database=database,
            user_store=user_store,
            safety_updates=safety_updates,
            redis_writes=redis_writes,
            threads=write_threads,
            live=live_updates,
        ),
        live_updates=live_updates,
        followed=resources.followed,
        acts_database=acts_database,
        write_threads=write_threads,
        safety_threads=WorkerThreads("act", threads=ACT_THREADS),
        operator_threads=WorkerThreads("operator", threads=OPERATOR_THREADS),
        recommendations=Recommendations(resources, feed, asker, budget=settings.timeline.recommend_budget),
        recommend_asker=asker,
        write_rates=worker.write_rates,
        exports=UserExports(settings.stores, redis_timeout=WRITER_TIMEOUT, model_dir=settings.model.model_dir),
    )


def _resources(
    settings: AllSettings,
    database: Database,
    reader: TimelineStore,
    page_writer: PageWriter,
    breakers: Mapping[str, Breaker],
    worker: Worker,
) -> FeedResources:
    budgets = {"redis": settings.timeline.redis_budget, "postgresql": settings.timeline.database_budget}
    stores, modes = Stores(breakers=breakers, budgets=budgets), ModeStore(reader)
    snapshot = Snapshot(catalogue=reader.catalogue, half_life_hours=settings.formula.half_life_hours)
    return FeedResources(
        reader=reader,
        page_writer=page_writer,
        database=database,
        stores=stores,
        local_chains=LocalChains(),
        post_facts=PostFactsCopy(database=database, stores=stores),
        metrics=Metrics(worker.cells, index=worker.index),
        snapshot=snapshot,
        lists=settings.lists,
        window=settings.window,
        new_posts=settings.new_posts,
        modes=modes,
        followed=FollowingLists(
            store=modes,
            database=database,
            stores=stores,
            snapshot=snapshot,
            lists=settings.lists,
            window=settings.window,
            is_ranked=settings.timeline.following_order == "ranked",
        ),
    )
