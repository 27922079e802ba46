"""What of an installation's state needs somebody's attention, and what to do about it. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from shared.domain import JOB_OF_PHASE, Phase
from shared.jobs.names import SERVICES, USUAL_PAUSE, Job
from shared.readiness import NOT_READY, phase_warning
from warmline.commands.doctor.setup_rules import judge_redis
from warmline.commands.status.records import FromDatabase, FromRedis, JobRuns, Status
from warmline.findings import Finding, Severity, hint, problem
from warmline.screen import age

TIMELINE = "timeline"  # as it calls itself in its heartbeats
LATE_AFTER = 4  # of the usual pauses …
LATE_AT_LEAST = timedelta(minutes=30)  # … and so long: a run may be a long one
WAITS_TOO_LONG = timedelta(minutes=1)  # a service looks for requests every two seconds
TRAINING_LATE = timedelta(hours=50)  # two nights
NEARLY_FULL = 0.9  # of Redis' bound


def attention(status: Status) -> list[Finding]:
    """Problems make pages worse, now or soon; hints do not."""
    return [*_stores(status), *_database(status), *_redis(status)]


def _stores(status: Status) -> Iterator[Finding]:
    if status.database is None:
        yield problem(
            "PostgreSQL",
            status.trouble["postgresql"],
            expected="an answer",
            todo="see to what it says, to the server and to WARMLINE_DATABASE_URL; pages go on out of Redis meanwhile",
        )
    if status.has_foreign_redis:
        yield problem(
            "Redis",
            status.trouble["redis"],
            expected="an owner of its own",
            todo="do what it says; pages come from the timelines' snapshots meanwhile",
        )
    elif status.redis is None:
        yield problem(
            "Redis",
            status.trouble["redis"],
            expected="an answer",
            todo="see to the server and to WARMLINE_REDIS_URL; pages come from the timelines' snapshots meanwhile",
        )


def _database(status: Status) -> Iterator[Finding]:
    known = status.database
    if known is None:
        return
    for job, runs in known.jobs.items():
        yield from _runs(job, runs, known, status.now)
    if status.champions_files is not None and known.champion is not None:
        yield problem(
            f"model {known.champion.version}",
            f"the champion's files are not whole: {status.champions_files}",
            expected="the files that training wrote",
            todo="bring the folder back, or `warmline rollback`; the lists that stand go stale until then",
        )
    yield from _training(known, status.now)
    yield from _photos(known)
    yield from _kept(known)
    if not any(row["service"] == TIMELINE for row in known.services):
        yield problem(
            "timeline",
            "no timeline is alive",
            expected="one at least: nobody else answers the app",
            todo="start it: python -m timeline",
        )


def _runs(job: Job, runs: JobRuns, known: FromDatabase, now: datetime) -> Iterator[Finding]:
    ended, waiting, running = runs.ended, runs.waiting, runs.running
    service = SERVICES[job]
    if ended is not None and ended["state"] == "failed" and not str(ended["error"]).startswith(NOT_READY):
        yield problem(
            f"job {job}",
            f"run {ended['id']} failed {_ago(ended['finished_at'], now)}: {ended['error']}",
            expected="a good run",
            todo=f"mend what it names, then `warmline run {job}`; the lists of the last good run stand",
        )
    is_alive = any(row["service"] == service for row in known.services)
    if waiting is not None and running is None and not is_alive and now - waiting["requested_at"] > WAITS_TOO_LONG:
        yield problem(
            f"job {job}",
            f"run {waiting['id']} has waited for {age(now - waiting['requested_at'])}, and no {service} is alive",
            expected="a service that does it",
            todo=f"start {service}, or do one run: python -m {service} --once",
        )
    if running is not None and running["lease_until"] is not None and running["lease_until"] < now:
        yield hint(
            f"job {job}",
            f"run {running['id']} on {running['worker']} gives no sign of life any more",
            expected="a lease that is renewed",
            todo=f"the next run of {service} takes its place",
        )


def _training(known: FromDatabase, now: datetime) -> Iterator[Finding]:
    good = known.jobs[Job.TRAIN].good
    if good and now - good[0]["finished_at"] > TRAINING_LATE:
        yield hint(
            "job train",
            f"the last good training ended {_ago(good[0]['finished_at'], now)}",
            expected="one each night",
            todo="is s02_train_neucf alive, or its line in the crontab there? new people and posts wait for it",
        )


def _photos(known: FromDatabase) -> Iterator[Finding]:
    """What the last scoring run could not reach; the training of a night would only repeat it."""
    good = known.jobs[Job.SCORE].good
    report = (good[0]["report"] or {}) if good else {}
    if report.get("away"):
        yield problem(
            "photos",
            f"out of reach in the last scoring run: {', '.join(report['away'])}; {report.get('images_away', 0)} photos",
            expected="all folders and hosts that posts name",
            todo="bring them back; what was derived before stays, and the next run tries again",
        )


def _kept(known: FromDatabase) -> Iterator[Finding]:
    failed = (known.housekeeping or {}).get("failed")
    if failed:
        yield problem(
            "events",
            f"the last heuristic run could not remove what is too old: {failed}",
            expected="tables that stop growing",
            todo="mend what it names; the next run tries again, and pages do not depend on it",
        )


def _redis(status: Status) -> Iterator[Finding]:
    redis = status.redis
    if redis is None:
        return
    yield from (each for each in judge_redis(redis.server) if each.severity is not Severity.GOOD)
    bound, used = (redis.server.max_bytes, redis.server.used_bytes) if redis.server else (0, 0)
    if bound and used > NEARLY_FULL * bound:
        yield problem(
            "Redis",
            f"{used / bound:.0%} of its {bound / 1e6:,.0f} MB are used",
            expected=f"at most {NEARLY_FULL:.0%}",
            todo="raise maxmemory; `warmline capacity` says what is needed, WARMLINE_MAX_LISTS bounds it",
        )
    known = status.database
    if known is None:
        return
    if not redis.is_safe and known.jobs[Job.HEURISTIC].good:
        yield problem(
            "Redis",
            "it has lost its memory: deletions and blocks are not in it",
            expected="the safety data that each heuristic run publishes",
            todo="the timelines do not use it meanwhile; `warmline run heuristic` brings it back",
        )
    yield from _lists(known, redis, status.now)


def _lists(known: FromDatabase, redis: FromRedis, now: datetime) -> Iterator[Finding]:
    in_force = known.phase.phase
    has_lists = in_force in redis.published
    warning = phase_warning(
        in_force, has_champion=known.champion is not None, has_lists=has_lists, demotion=known.demotion
    )
    if warning is not None and known.demotion is not None and in_force is Phase.NEUCF:
        todo = "nothing has to be done" if not has_lists else f"`warmline run {Job.SCORE}` deletes its lists now"
        yield hint("phase", warning, expected="a champion that is ahead", todo=todo)
    elif warning is not None:
        yield problem("phase", warning, expected="lists of the phase in force", todo=_remedy(in_force, known))
    for phase in Phase:
        job = Job(JOB_OF_PHASE[phase])
        publication = redis.published.get(phase)
        if publication is None or (phase is Phase.NEUCF and known.champion is None):
            continue
        late = max(LATE_AT_LEAST, LATE_AFTER * usual_pause(job, known.jobs[job]))
        if now - publication.at > late:
            say = problem if phase in (in_force, Phase.HEURISTIC) else hint
            yield say(
                f"{phase} lists",
                f"they are {age(now - publication.at)} old",
                expected=f"at most {age(late)}",
                todo=f"is {SERVICES[job]} alive, or its line in the crontab there? `warmline run {job}` makes new ones",
            )


def usual_pause(job: Job, runs: JobRuns) -> timedelta:
    """The middle one of the pauses between the last good runs; the default's where there are too few."""
    begun = [run["started_at"] for run in runs.good]
    pauses = [(later - earlier).total_seconds() for later, earlier in pairwise(begun)]
    return timedelta(seconds=median(pauses)) if len(pauses) > 1 else USUAL_PAUSE[job]


def _remedy(phase: Phase, known: FromDatabase) -> str:
    if phase is Phase.HEURISTIC:
        return "`warmline run heuristic`, or python -m s01_heuristic --once"
    back = "`warmline phase set heuristic` until then"
    if known.newest is None:
        service = SERVICES[Job.TRAIN]
        return f"train first: `warmline run train`, or python -m {service} --once; {back}"
    if known.champion is None:
        return f"`warmline promote` a version of `warmline models`, or {back}"
    return f"`warmline run score`, or {back}"


def _ago(at: datetime, now: datetime) -> str:
    return f"{age(now - at)} ago"
