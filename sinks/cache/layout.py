"""Keys of the cache in Redis, and the one script that writes to it.

A person is one hash: field = fact id, value = `<version>|<entry JSON>`, or `<version>|` where the entry was withdrawn; field `head` =
`<revision>|<head JSON>`. So one HGETALL reads a record at one moment. A number is a set of persons: an unverified number may be
carried by several.
"""

from __future__ import annotations

PREFIX = "mainstem:"
POSITIONS = PREFIX + "positions"
CLEARING = b"clearing"
"""In place of positions while the cache is being cleared, so that a clearing cut short is finished at the next start."""
HEAD = "head"


def record(person: str) -> str:
    return f"{PREFIX}record:{person}"


def number(nhs_number: str) -> str:
    return f"{PREFIX}number:{nhs_number}"


APPLY = """
-- ARGV: positions expected, positions after, number of entries, (person, fact, version, json)*, (person, revision, json)*
local prefix = KEYS[1]
if (redis.call('GET', prefix .. 'positions') or '') ~= ARGV[1] then return 0 end
local function version(held) return tonumber(string.match(held, '^%d+')) end
local at = 4
for _ = 1, tonumber(ARGV[3]) do
  local key = prefix .. 'record:' .. ARGV[at]
  local held = redis.call('HGET', key, ARGV[at + 1])
  if not held or version(held) < tonumber(ARGV[at + 2]) then
    redis.call('HSET', key, ARGV[at + 1], ARGV[at + 2] .. '|' .. ARGV[at + 3])
  end
  at = at + 4
end
while at < #ARGV do
  local person = ARGV[at]
  local key = prefix .. 'record:' .. person
  local held = redis.call('HGET', key, 'head')
  if not held or version(held) < tonumber(ARGV[at + 1]) then
    if held then
      for _, number in ipairs(cjson.decode(string.match(held, '|(.*)')).nhs_numbers) do
        redis.call('SREM', prefix .. 'number:' .. number, person)
      end
    end
    for _, number in ipairs(cjson.decode(ARGV[at + 2]).nhs_numbers) do
      redis.call('SADD', prefix .. 'number:' .. number, person)
    end
    redis.call('HSET', key, 'head', ARGV[at + 1] .. '|' .. ARGV[at + 2])
  end
  at = at + 3
end
redis.call('SET', prefix .. 'positions', ARGV[2])
return 1
"""
"""Runs as one step in Redis: the batch and its positions, or nothing. Positions other than those expected mean that somebody else
wrote, or that Redis came back empty: then nothing is written."""
