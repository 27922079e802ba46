"""The names of everything that Warmline keeps in Redis, each with its bound and its life time.

key                      holds                                             bound               lives
wl:list:{h|n}:{user}     a user's ranked list of a phase                   LIST_LENGTH         LIST_KEEP_HOURS
wl:everyone              everyone's list                                   EVERYONE_LENGTH     LIST_KEEP_HOURS
wl:new                   posts that few people have seen yet               2,000 entries       LIST_KEEP_HOURS
wl:blocked               all blocks as pairs of keys, for when both stores 100,000 pairs       2 × LIST_KEEP_HOURS
                         are away
wl:posts:{chunk}         catalogue: row → id, author key, photo cluster    256 rows            LIST_KEEP_HOURS + chains
wl:clusters              which clusters of photos the catalogue names      one hash            LIST_KEEP_HOURS + chains
wl:viewer:{user}         authors and posts withheld, posts seen by events  SEEN_LENGTH         2 × LIST_KEEP_HOURS
wl:viewers               which users have such a value                     active users        2 × LIST_KEEP_HOURS
wl:seen:{user}           posts served to a user, longest ago first         SEEN_LENGTH         SEEN_KEEP_DAYS
wl:chain:{slot}:{user}   a frozen list, and where its pages end            4 slots a user      CHAIN_MINUTES
wl:tail:{slot}:{user}    what follows when a frozen list is used up; seen  2 × EVERYONE_LENGTH CHAIN_MINUTES
                         posts are in it once its user has seen nearly     + 3 × LIST_LENGTH
                         all others                                        + 2 × SEEN_LENGTH
wl:asked                 who asked lately and has no list, or an old one   10,000 users        a day
wl:deleted               rows of posts deleted lately, by safety number    LIST_KEEP_HOURS     2 × LIST_KEEP_HOURS
wl:deleted:number        the newest safety number                          one number          2 × LIST_KEEP_HOURS
wl:safety                the safety epoch: deletions and blocks are here,  one value           LIST_KEEP_HOURS
                         in this life of the server
wl:loading:{token}       a load of the safety data is under way            one value           10 minutes
wl:erased                hashes of users erased lately                     100,000             30 days
wl:written               that Redis took a write: a look's probe           one value           a minute
wl:phase                 the phase in force                                one value           while one is set
wl:fence:{job}           the newest run that may write                     one number          LIST_KEEP_HOURS
wl:published:{phase}     when, by which run, how many lists and bytes      one value           LIST_KEEP_HOURS
wl:installation          which PostgreSQL the rows belong to               one value           while it is their owner
"""

from datetime import timedelta

from shared.domain import Phase

PREFIX = "wl:"
EVERYONE = "wl:everyone"
NEW_POSTS = "wl:new"
BLOCKED = "wl:blocked"
CLUSTERS = "wl:clusters"
VIEWERS = "wl:viewers"
ASKED = "wl:asked"
DELETED = "wl:deleted"
DELETED_NUMBER = "wl:deleted:number"
SAFETY = "wl:safety"
WRITTEN = "wl:written"
ERASED = "wl:erased"
PHASE = "wl:phase"
INSTALLATION = "wl:installation"

MAX_ASKED = 10_000  # users; a megabyte
ASKED_FOR = timedelta(days=1)  # how long one request keeps a user's list coming
WRITTEN_FOR = timedelta(minutes=1)
CHAIN_SLOTS = 4  # chains that one user can have under way: a phone, a tablet, and each once refreshed
CHUNK_BITS = 8  # 256 rows a chunk: small enough for Redis' compact hash, few enough round trips


def ranked_list(phase: Phase, user_id: str) -> str:
    return f"wl:list:{phase[0]}:{user_id}"


def chunk(number: int) -> str:
    return f"wl:posts:{number}"


def chunk_pattern() -> str:
    """All chunks, for SCAN."""
    return "wl:posts:*"


def chunk_of(post_number: int) -> int:
    return post_number >> CHUNK_BITS


def viewer(user_id: str) -> str:
    return f"wl:viewer:{user_id}"


def seen(user_id: str) -> str:
    return f"wl:seen:{user_id}"


def chain(user_id: str, slot: int) -> str:
    return f"wl:chain:{slot}:{user_id}"


def tail(user_id: str, slot: int) -> str:
    return f"wl:tail:{slot}:{user_id}"


def chains_of(user_id: str) -> tuple[str, ...]:
    """All slots of a user's chains, then those of their tails."""
    slots = range(CHAIN_SLOTS)
    return (*[f"wl:chain:{slot}:{user_id}" for slot in slots], *[f"wl:tail:{slot}:{user_id}" for slot in slots])


def keys_of_user(user_id: str) -> list[str]:
    """All keys that are one user's own."""
    lists = [ranked_list(phase, user_id) for phase in Phase]
    return [*lists, viewer(user_id), seen(user_id), *chains_of(user_id)]


def fence(job: str) -> str:
    return f"wl:fence:{job}"


def loading(token: str) -> str:
    return f"wl:loading:{token}"


def published(phase: Phase) -> str:
    return f"wl:published:{phase}"
