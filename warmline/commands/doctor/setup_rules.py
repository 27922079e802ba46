"""Turns rights, indexes, amounts of data and Redis' settings into findings that say what to do. Pure."""

import re

from shared.db.doctor.indexes import LookupPlans, MissingIndex
from shared.db.doctor.rows import STATEMENT_SECONDS
from shared.db.doctor.setup import DatabaseRole, RelationRights, TrainingCounts
from shared.ranked_lists.health import RedisHealth
from shared.readiness import MIN_POSITIVES, MIN_POSTS, MIN_WARM_USERS, POSITIVES
from warmline.findings import Finding, good, hint, problem, too_slow
from warmline.screen import number_of

SMALL_TABLE = 10_000  # rows; a smaller table is read as a whole in milliseconds
LARGE_TABLE = 1_000_000  # rows; a larger table must not be read as a whole every few minutes
RARELY_ASKED = ("post_id",)  # columns that frequent jobs do not look up
OLDEST_REDIS = (7, 0)  # PEXPIRE with NX and GT
MEGABYTE = 1_000_000


def judge_rights(schema: str, relation: str, rights: RelationRights) -> list[Finding]:
    """Our role on the team's view should be able to read, and nothing else."""
    where = f"{schema}.{relation}"
    if not rights.may_read:
        todo = f"GRANT USAGE ON SCHEMA {schema} TO {rights.role}; GRANT SELECT ON {where} TO {rights.role};"
        return [problem(where, f"role {rights.role} may not read it", expected="the right to SELECT", todo=todo)]
    if rights.is_superuser:
        todo = "give WARMLINE_SOURCE_URL a role of its own that may only SELECT (docs/guides/connect-your-database.md)"
        return [hint(where, f"role {rights.role} is a superuser", expected="a role that may only read", todo=todo)]
    if rights.may_write:
        todo = f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {where} FROM {rights.role}; Warmline never writes there"
        return [hint(where, f"role {rights.role} may write", expected="a role that may only read", todo=todo)]
    return [good(where, f"role {rights.role} may read it and not write")]


def judge_own_role(role: DatabaseRole | None) -> list[Finding]:
    """Our role in our own PostgreSQL should own the schema `warmline` and no more, in case its password is stolen."""
    where = "database role"
    if role is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    if not role.is_superuser:
        return [good(where, f"role {role.name} is no superuser")]
    expected = "a role that owns the schema `warmline` and nothing else"
    how = "with compose: WARMLINE_DATABASE_PASSWORD; docs/guides/deploy-with-compose.md"
    todo = f"give WARMLINE_DATABASE_URL a role of its own ({how})"
    return [hint(where, f"role {role.name} is a superuser", expected=expected, todo=todo)]


def judge_lookups(lookups: LookupPlans) -> list[Finding]:
    """Indexes that are missing for frequent lookups; those of the largest table first."""
    found = [finding for each in lookups.missing for finding in _missing_index(each)]
    found += [too_slow(where, STATEMENT_SECONDS) for where in lookups.slow]
    todo = "see with EXPLAIN whether a lookup by this column is quick (a foreign table must have the index at home)"
    found += [
        hint(where, "PostgreSQL's plan does not tell of an index", expected="an index", todo=todo)
        for where in lookups.unknown
    ]
    return found


def _missing_index(index: MissingIndex) -> list[Finding]:
    where = ", ".join(index.serves)
    if index.rows < SMALL_TABLE:
        return []
    is_rare = all(each.rpartition(".")[2] in RARELY_ASKED for each in index.serves)
    judged = problem if index.rows >= LARGE_TABLE and not is_rare else hint
    table = f"{index.table} (about {index.rows:,} rows) is read whole"
    if index.step:
        got = f"{table} before a step above it (“{index.step}”) tests the condition"
        todo = (
            "no index can serve that: in place of DISTINCT, GROUP BY, LIMIT or a window write EXISTS; where one row"
            " holds several events, write one SELECT for each with UNION ALL"
        )
        return [judged(where, got, expected="a condition that reaches the table", todo=todo)]
    if not index.expression:
        todo = "no condition of the view reaches it: write EXISTS or NOT EXISTS in place of IN, or a join by a column"
        return [judged(where, table, expected="a lookup by an index", todo=todo)]
    return [judged(where, f"no index serves it: {table}", expected="an index", todo=_index_cure(index))]


def _index_cure(index: MissingIndex) -> str:
    if index.obstacle:
        return (
            f"PostgreSQL makes no index on {index.expression}, because of {index.obstacle}: write the view so that it"
            " compares the plain column, AT TIME ZONE with a zone in place of ::timestamptz, or a function that is"
            " IMMUTABLE; then run doctor again"
        )
    is_column = re.fullmatch(r'"(?:[^"]|"")+"|[a-z_][\w$]*', index.expression)
    key = index.expression if is_column else f"({index.expression})"
    if index.is_partitioned:
        return f"CREATE INDEX ON {index.table} ({key}); it stops writes meanwhile (CONCURRENTLY: for each partition)"
    return f"CREATE INDEX CONCURRENTLY ON {index.table} ({key});"


def judge_amounts(amounts: TrainingCounts | None) -> list[Finding]:
    """Whether there is enough data for phase 2; the heuristic needs none."""
    where = "phase 2"
    if amounts is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    got = (
        f"{amounts.positives:,} {POSITIVES};"
        f" {number_of(amounts.warm_users, 'user')} with 3 or more; {number_of(amounts.posts, 'post')}"
    )
    few = amounts.positives < MIN_POSITIVES or amounts.warm_users < MIN_WARM_USERS or amounts.posts < MIN_POSTS
    if not few:
        return [good(where, f"at least {got}")]
    expected = f"{MIN_POSITIVES:,} positives, {MIN_WARM_USERS:,} such users, {MIN_POSTS:,} posts or more"
    todo = "stay with the heuristic until there is more; a model that does not beat it is not promoted anyway"
    return [hint(where, got, expected=expected, todo=todo)]


def judge_redis(health: RedisHealth | None) -> list[Finding]:
    """Whether Redis keeps what is written; Warmline does not need INFO, so a user without that right is fine."""
    if health is None:
        return [good("Redis", "it answers; our user may not ask INFO, so version and memory were not checked")]
    version = ".".join(str(part) for part in health.version)
    found: list[Finding] = []
    if health.version < OLDEST_REDIS:
        found.append(
            problem("Redis", f"version {version}", expected="7.0 or newer", todo="upgrade it (Valkey will do)")
        )
    if health.evicts:
        got = f"maxmemory-policy {health.policy} with {health.max_bytes / MEGABYTE:,.0f} MB"
        todo = "CONFIG SET maxmemory-policy noeviction; Warmline's keys are bounded and have life times of their own"
        found.append(hint("Redis", got, expected="noeviction, so that no block or deletion is thrown away", todo=todo))
    bound = f"{health.max_bytes / MEGABYTE:,.0f} MB" if health.max_bytes else "no bound"
    return found or [good("Redis", f"version {version}, {health.used_bytes / MEGABYTE:,.1f} MB used, {bound}")]
