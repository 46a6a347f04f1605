"""What is written to a slot of a cluster: each script touches one slot, and leaves its mark there.

`KEYS[1]` is the slot's mark, `KEYS[2..]` are the keys that are written to. `ARGV[1]` is the least mark that may be found, `ARGV[2]` the one
to leave. An older one, or none, means that the slot has lost what it held; a later one, that somebody else has taken over: then nothing is
written, and the reply is 0.
"""

from __future__ import annotations

_GUARDED = """
local mark = redis.call('GET', KEYS[1])
if not mark or mark < ARGV[1] or mark > ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
"""

RECORDS = _GUARDED + """
-- ARGV[3]: msgpack of [[key, fact, version, json]], ARGV[4]: of [[key, revision, json]]; a key is its place in KEYS
local function version(held) return tonumber(string.match(held, '^%d+')) end
local function numbers(held) return held and cjson.decode(string.match(held, '|(.*)')).nhs_numbers or {} end
for _, entry in ipairs(cmsgpack.unpack(ARGV[3])) do
  local at, fact, after, json = unpack(entry)
  local held = redis.call('HGET', KEYS[at], fact)
  if not held or version(held) < tonumber(after) then
    redis.call('HSET', KEYS[at], fact, after .. '|' .. json)
  end
end
local left = {}
for _, summary in ipairs(cmsgpack.unpack(ARGV[4])) do
  local at, after, json = unpack(summary)
  local said = after .. '|' .. json
  local held, before = redis.call('HGET', KEYS[at], 'head'), redis.call('HGET', KEYS[at], 'left')
  local newer = not held or version(held) < tonumber(after)
  local carried, gone = {}, {}
  for _, number in ipairs(numbers(newer and said or held)) do carried[number] = true end
  for _, several in ipairs({numbers(held), numbers(said), before and cjson.decode(before) or {}}) do
    for _, number in ipairs(several) do
      if not carried[number] then
        carried[number] = true
        table.insert(gone, number)
      end
    end
  end
  if newer then redis.call('HSET', KEYS[at], 'head', said) end
  if #gone > 0 then
    redis.call('HSET', KEYS[at], 'left', cjson.encode(gone))
    table.insert(left, {at, cjson.encode(gone)})
  elseif before then
    redis.call('HDEL', KEYS[at], 'left')
  end
end
return left
"""
"""Entries and heads that are newer. Returns [key, JSON of numbers] of persons who do not carry these numbers (any more) and may still be in
their sets. The record keeps them in its field `left` until that is mended: cut short before, it is mended by the next application."""

MEMBERS = _GUARDED + """
-- ARGV[3]: SADD or SREM; ARGV[4]: msgpack of [[key, person]]
for _, member in ipairs(cmsgpack.unpack(ARGV[4])) do redis.call(ARGV[3], KEYS[member[1]], member[2]) end
return 1
"""

MENDED = _GUARDED + """
-- ARGV[3..]: for each record what its field `left` held when its numbers were mended
for at = 2, #KEYS do
  if redis.call('HGET', KEYS[at], 'left') == ARGV[at + 1] then redis.call('HDEL', KEYS[at], 'left') end
end
return 1
"""

STAND = """
-- KEYS: where the cache stands, the marks that belong to it, where it stood before.
-- ARGV: what is expected there, what to leave there, 1 where all marks begin anew, what to remember, how many to remember, slots and marks
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] == '1' then redis.call('DEL', KEYS[2], KEYS[3]) end
if ARGV[4] ~= '' then
  redis.call('LPUSH', KEYS[3], ARGV[4])
  redis.call('LTRIM', KEYS[3], 0, ARGV[5] - 1)
end
for at = 6, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
return 1
"""
"""All three keys lie in one slot."""

ALL = (RECORDS, MEMBERS, MENDED, STAND)
