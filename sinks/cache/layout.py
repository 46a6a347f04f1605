"""Keys of the cache, the same in one Redis and in a cluster, and the one script that writes to one Redis.

A person is one hash: field = fact id, value = `<version>|<entry JSON>`, or `<version>|` where the entry was withdrawn; field `head` =
`<revision>|<head JSON>`. So one HGETALL reads a record at one moment. A number is a set of persons: an unverified number may be
carried by several. In a cluster the set of a number lies elsewhere than a record and may name persons who do not carry it: the head
decides.
"""

from __future__ import annotations

PREFIX = "mainstem:"
POSITIONS = PREFIX + "positions"
CLEARING = b"clearing"
"""In place of positions while the cache is being cleared, so that a clearing cut short is finished at the next start."""
STANDING = PREFIX + "standing"
"""In a cluster: positions, and whose. Another key than that of one Redis, so that neither takes the other's for its own."""
MARKS = f"{PREFIX}{{{STANDING}}}:marks"
"""In a cluster: a hash in the slot of STANDING, slot -> the mark that belongs to the positions."""
EARLIER = f"{PREFIX}{{{STANDING}}}:earlier"
"""In a cluster: a list in the slot of STANDING, where the cache stood before: newest first, each with the greatest mark of then."""
MARK = PREFIX + "mark:"
"""In a cluster: a mark in each slot, beside its data (`slots`)."""
HEAD = "head"
LEFT = "left"
"""In a cluster: field of a record, JSON of numbers by which the person may still be found and which they do not carry."""
FACTLESS = frozenset({HEAD.encode(), LEFT.encode()})
"""Fields of a record that are no facts."""


def record(person: str) -> str:
    return f"{PREFIX}record:{person}"


def person(key: str) -> str:
    """Whose record lies there."""
    return key.removeprefix(record(""))


def number(nhs_number: str) -> str:
    return f"{PREFIX}number:{nhs_number}"


APPLY = """
-- ARGV: positions expected, positions after, msgpack of [[person, fact, version, json]], of [[person, revision, json]]
local prefix = KEYS[1]
if (redis.call('GET', prefix .. 'positions') or '') ~= ARGV[1] then return 0 end
local function version(held) return tonumber(string.match(held, '^%d+')) end
for _, entry in ipairs(cmsgpack.unpack(ARGV[3])) do
  local person, fact, after, json = unpack(entry)
  local key = prefix .. 'record:' .. person
  local held = redis.call('HGET', key, fact)
  if not held or version(held) < tonumber(after) then
    redis.call('HSET', key, fact, after .. '|' .. json)
  end
end
for _, summary in ipairs(cmsgpack.unpack(ARGV[4])) do
  local person, after, json = unpack(summary)
  local key = prefix .. 'record:' .. person
  local held = redis.call('HGET', key, 'head')
  if not held or version(held) < tonumber(after) then
    if held then
      for _, number in ipairs(cjson.decode(string.match(held, '|(.*)')).nhs_numbers) do
        redis.call('SREM', prefix .. 'number:' .. number, person)
      end
    end
    for _, number in ipairs(cjson.decode(json).nhs_numbers) do
      redis.call('SADD', prefix .. 'number:' .. number, person)
    end
    redis.call('HSET', key, 'head', after .. '|' .. json)
  end
end
redis.call('SET', prefix .. 'positions', ARGV[2])
return 1
"""
"""Runs as one step in Redis: the batch and its positions, or nothing. Positions other than those expected mean that somebody else
wrote, or that Redis came back empty: then nothing is written. Entries come as one argument: the client handles each argument by itself,
which costs more than what the script does with it. Versions come as texts, since a number of Lua's is not one of 64 bits."""
