"""The names of everything that Warmline keeps in Redis, each with its bound and its life time.

key                      holds                                             bound               lives
wl:list:{h|n}:{user}     a user's ranked list of a phase                   LIST_LENGTH         LIST_KEEP_HOURS
wl:everyone              everyone's list                                   EVERYONE_LENGTH     LIST_KEEP_HOURS
wl:tags                  a hash: tag → everyone's list of that tag         TAG_LISTS ×         LIST_KEEP_HOURS
                                                                           LIST_LENGTH
wl:tags:new              the next one of it, while a run writes it         the same            10 minutes
wl:author:{author hash}  an author's newest candidates, with their times   50 posts            LIST_KEEP_HOURS
wl:authors               each author's key is written                      one number          LIST_KEEP_HOURS
wl:follow:{user}         hashes of the authors whom a user follows, for    5,000 authors       an hour
                         readers of mode=following only
wl:new                   posts that few people have seen yet               2,000 entries       LIST_KEEP_HOURS
wl:onboarding            a spread of posts and tags for newcomers          600 posts, 50 tags  LIST_KEEP_HOURS
wl:suggested:{user}      authors suggested to a user                       20 authors          LIST_KEEP_HOURS
wl:popular               authors suggested to everybody                    100 authors         LIST_KEEP_HOURS
wl:names:{chunk}         author hash → id and some posts, of the authors   MAX_LISTS × 20      LIST_KEEP_HOURS
                         who are suggested to anybody                      authors in 1,024
wl:blocked               all blocks as pairs of hashes, for when both      100,000 pairs       2 × LIST_KEEP_HOURS
                         stores are down
wl:posts:{chunk}         catalogue: post number → id, author hash, cluster 256 posts           LIST_KEEP_HOURS + chains
wl:similar:{post}        a post's nearest posts; {post}: 16 digits of a     48 posts            LIST_KEEP_HOURS
                         hash of its id
wl:clusters              a hash of all photo clusters in the catalogue     one value           LIST_KEEP_HOURS + chains
wl:viewer:{user}         authors and posts withheld, posts seen by events, SEEN_LENGTH, 200    2 × LIST_KEEP_HOURS
                         muted tags and words, languages                   texts, 20 languages
wl:viewers               the users who have a wl:viewer                    active users        2 × LIST_KEEP_HOURS
wl:seen:{user}           posts served to a user, oldest first              SEEN_LENGTH         SEEN_KEEP_DAYS
wl:chain:{slot}:{user}   a frozen list, and where its pages end            4 slots a user, and CHAIN_MINUTES
                                                                           4 of all other
                                                                           modes but for_you
wl:tail:{slot}:{user}    what follows the end of a frozen list; with seen  2 × EVERYONE_LENGTH CHAIN_MINUTES
                         posts once the user has seen nearly all others    + 3 × LIST_LENGTH
                                                                           + 2 × SEEN_LENGTH
wl:request:{slot}:{user} which request_id began the chain in a slot  25 bytes, 8 slots   a minute
                         (a hash of it)                              a user
wl:asked                 users who requested a page lately and have no     10,000 users        a day
                         list, or an old one
wl:deleted               numbers of posts deleted or hidden lately,        LIST_KEEP_HOURS     2 × LIST_KEEP_HOURS
                         each with the version of that
wl:suspended             hashes of authors suspended lately, in that way   LIST_KEEP_HOURS     2 × LIST_KEEP_HOURS
wl:deleted:number        the newest safety number                          one number          2 × LIST_KEEP_HOURS
wl:safety                the safety epoch: deletions and blocks have been  one value           LIST_KEEP_HOURS
                         loaded in this life of the server
wl:loading:{token}       a load of the safety data is running              one value           10 minutes
wl:erased                hashes of users erased lately                     100,000             30 days
wl:written               written by the timeline's check for writability   one value           a minute
wl:phase                 the phase in force                                one value           while one is set
wl:fence:{job}           the newest run that has written                   one number          LIST_KEEP_HOURS
wl:version               the highest version of a list that was written    one number          LIST_KEEP_HOURS
wl:live:{h|n}            users whose list of a phase is out of date        LIVE_BACKLOG users  10 minutes
wl:live:{h|n}:counts     what live passes did                              few numbers         LIST_KEEP_HOURS
wl:live:{h|n}:{task}     which process does a task of all of them          one value           its period
wl:recommend             requests for recommendations that wait            64 requests,        10 seconds
                                                                           128 kB each
wl:recommend:rankers     the installation whose rankers answer them        one value           5 seconds
wl:recommend:{token}     the answer to one of them                         1,500 entries       5 seconds
wl:published:{phase}     the last publication: run, time, lists, bytes     one value           LIST_KEEP_HOURS
wl:installation          the PostgreSQL that the post numbers belong to    one value           while it is their owner
"""

from datetime import timedelta
from hashlib import blake2b

from shared.domain import Phase, author_hash

PREFIX = "wl:"
EVERYONE = "wl:everyone"
NEW_POSTS = "wl:new"
TAGS = "wl:tags"
NEXT_TAGS = "wl:tags:new"
AUTHORS = "wl:authors"
ONBOARDING = "wl:onboarding"
POPULAR_AUTHORS = "wl:popular"
BLOCKED = "wl:blocked"
CLUSTERS = "wl:clusters"
VIEWERS = "wl:viewers"
ASKED = "wl:asked"
DELETED = "wl:deleted"
SUSPENDED = "wl:suspended"
DELETED_NUMBER = "wl:deleted:number"
SAFETY = "wl:safety"
WRITTEN = "wl:written"
ERASED = "wl:erased"
PHASE = "wl:phase"
INSTALLATION = "wl:installation"
LIST_VERSION = "wl:version"
RECOMMEND = "wl:recommend"
RECOMMENDERS = "wl:recommend:rankers"

MAX_ASKED = 10_000  # users; a megabyte
REQUEST_FOR = timedelta(seconds=60)  # how long a request_id gives the same first page
ASKED_FOR = timedelta(days=1)  # how long a list is still made for a user after one request
WRITTEN_FOR = timedelta(minutes=1)
LIVE_FOR = timedelta(minutes=10)  # after the last sign of a ranker
MAX_REQUESTS = 64  # that wait; 8 MB if each is as large as it may be
REQUESTS_FOR = timedelta(seconds=10)  # far longer than anybody waits for an answer
RECOMMENDERS_FOR = timedelta(seconds=5)  # after the last sign of a ranker that answers
ANSWER_FOR = timedelta(seconds=5)
CHAIN_SLOTS = 4  # chains of one user at the same time: a phone, a tablet, and each refreshed once
MODE_SLOTS = 4  # the same of all modes but `for_you`, so that they take no slot from it: one each, and one refreshed
ALL_SLOTS = CHAIN_SLOTS + MODE_SLOTS
AUTHOR_LENGTH = 50  # posts of one author
FOLLOWED_FOR = timedelta(hours=1)  # after they were read
NAME_CHUNKS = 1_024  # so that a chunk of 100,000 authors is small enough for Redis' compact hash encoding
CHUNK_BITS = 8  # 256 posts per chunk: small enough for Redis' compact hash encoding, with few round trips


def ranked_list(phase: Phase, user_id: str) -> str:
    return f"wl:list:{phase[0]}:{user_id}"


def list_pattern(phase: Phase) -> str:
    """All lists of a phase, for SCAN."""
    return f"wl:list:{phase[0]}:*"


def live(phase: Phase) -> str:
    """The stream of users whose list of a phase is out of date."""
    return f"wl:live:{phase[0]}"


def live_counts(phase: Phase) -> str:
    return f"wl:live:{phase[0]}:counts"


def live_task(phase: Phase, task: str) -> str:
    """Held by the process that does a task for all processes of a ranker."""
    return f"wl:live:{phase[0]}:{task}"


def chunk(number: int) -> str:
    return f"wl:posts:{number}"


def chunk_pattern() -> str:
    """All chunks, for SCAN."""
    return "wl:posts:*"


def chunk_of(post_number: int) -> int:
    return post_number >> CHUNK_BITS


def recommendation(token: str) -> str:
    """The answer to one request for recommendations."""
    return f"wl:recommend:{token}"


def similar(post_id: str) -> str:
    """The posts that are similar to one. By a hash of its id: so the key is short, and names nobody's post."""
    return f"wl:similar:{blake2b(post_id.encode(), digest_size=8).hexdigest()}"


def viewer(user_id: str) -> str:
    return f"wl:viewer:{user_id}"


def seen(user_id: str) -> str:
    return f"wl:seen:{user_id}"


def author(hashed: int) -> str:
    return f"wl:author:{hashed:x}"


def followed(user_id: str) -> str:
    """As long before the id as the key of a viewer: the same script writes both."""
    return f"wl:follow:{user_id}"


def slot_of(visits: int, *, is_mode: bool) -> int:
    """The slot of a user's newest chain, by their visits (`records.SeenRecord`)."""
    return CHAIN_SLOTS + (visits >> 16) % MODE_SLOTS if is_mode else visits % CHAIN_SLOTS


def suggested(user_id: str) -> str:
    return f"wl:suggested:{user_id}"


def author_names(author: int) -> str:
    """The chunk that says who the author with this hash is."""
    return f"wl:names:{author % NAME_CHUNKS}"


def chain(user_id: str, slot: int) -> str:
    return f"wl:chain:{slot}:{user_id}"


def tail(user_id: str, slot: int) -> str:
    return f"wl:tail:{slot}:{user_id}"


def chains_of(user_id: str) -> tuple[str, ...]:
    """The keys of all chains of a user, then those of all tails."""
    slots = range(ALL_SLOTS)
    return (*[f"wl:chain:{slot}:{user_id}" for slot in slots], *[f"wl:tail:{slot}:{user_id}" for slot in slots])


def requests_of(user_id: str) -> tuple[str, ...]:
    """For each slot, the key of the request that began its chain."""
    return tuple([f"wl:request:{slot}:{user_id}" for slot in range(ALL_SLOTS)])


def keys_of_user(user_id: str) -> list[str]:
    """All keys that belong to one user."""
    lists = [ranked_list(phase, user_id) for phase in Phase]
    own = author(author_hash(user_id))
    chains = (*chains_of(user_id), *requests_of(user_id))
    return [*lists, viewer(user_id), seen(user_id), followed(user_id), suggested(user_id), own, *chains]


def fence(job: str) -> str:
    return f"wl:fence:{job}"


def loading(token: str) -> str:
    return f"wl:loading:{token}"


def published(phase: Phase) -> str:
    return f"wl:published:{phase}"
