"""The Lua scripts: each is one atomic change of Redis. The comment says why it has to be atomic."""

import hashlib

# A run that a newer one has replaced may not write, not even the rest of its batch: its fencing number is compared with
# the newest number that wrote in the same step as each write. (An erasure raises that number, too, for a run whose
# lease is over.) An act, which is not a run, passes ''. A writer of another installation is refused as well, since
# another installation may have taken Redis over. A refused script returns OVERTAKEN or FOREIGN, and has written
# nothing. The first key is the fence, the last one the owner's; the first arguments are run and life time in ms, the
# last one is the installation, or '' if it is not known.
_REFUSAL = """
local function refusal()
  local owner, ours = redis.call('GET', KEYS[#KEYS]), ARGV[#ARGV]
  if ours ~= '' and owner and owner ~= ours then return -3 end
  if ARGV[1] == '' then return nil end
  local newest, run = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1])
  if newest > run then return -1 end
  if newest < run then redis.call('SET', KEYS[1], ARGV[1]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return nil
end
local refused = refusal()
if refused then return refused end
"""
OVERTAKEN, FOREIGN = -1, -3

# Every script that stores something about a user checks in the same step whether the user was erased, since a write
# that was already under way must not bring anything back.
_ERASED = """
local function is_erased(erased, user)
  return redis.call('EXISTS', erased) == 1 and redis.call('ZSCORE', erased, redis.sha1hex(user))
end
"""
ERASED = -2

# Of two lists of a user, the one with the higher version stays, whoever writes it and whenever: runs and live passes
# write the same lists side by side. The version is in the bytes (see `codec`); a list without one has version 0. The
# highest version is kept, so that a PostgreSQL that was restored from a backup is noticed.
_VERSION = """
local function version_of(value)
  if type(value) ~= 'string' or #value < 20 or string.byte(value, 1) ~= 2 then return 0 end
  return struct.unpack('<I8', string.sub(value, 13, 20))
end
local function held_version(key) return version_of(redis.pcall('GETRANGE', key, 0, 19)) end
"""

# KEYS: fence, erased, the highest version, then the keys. ARGV: run, life time in ms, life time of lists in ms, then
# the values. Returns how many were written.
WRITE_LISTS = (
    _ERASED
    + _VERSION
    + _REFUSAL
    + """
local some_erased = redis.call('EXISTS', KEYS[2]) == 1
local written, highest = 0, 0
for i = 4, #KEYS - 1 do
  local user, fresh, is_wanted = string.match(KEYS[i], '^wl:list:.:(.*)$'), version_of(ARGV[i]), true
  if user then is_wanted = held_version(KEYS[i]) <= fresh and not (some_erased and is_erased(KEYS[2], user)) end
  if is_wanted then
    redis.call('SET', KEYS[i], ARGV[i], 'PX', ARGV[3])
    written = written + 1
    if fresh > highest then highest = fresh end
  end
end
if highest > tonumber(redis.call('GET', KEYS[3]) or '0') then
  redis.call('SET', KEYS[3], string.format('%.0f', highest), 'PX', ARGV[2])
end
return written
"""
)

# Deletes lists, unless they are newer than what decided on that. KEYS: fence, then lists. ARGV: run, life time of the
# fence in ms, version. Returns how many were deleted.
DROP_LISTS = (
    _VERSION
    + _REFUSAL
    + """
local dropped = 0
for i = 2, #KEYS - 1 do
  if held_version(KEYS[i]) <= tonumber(ARGV[3]) then dropped = dropped + redis.call('DEL', KEYS[i]) end
end
return dropped
"""
)

# A viewer that was read from PostgreSQL earlier must not overwrite one that was read later. The version is in the first
# 8 bytes, big-endian, and is compared as a number, since Lua compares strings by the server's locale.
# KEYS: fence, erased, the set of users with a viewer, then the viewers. ARGV: run, life time of the fence in ms, of the
# others in ms, 1 to add these users to the set, then the values.
WRITE_VIEWERS = (
    _ERASED
    + _REFUSAL
    + """
local some_erased = redis.call('EXISTS', KEYS[2]) == 1
for i = 4, #KEYS - 1 do
  local user = string.sub(KEYS[i], 11)
  if not some_erased or not is_erased(KEYS[2], user) then
    local old = redis.pcall('GETRANGE', KEYS[i], 0, 7)
    if type(old) == 'table' then old = '' end  -- of another type
    local fresh = struct.unpack('>I8', ARGV[i + 1])
    if #old < 8 or struct.unpack('>I8', old) <= fresh then
      redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[3])
    end
    if ARGV[4] == '1' then redis.call('SADD', KEYS[3], user) end
  end
end
if ARGV[4] == '1' then redis.call('PEXPIRE', KEYS[3], ARGV[3]) end
return 1
"""
)

# KEYS: fence, then chunks of the catalogue. ARGV: run, life time of the fence in ms, of the chunks in ms, then for each
# chunk the number of its arguments, and these: post numbers and entries.
WRITE_CATALOGUE = (
    _REFUSAL
    + """
local at = 4
for i = 2, #KEYS - 1 do
  local count = tonumber(ARGV[at])
  if redis.call('TYPE', KEYS[i]).ok ~= 'hash' then redis.call('DEL', KEYS[i]) end
  redis.call('HSET', KEYS[i], unpack(ARGV, at + 1, at + count))
  redis.call('PEXPIRE', KEYS[i], ARGV[3])
  at = at + 1 + count
end
return 1
"""
)

# KEYS: fence, key. ARGV: run, life time of the fence in ms, of the key in ms, value.
WRITE_VALUE = (
    _REFUSAL
    + """
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[3])
return 1
"""
)

# KEYS: fence, then keys. ARGV: run, life time of the fence in ms, of the keys in ms, then the values.
WRITE_VALUES = (
    _REFUSAL
    + """
for i = 2, #KEYS - 1 do redis.call('SET', KEYS[i], ARGV[i + 2], 'PX', ARGV[3]) end
return #KEYS - 2
"""
)

# A hash that is replaced as a whole: a run writes the next one in batches, and then puts it into its place. A run that
# died leaves an unfinished one, which the next run deletes first.
# KEYS: fence, the next hash. ARGV: run, life time of the fence in ms, of the next hash in ms, '1' for the first batch,
# then fields and values.
STAGE_HASH = (
    _REFUSAL
    + """
if ARGV[4] == '1' then redis.call('DEL', KEYS[2]) end
redis.call('HSET', KEYS[2], unpack(ARGV, 5, #ARGV - 1))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
"""
)

# KEYS: fence, the next hash, the hash. ARGV: run, life time of the fence in ms, of the hash in ms.
REPLACE_HASH = (
    _REFUSAL
    + """
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return 1
"""
)

# A value of each of some users; '' deletes it. KEYS: fence, erased, then the keys, whose third part is the user. ARGV:
# run, life time of the fence in ms, of the values in ms, then the values.
WRITE_OF_USERS = (
    _ERASED
    + _REFUSAL
    + """
local some_erased = redis.call('EXISTS', KEYS[2]) == 1
for i = 3, #KEYS - 1 do
  local user = string.match(KEYS[i], '^wl:[^:]*:(.*)$')
  if ARGV[i + 1] == '' then
    redis.call('DEL', KEYS[i])
  elseif not (some_erased and is_erased(KEYS[2], user)) then
    redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[3])
  end
end
return 1
"""
)

# Hashes that are replaced whole. KEYS: fence, then hashes. ARGV: run, life time of the fence in ms, of the hashes in
# ms, then for each hash the number of its arguments, and these: fields and values.
REPLACE_HASHES = (
    _REFUSAL
    + """
local at = 4
for i = 2, #KEYS - 1 do
  local count = tonumber(ARGV[at])
  redis.call('DEL', KEYS[i])
  for first = at + 1, at + count, 4000 do
    redis.call('HSET', KEYS[i], unpack(ARGV, first, math.min(first + 3999, at + count)))
  end
  if count > 0 then redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
  at = at + 1 + count
end
return 1
"""
)

# KEYS: fence, then keys. ARGV: run, life time in ms.
DROP_VALUES = (
    _REFUSAL
    + """
return redis.call('DEL', unpack(KEYS, 2, #KEYS - 1))
"""
)

# All blocks as of a version, unless Redis already has blocks of a later version. The version is the second number of
# the first pair, whose first number is 0; values of earlier releases have no version. An erasure removes its user from
# the value that it has read: it passes that value, and the script returns 0 if Redis holds another one by now.
# KEYS: fence, blocked. ARGV: run, life time of the fence in ms, of the value in ms, version (8 bytes), value, the value
# to replace or ''.
WRITE_BLOCKED = (
    _REFUSAL
    + """
if ARGV[6] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[6] then return 0 end
local head = redis.call('GETRANGE', KEYS[2], 0, 15)
if #head == 16 and string.sub(head, 1, 8) == string.rep('\\0', 8) then
  if struct.unpack('<I8', string.sub(head, 9)) > struct.unpack('<I8', ARGV[4]) then return 1 end
end
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[3])
return 1
"""
)

# Gives up runs. KEYS: fences. ARGV: life time in ms, then for each fence the lowest run that may still write.
RAISE_FENCES = """
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or '0') < tonumber(ARGV[i + 1]) then
    redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[1])
  end
end
return #KEYS
"""

# Records who was erased; their data is deleted only after that. The oldest entries are dropped at the bound.
# KEYS: erased. ARGV: now in seconds, life time in seconds, maximum count, then hashes of users.
NOTE_ERASED = """
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], ARGV[1], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[3] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""

# Of two phases, the one with the higher version wins, in any order of writes. KEYS: phase. ARGV: version, value.
WRITE_PHASE = """
local old = redis.call('GET', KEYS[1])
if old and tonumber(string.match(old, '^(%d+)|')) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""

# Adds posts to the deleted ones, each with the version of its deletion, and raises the safety number, so that timelines
# read the new ones. Authors are added to the suspended ones in the same way. An act raises the version of a post that
# is already there: a run that loaded before the act must not drop it. A run that repeats what it has read changes
# neither, except a version of an earlier release. The safety number is never below the version: if it expired because
# nothing was deleted for days, it continues above the old one.
# KEYS: fence, deleted, number. ARGV: run, life time of the fence in ms, of the others in ms, version, 1 for an act,
# PostgreSQL's first version, then the post numbers. Returns how many were not there before.
ADD_DELETED = (
    _REFUSAL
    + """
local fresh = 0
local moved = false
for i = 7, #ARGV - 1 do
  local held = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[i]))
  if not held then fresh = fresh + 1 end
  if not held or held < tonumber(ARGV[6]) or (ARGV[5] == '1' and held < tonumber(ARGV[4])) then
    redis.call('ZADD', KEYS[2], ARGV[4], ARGV[i])
    moved = moved or not held or ARGV[5] == '1'
  end
end
if moved then
  local number = math.max(tonumber(redis.call('GET', KEYS[3]) or '0') + 1, tonumber(ARGV[4]))
  redis.call('SET', KEYS[3], string.format('%.0f', number))
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return fresh
"""
)

# Removes posts that are no longer deleted in PostgreSQL (authors who are no longer suspended), unless they were deleted
# again after it was read: the version is compared in the same step. Versions below PostgreSQL's first one are safety
# numbers, written by timelines of an earlier release; they are compared with the safety number as it was before
# PostgreSQL was read.
# KEYS: fence, deleted, number. ARGV: run, life time of the fence in ms, version, PostgreSQL's first version, number,
# then the post numbers. Returns how many were removed.
DROP_DELETED = (
    _REFUSAL
    + """
local gone = 0
for i = 6, #ARGV - 1 do
  local held = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[i]))
  local bound = held and held < tonumber(ARGV[4]) and tonumber(ARGV[5]) or tonumber(ARGV[3])
  if held and held <= bound then gone = gone + redis.call('ZREM', KEYS[2], ARGV[i]) end
end
if gone > 0 then redis.call('INCR', KEYS[3]) end
return gone
"""
)

# A Redis that lost its memory during a load lost a part of the loaded data, and with it the mark that the load had set
# before it read PostgreSQL. The present epoch stays; a new one starts if there is none, or if it was declared in
# another life of the server (see `server_life`).
# KEYS: fence, safety, mark. ARGV: run, life time of the fence in ms, a new epoch, life time in ms, the server's life.
DECLARE_SAFE = (
    _REFUSAL
    + """
if redis.call('DEL', KEYS[3]) == 0 then return 0 end
local held = redis.call('GET', KEYS[2])
if held and ARGV[5] ~= '' and string.sub(held, 17) ~= ARGV[5] then held = nil end
redis.call('SET', KEYS[2], held or ARGV[3], 'PX', ARGV[4])
return 1
"""
)

# Serving a page appends to the posts that the user has seen; above the bound the oldest are dropped, so the value does
# not grow without end. The record starts with the visits (4 bytes), which only BEGIN_CHAIN counts. `at` is the index of
# its first argument: post numbers (4 bytes each), the longest value allowed, life time in ms.
_APPEND_SEEN = """
local function append_seen(seen, at)
  local length = redis.call('APPEND', seen, ARGV[at])
  if length == #ARGV[at] then  -- there was none
    redis.call('SET', seen, '\\0\\0\\0\\0' .. ARGV[at])
    length = length + 4
  end
  local longest = tonumber(ARGV[at + 1])
  if length > longest then
    local visits, newest = redis.call('GETRANGE', seen, 0, 3), redis.call('GETRANGE', seen, length - longest + 4, -1)
    redis.call('SET', seen, visits .. newest)
  end
  redis.call('PEXPIRE', seen, ARGV[at + 2])
end
"""

# A first page: the visit is counted, and the chain takes the slot of that number in the same step, so that two
# concurrent first pages never share a slot. If another page was faster, so that the visits differ from those that were
# read, nothing is written. The posts are recorded as seen, and the user is added to those who wait for a list. One
# script, since it costs half as much as its commands.
# KEYS: erased, asked, seen, and the slot's chain and tail. ARGV: user, chain, tail or '', life time of both in ms, then
# the arguments of `append_seen`, then visits before and with this one (4 bytes each), the time of the request if the
# user waits for a list, or '', how many may wait, its life time in ms. Returns the present visits if they are not the
# expected ones, -1 if the chain has begun, -2 if the user was erased: then nothing is stored.
_BEGIN = """
local head = redis.pcall('GETRANGE', KEYS[3], 0, 3)
if type(head) == 'table' then  -- of another type
  redis.call('DEL', KEYS[3])
  head = ''
end
local is_first = #head < 4
if is_first then head = '\\0\\0\\0\\0' end
if head ~= ARGV[8] then return struct.unpack('<I4', head) end
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[4])
if ARGV[3] ~= '' then redis.call('SET', KEYS[5], ARGV[3], 'PX', ARGV[4]) end
if is_first and 4 + #ARGV[5] <= tonumber(ARGV[6]) then
  redis.call('SET', KEYS[3], ARGV[9] .. ARGV[5], 'PX', ARGV[7])
else
  redis.call('SETRANGE', KEYS[3], 0, ARGV[9])
  append_seen(KEYS[3], 5)
end
if ARGV[10] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[10], ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -ARGV[11] - 1)
  redis.call('PEXPIRE', KEYS[2], ARGV[12])
end
"""
_REFUSE_ERASED = "if is_erased(KEYS[1], ARGV[1]) then return -2 end\n"
BEGIN_CHAIN = _ERASED + _APPEND_SEEN + _REFUSE_ERASED + _BEGIN + "return -1\n"
BEGUN = -1

# The same for a request that has a `request_id`. If it has begun a chain within the last minute, that is returned, and
# nothing is written: two requests with one id never count a visit, or seen posts, twice. A record of a chain that
# cannot be continued is replaced.
# KEYS: as BEGIN_CHAIN, then the records of the user's slots. ARGV: the 12 of BEGIN_CHAIN, then the request's mark (16
# bytes), the nonce of the chain that is replaced or '', the record (see `repeatable_pages.pack_request`), its life time
# in ms. Returns the record, or as BEGIN_CHAIN.
BEGIN_REPEATABLE = (
    _ERASED
    + _APPEND_SEEN
    + _REFUSE_ERASED
    + """
for i = 6, #KEYS do
  local held = redis.pcall('GET', KEYS[i])
  if type(held) == 'string' and #held == #ARGV[15] and string.sub(held, 1, 16) == ARGV[13] then
    if string.sub(held, 17, 24) ~= ARGV[14] then return held end
    redis.call('DEL', KEYS[i])
  end
end
"""
    + _BEGIN
    + """
redis.call('SET', KEYS[6 + string.byte(ARGV[15], -1)], ARGV[15], 'PX', ARGV[16])
return -1
"""
)

# Records the end of a page in the chain that was read: not in another chain that took its slot meanwhile, and not if
# another request served a page of it meanwhile (each adds an end, and may reorder what was not served yet). A page that
# changed the order of the chain's posts writes the whole chain; so does a process that has the chain while Redis lost
# it. An overtaken page is computed again, so its posts are not seen yet, unless it is served all the same. A chain that
# lost its slot, or never had one because its visit was not counted, gets one from BEGIN_CHAIN: nothing is recorded
# here.
# KEYS: erased, seen, chain, tail. ARGV: user, nonce, number of ends when it was read, page end (2 bytes), life time in
# ms, chain or '', tail or '', then the arguments of `append_seen`, then '1' if the page is served in any case, then '1'
# if the chain has the slot only when it is found there. Returns 1, 0 if the chain has no slot, 2 if another request was
# faster, -2 if the user was erased.
END_PAGE = (
    _ERASED
    + _APPEND_SEEN
    + """
if is_erased(KEYS[1], ARGV[1]) then return -2 end
local held = redis.call('GETRANGE', KEYS[3], 0, 13)
local is_ours = held ~= '' and string.sub(held, 1, 8) == ARGV[2]
if is_ours then
  local entries = string.byte(held, 13) + 256 * string.byte(held, 14)
  local ends = (redis.call('STRLEN', KEYS[3]) - 22 - 6 * entries) / 2
  if ends ~= tonumber(ARGV[3]) then
    if ARGV[11] == '1' then append_seen(KEYS[2], 8) end
    return 2
  end
end
if not is_ours and (held ~= '' or ARGV[6] == '' or ARGV[12] == '1') then return 0 end
append_seen(KEYS[2], 8)
if ARGV[6] ~= '' then redis.call('SET', KEYS[3], ARGV[6]) else redis.call('APPEND', KEYS[3], ARGV[4]) end
if ARGV[7] ~= '' then redis.call('SET', KEYS[4], ARGV[7])
elseif ARGV[6] ~= '' then redis.call('DEL', KEYS[4]) end
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('PEXPIRE', KEYS[4], ARGV[5])
return 1
"""
)

# The first tail of a chain is kept, whichever request computes it. A chain that lost its slot leaves the slot alone.
# KEYS: erased, chain, tail. ARGV: user, nonce, tail, life time in ms, the mark of a tail with a rest. Returns the tail
# that counts.
KEEP_TAIL = (
    _ERASED
    + """
if is_erased(KEYS[1], ARGV[1]) then return ARGV[3] end
if redis.call('GETRANGE', KEYS[2], 0, 7) ~= ARGV[2] then return ARGV[3] end
local kept = redis.call('GET', KEYS[3])
local head = kept and string.sub(kept, 1, 8)
if head == ARGV[2] or head == ARGV[5] then return kept end
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
return ARGV[3]
"""
)

# Whom a user follows, as of a version: what was read before an act must not replace what is known since. An act writes
# that nothing is known as of its version.
# KEYS: erased, followed. ARGV: user, value (version first, as a viewer's), life time in ms. Returns 1 if it was kept.
KEEP_FOLLOWED = (
    _ERASED
    + """
if is_erased(KEYS[1], ARGV[1]) then return -2 end
local held = redis.pcall('GETRANGE', KEYS[2], 0, 7)
if type(held) == 'string' and #held == 8 and struct.unpack('>I8', held) > struct.unpack('>I8', ARGV[2]) then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
"""
)

# A post with an event counts as seen last, and is in the record once: a view of a post that was served here must not
# push another post out. The visits at the start of the record stay.
# KEYS: erased, then the users' seen posts. ARGV: the longest value allowed, life time in ms, then for each user the id
# and post numbers (4 bytes each).
MARK_SEEN = (
    _ERASED
    + """
local longest = tonumber(ARGV[1])
local function mark(key, rows)
  local held = redis.pcall('GET', key)
  if type(held) ~= 'string' or #held < 4 then held = '\\0\\0\\0\\0' end
  for i = 1, #rows, 4 do
    local row = string.sub(rows, i, i + 3)
    local at = string.find(held, row, 5, true)
    while at and (at - 1) % 4 ~= 0 do at = string.find(held, row, at + 1, true) end
    if at then held = string.sub(held, 1, at - 1) .. string.sub(held, at + 4) end
    held = held .. row
  end
  if #held > longest then held = string.sub(held, 1, 4) .. string.sub(held, #held - longest + 5) end
  redis.call('SET', key, held, 'PX', ARGV[2])
end
for i = 2, #KEYS do
  if not is_erased(KEYS[1], ARGV[2 * i - 1]) then mark(KEYS[i], ARGV[2 * i]) end
end
return #KEYS
"""
)

# Users whose lists are out of date join the queue of each ranker that listens. A full queue takes nobody: who waits
# longest is served first, and the ranker finds the others in PostgreSQL. Another installation's Redis is left alone.
# KEYS: erased, installation, then streams. ARGV: the installation or '', users in a stream at most, then users.
# Returns how often a user found no room.
NOTIFY_RANKERS = (
    _ERASED
    + """
local owner = redis.call('GET', KEYS[2])
if ARGV[1] ~= '' and owner and owner ~= ARGV[1] then return -3 end
local left_out = 0
for i = 3, #KEYS do
  local length = redis.pcall('XLEN', KEYS[i])
  if type(length) == 'number' and redis.call('EXISTS', KEYS[i]) == 1 then
    for j = 3, #ARGV do
      if is_erased(KEYS[1], ARGV[j]) then
      elseif length >= tonumber(ARGV[2]) then left_out = left_out + 1
      else
        redis.call('XADD', KEYS[i], '*', 'user', ARGV[j])
        length = length + 1
      end
    end
  end
end
return left_out
"""
)

# A process that ended leaves its name in the group. It is removed when it has not been heard of for a while, unless it
# has users whom nobody has taken over yet. KEYS: stream. ARGV: group, ms without a sign.
FORGET_CONSUMERS = """
local gone = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local facts = {}
  for i = 1, #consumer, 2 do facts[consumer[i]] = consumer[i + 1] end
  if facts['pending'] == 0 and facts['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], facts['name'])
    gone = gone + 1
  end
end
return gone
"""

# The scripts that begin with _REFUSAL: runs pass their fencing number, acts of the timeline none.
OF_RUNS = (
    WRITE_LISTS, DROP_LISTS, WRITE_VIEWERS, WRITE_CATALOGUE, WRITE_VALUE, DROP_VALUES, WRITE_BLOCKED, ADD_DELETED,
    DROP_DELETED, DECLARE_SAFE, WRITE_VALUES, WRITE_OF_USERS, REPLACE_HASHES, STAGE_HASH, REPLACE_HASH,
)  # fmt: skip

# A ranker that answers requests for recommendations says so, but only in a Redis of its own installation.
# KEYS: the owner, who listens. ARGV: installation, life time in ms. Returns 1 if it was said.
LISTEN_RECOMMENDER = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
"""

# A request for recommendations is taken only where a ranker of the same installation listens, and few others wait: in
# one step, since otherwise many timelines together would exceed the bound. Redis' own clock dates it, since those of
# timeline and ranker may differ.
# KEYS: the queue, who listens. ARGV: installation ('' if it is not known), request, most requests, life time in ms.
# Returns one of the numbers below.
ASK_RECOMMENDER = """
local listening = redis.call('GET', KEYS[2])
if not listening or (ARGV[1] ~= '' and listening ~= ARGV[1]) then return 1 end
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 2 end
local now = redis.call('TIME')
redis.call('RPUSH', KEYS[1], struct.pack('<d', now[1] + now[2] / 1e6) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0
"""
ASKED, NOBODY_LISTENS, QUEUE_FULL = 0, 1, 2

# Pages send the digest of a script (EVALSHA): the text would double what they send.
PAGE_SCRIPTS = (BEGIN_CHAIN, BEGIN_REPEATABLE, END_PAGE, KEEP_TAIL, KEEP_FOLLOWED, ASK_RECOMMENDER)
TEXTS = {hashlib.sha1(text.encode()).hexdigest(): text for text in PAGE_SCRIPTS}  # noqa: S324
_DIGESTS = {text: digest for digest, text in TEXTS.items()}


def digest_of(text: str) -> str:
    """The SHA-1 of a page's script, as EVALSHA takes it."""
    return _DIGESTS[text]
