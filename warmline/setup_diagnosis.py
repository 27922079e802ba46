"""What rights, indexes, amounts and Redis' own settings mean, and what to do about them. Pure."""

from shared.db.doctor import STATEMENT_SECONDS
from shared.db.doctor_setup import Amounts, Lookup, Rights
from shared.ranked_lists.health import RedisHealth
from shared.readiness import MIN_POSITIVES, MIN_POSTS, MIN_WARM_USERS
from warmline.findings import Finding, good, hint, problem, too_slow

SMALL_TABLE = 10_000  # rows that are read whole in some milliseconds
LARGE_TABLE = 1_000_000  # rows that are not read whole every few minutes on a live server
RARELY_ASKED = ("post_id",)  # columns that no frequent job looks up by
OLDEST_REDIS = (7, 0)  # PEXPIRE with NX and GT
MEGABYTE = 1_000_000


def judge_rights(schema: str, relation: str, rights: Rights) -> list[Finding]:
    """Our role on the team's view: reads, and does nothing else."""
    where = f"{schema}.{relation}"
    if not rights.may_read:
        todo = f"GRANT USAGE ON SCHEMA {schema} TO {rights.role}; GRANT SELECT ON {where} TO {rights.role};"
        return [problem(where, f"role {rights.role} may not read it", expected="the right to SELECT", todo=todo)]
    if rights.is_superuser:
        todo = "give WARMLINE_SOURCE_URL a role of its own that may only SELECT (README, “Connect your own database”)"
        return [hint(where, f"role {rights.role} is a superuser", expected="a role that may only read", todo=todo)]
    if rights.may_write:
        todo = f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {where} FROM {rights.role}; Warmline never writes there"
        return [hint(where, f"role {rights.role} may write", expected="a role that may only read", todo=todo)]
    return [good(where, f"role {rights.role} may read it and not write")]


def judge_lookup(lookup: Lookup | None, *, relation: str, column: str) -> list[Finding]:
    """Whether a lookup that Warmline does all the time has its index."""
    where = f"{relation}.{column}"
    if lookup is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    if lookup.is_indexed is None:
        todo = "see with EXPLAIN whether a lookup by this column is quick (a foreign table must have the index at home)"
        return [hint(where, "PostgreSQL's plan does not tell of an index", expected="an index", todo=todo)]
    if lookup.is_indexed or lookup.rows < SMALL_TABLE:
        return []
    got = f"no index serves it: {lookup.table} (about {lookup.rows:,} rows) is read whole"
    todo = f"CREATE INDEX CONCURRENTLY ON {lookup.table} (({lookup.expression}));"
    judged = problem if lookup.rows >= LARGE_TABLE and column not in RARELY_ASKED else hint
    return [judged(where, got, expected="an index", todo=todo)]


def judge_amounts(amounts: Amounts | None) -> list[Finding]:
    """Whether phase 2 has enough to learn from; the heuristic needs nothing."""
    where = "phase 2"
    if amounts is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    got = (
        f"{amounts.positives:,} likes, comments, saves and shares;"
        f" {amounts.warm_users:,} users with 3 or more; {amounts.posts:,} posts"
    )
    few = amounts.positives < MIN_POSITIVES or amounts.warm_users < MIN_WARM_USERS or amounts.posts < MIN_POSTS
    if not few:
        return [good(where, f"at least {got}")]
    expected = f"{MIN_POSITIVES:,} positives, {MIN_WARM_USERS:,} such users, {MIN_POSTS:,} posts or more"
    todo = "stay with the heuristic until there is more; a model that does not beat it is not promoted anyway"
    return [hint(where, got, expected=expected, todo=todo)]


def judge_redis(health: RedisHealth) -> list[Finding]:
    """Whether Redis keeps what it is given."""
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
