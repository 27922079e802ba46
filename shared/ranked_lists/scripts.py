"""The Lua scripts: each is one atomic change of Redis. The comment says why it has to be atomic."""

import hashlib

# A run that lost its lease may not write, not even the rest of its batch: the fencing number is checked in the same
# step as the writes; and so is the owner, for another installation may have taken Redis over since the run began.
# KEYS: fence, installation, then the keys. ARGV: run, life time in ms, owner or '', then the values. Gives 1, 0 if a
# newer run writes, -1 if Redis is another's.
WRITE_LISTS = """
local owner = redis.call('GET', KEYS[2])
if ARGV[3] ~= '' and owner and owner ~= ARGV[3] then return -1 end
local newest = tonumber(redis.call('GET', KEYS[1]) or '0')
local run = tonumber(ARGV[1])
if newest > run then return 0 end
if newest < run then redis.call('SET', KEYS[1], ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 3, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[2]) end
return 1
"""

# A viewer read from PostgreSQL earlier must not overwrite one that was read later. The version stands in the first 8
# bytes, big-endian, and is compared as a number: Lua compares strings by the server's locale.
# KEYS: viewers. ARGV: life time in ms, then the values.
WRITE_VIEWERS = """
for i = 1, #KEYS do
  local old = redis.call('GETRANGE', KEYS[i], 0, 7)
  local fresh = struct.unpack('>I8', ARGV[i + 1])
  if #old < 8 or struct.unpack('>I8', old) <= fresh then redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[1]) end
end
return #KEYS
"""

# Of two phases the one with the higher version stays, whoever writes last. KEYS: phase. ARGV: version, value.
WRITE_PHASE = """
local old = redis.call('GET', KEYS[1])
if old and tonumber(string.match(old, '^(%d+)|')) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""

# Rows join the deleted ones under the next safety number, so that a timeline can ask for what it has not got yet.
# KEYS: deleted, number. ARGV: life time in ms, then the rows. Rows that are there keep their number.
ADD_DELETED = """
local fresh = {}
for i = 2, #ARGV do
  if not redis.call('ZSCORE', KEYS[1], ARGV[i]) then fresh[#fresh + 1] = ARGV[i] end
end
if #fresh > 0 then
  local number = redis.call('INCR', KEYS[2])
  for _, row in ipairs(fresh) do redis.call('ZADD', KEYS[1], number, row) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return #fresh
"""

# A Redis that lost its memory in the middle of a load lost a part of what was loaded, and with it the mark that the
# load set at its beginning. KEYS: safety, mark. ARGV: epoch, life time in ms.
DECLARE_SAFE = """
if redis.call('DEL', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# Serving a page appends to what the user has seen; the oldest go when the bound is passed, so the value never grows.
# `at` is the place of its first argument: visits (4 bytes), rows (4 bytes each), the longest value allowed, life time.
_APPEND_SEEN = """
local function append_seen(seen, at)
  redis.call('SETRANGE', seen, 0, ARGV[at])
  local length = redis.call('APPEND', seen, ARGV[at + 1])
  local longest = tonumber(ARGV[at + 2])
  if length > longest then
    redis.call('SET', seen, ARGV[at] .. redis.call('GETRANGE', seen, length - longest + 4, -1))
  end
  redis.call('PEXPIRE', seen, ARGV[at + 3])
end
"""

# A first page: its chain takes the slot, and its posts are seen. One script, for it costs half of what its four
# commands do. KEYS: chain, tail, seen. ARGV: chain, tail or '', life time of both in ms, then as `append_seen` has it.
BEGIN_CHAIN = (
    _APPEND_SEEN
    + """
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
if ARGV[2] == '' then redis.call('DEL', KEYS[2]) else redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
append_seen(KEYS[3], 4)
return 1
"""
)

# The end of a page is noted at the chain that was read: not at one that took its slot meanwhile, and not when another
# request served a page of it meanwhile (each adds an end, and may move what was not served yet). A page that put posts
# in another order than the chain's writes the chain anew; so does a process that has the chain while Redis lost it.
# What was overtaken is worked out again, so its posts are not seen yet, unless it is served all the same.
# KEYS: chain, tail, seen. ARGV: nonce, ends when it was read, page end (2 bytes), life time in ms, chain or '', tail
# or '', then as `append_seen` has it, then '1' if it is served in any case. Gives 1, 0 when the slot holds another
# chain (or none, and none was given), 2 when another request was quicker.
END_PAGE = (
    _APPEND_SEEN
    + """
local held = redis.call('GETRANGE', KEYS[1], 0, 13)
local is_ours = held ~= '' and string.sub(held, 1, 8) == ARGV[1]
if is_ours then
  local entries = string.byte(held, 13) + 256 * string.byte(held, 14)
  local ends = (redis.call('STRLEN', KEYS[1]) - 22 - 6 * entries) / 2
  if ends ~= tonumber(ARGV[2]) then
    if ARGV[11] == '1' then append_seen(KEYS[3], 7) end
    return 2
  end
end
append_seen(KEYS[3], 7)
if not is_ours and (held ~= '' or ARGV[5] == '') then return 0 end
if ARGV[5] ~= '' then redis.call('SET', KEYS[1], ARGV[5]) else redis.call('APPEND', KEYS[1], ARGV[3]) end
if ARGV[6] ~= '' then redis.call('SET', KEYS[2], ARGV[6]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
"""
)

# The first tail of a chain stays, whichever request works one out; a chain that lost its slot leaves the slot alone.
# KEYS: chain, tail. ARGV: nonce, entries, life time in ms. Gives the entries that count.
KEEP_TAIL = """
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return ARGV[2] end
local kept = redis.call('GET', KEYS[2])
if kept and string.sub(kept, 1, 8) == ARGV[1] then return string.sub(kept, 9) end
redis.call('SET', KEYS[2], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return ARGV[2]
"""

# A post that a user touched elsewhere counts as seen last, and stands in the record once: a view of a post that was
# served here must not push another one out. What begins the record, the visits, stays.
# KEYS: seen. ARGV: rows (4 bytes each), the longest value allowed, life time in ms.
MARK_SEEN = """
local held = redis.call('GET', KEYS[1])
if not held or #held < 4 then held = '\\0\\0\\0\\0' end
for i = 1, #ARGV[1], 4 do
  local row = string.sub(ARGV[1], i, i + 3)
  local at = string.find(held, row, 5, true)
  while at and (at - 1) % 4 ~= 0 do at = string.find(held, row, at + 1, true) end
  if at then held = string.sub(held, 1, at - 1) .. string.sub(held, at + 4) end
  held = held .. row
end
local longest = tonumber(ARGV[2])
if #held > longest then held = string.sub(held, 1, 4) .. string.sub(held, #held - longest + 5) end
redis.call('SET', KEYS[1], held, 'PX', ARGV[3])
return #held
"""

# Pages name their scripts by digest (EVALSHA): the texts would be half of what they send.
TEXTS = {hashlib.sha1(text.encode()).hexdigest(): text for text in (BEGIN_CHAIN, END_PAGE, KEEP_TAIL)}  # noqa: S324
_DIGESTS = {text: digest for digest, text in TEXTS.items()}


def digest_of(text: str) -> str:
    """The name of a page's script."""
    return _DIGESTS[text]
