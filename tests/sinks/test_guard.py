"""What may be asked of the analytics store, and what is refused, with the reason."""

from __future__ import annotations

import pytest

from sinks.analytics.errors import RefusedQueryError
from sinks.analytics.guard import check

KNOWN = frozenset({"count", "sum", "avg", "uniqexact", "quantile", "tostartofmonth", "arrayfirst", "cast", "decimal", "if", "lower", "file",
                   "dictget", "format", "sleep", "nullable", "float64", "max"})


@pytest.mark.parametrize("sql", [
    "SELECT kind, count() FROM entries GROUP BY kind",
    "select 1;",
    "WITH t AS (SELECT 1 AS x) SELECT x FROM t WHERE x IN (1, 2) AND (x > 0 OR NOT (x < 3))",
    "SELECT countIf(value > 3), uniqExactIf(pseudonym, status = 'a;b -- c'), sumOrNullIf(value, 1), avgMerge(x) FROM results",
    "SELECT quantile(0.5)(value) OVER (PARTITION BY code) FROM results",
    "SELECT CAST(value AS Nullable(Float64)), e.kind, system, mainstem.entries.code FROM mainstem.entries e",
    "SELECT words['view'], concepts[1].code, `fact`, \"kind\" FROM entries WHERE display = 'it''s' OR display = 'a\\'b'",
    "SELECT format('{}', kind) FROM entries", "SHOW TABLES", "DESCRIBE TABLE entries", "EXPLAIN SELECT 1", "SELECT * FROM numbers(3)",
])
def test_taken(sql: str) -> None:
    assert check(sql, KNOWN) == sql.rstrip(";")


@pytest.mark.parametrize(("sql", "why"), [
    ("", "only SELECT"), ("INSERT INTO entries VALUES (1)", "only SELECT"), ("DROP TABLE entries", "only SELECT"),
    ("SET readonly = 0", "only SELECT"),
    ("SELECT 1; DROP TABLE entries", "one statement"), ("SELECT 1 ;; SELECT 2", "one statement"),
    ("SELECT * FROM file('/etc/passwd', 'LineAsString')", r"file\("), ("SELECT * FROM FILE ('x')", r"file\("),
    ("SELECT file('x')", r"file\("),
    ("SELECT * FROM `file`('x')", r"file\("), ('SELECT * FROM "url"(\'http://x\')', r"url\("),
    ("SELECT * FROM entries, remote('h', 'base', 'entries')", r"remote\("), ("SELECT * FROM s3('http://x')", r"s3\("),
    ("SELECT * FROM merge('base', '.*')", r"merge\("), ("SELECT * FROM python(x)", r"python\("),
    ("SELECT * FROM cluster('c', base, entries)", r"cluster\("),
    ("SELECT * FROM executable('x')", r"executable\("), ("SELECT dictGet('a', 'b', 1)", r"dictget\("), ("SELECT sleep(3)", r"sleep\("),
    ("SELECT * FROM base.entries", "`base`"), ("SELECT * FROM Base . entries", "`base`"), ("SELECT * FROM `base`.entries", "`base`"),
    ('SELECT * FROM "base" . "entries"', "`base`"),
    (r'SELECT * FROM "ba\x73e".entries', "quote"), (r"SELECT * FROM `ba\x73e`.entries", "quote"),
    ("SELECT * FROM system.query_log", "`system`"), ("SELECT * FROM INFORMATION_SCHEMA.tables", "information_schema"),
    ("SELECT 1 -- x", "comments"), ("SELECT 1 /* x */", "comments"), ("SELECT 1 # x", "comments"),
    ("SELECT 1 INTO OUTFILE '/tmp/x'", "OUTFILE"), ("SELECT 1 FORMAT CSV", "FORMAT"), ("SELECT 1 SETTINGS readonly = 0", "SETTINGS"),
    ("SELECT {x:Identifier}", "`{`"), ("SELECT $$x$$", "is not taken"), ("SELECT 'open", "quote"), ("SHOW PROCESSLIST", "SHOW"),
    ("EXPLAIN SELECT * FROM file('x')", r"file\("), ("DESCRIBE TABLE url('http://x')", r"url\("), ("SHOW", "SHOW"),
])
def test_refused(sql: str, why: str) -> None:
    with pytest.raises(RefusedQueryError, match=why):
        check(sql, KNOWN)
