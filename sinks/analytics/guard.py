"""Which SQL may be asked: one reading statement over the published views. A second wall before the server's own `readonly`.

Not a parser: it cuts the text into tokens, and refuses what it cannot be sure of (comments, `$`, several statements, a backslash in a
quoted name, by which ClickHouse would read other letters). Calls are an
allow-list: names that the server knows as functions or types. Table functions (`file`, `url`, `remote`, `s3` and whatever comes)
are none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from sinks.analytics.errors import RefusedQueryError

_FIRST = {"select", "with", "show", "describe", "desc", "explain"}
_SHOWN = {"tables", "columns", "create", "functions"}
_HIDDEN = {"base", "system", "information_schema", "default"}
"""Databases that are not to be asked."""
_NO_CALL = {"file", "eval", "getmacro", "getserverport", "sleep", "sleepeachrow", "joinget", "joingetornull", "catboostevaluate",
            "addresstoline", "addresstolinewithinlines", "addresstosymbol", "demangle", "url", "python", "view", "input", "executable",
            "filesystempath", "showcertificate", "structuretocapnprotoschema", "structuretoprotobufschema"}
"""Functions that reach out of the query, or hold it up."""
_MAY_OPEN = {
    "in", "and", "or", "not", "as", "from", "join", "on", "using", "where", "prewhere", "having", "qualify", "select", "over",
    "exists", "any", "all", "then", "when", "else", "case", "by", "union", "except", "intersect", "distinct", "limit", "interval",
    "between", "like", "ilike", "filter", "columns", "apply", "replace", "is", "with", "global", "rollup", "cube", "sets", "array",
    "explain", "describe", "desc", "table", "offset", "end", "numbers", "numbers_mt", "generateseries", "generate_series", "values",
}
"""Words that a bracket may follow without a call, and table functions that only count."""
_COMBINATORS = re.compile(r"(if|array|map|simplestate|state|merge|mergestate|foreach|distinct|ordefault|ornull|resample|argmin|argmax)$")
_TOKEN = re.compile(r"""
    (?P<space>\s+) | (?P<string>'(?:[^'\\]|\\.|'')*') | (?P<quoted>"(?:[^"\\]|"")*"|`(?:[^`\\]|``)*`)
    | (?P<comment>--|/\*|\#) | (?P<number>\d[\w.]*) | (?P<word>[^\W\d]\w*) | (?P<mark>[-+*/%=<>!,.:;?()\[\]{}|^@&~])
""", re.VERBOSE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    """Lower case; a quoted name without its quotes."""


def check(sql: str, callable_: Set[str]) -> str:
    """The statement, ready to run. `callable_`: names of functions and types in lower case. Raises RefusedQueryError."""
    tokens = list(_tokens(sql))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens or tokens[0].text not in _FIRST:
        raise RefusedQueryError("only SELECT, WITH, SHOW, DESCRIBE and EXPLAIN may be asked; the store is written by its sink alone")
    if tokens[0].text == "show" and (len(tokens) < 2 or tokens[1].text not in _SHOWN):
        raise RefusedQueryError("of SHOW only TABLES, COLUMNS, CREATE and FUNCTIONS may be asked")
    for at, token in enumerate(tokens):
        following = tokens[at + 1].text if at + 1 < len(tokens) else ""
        _check(token, following, callable_)
    return sql.strip().rstrip(";").rstrip()


def _check(token: _Token, following: str, callable_: Set[str]) -> None:
    match token.kind:
        case "mark" if token.text in ";?{}@":
            raise RefusedQueryError(f"`{token.text}` is not taken: ask one statement, with its values written out")
        case "word" | "quoted" if following == "." and token.text in _HIDDEN:
            raise RefusedQueryError(f"the database `{token.text}` is not to be asked; see SHOW TABLES for what is")
        case "word" if token.text in {"outfile", "infile", "settings"}:
            raise RefusedQueryError(f"{token.text.upper()} is not taken: leave it out")
        case "word" if token.text == "format" and following != "(":
            raise RefusedQueryError("FORMAT is not taken: say --output json, csv or table instead")
        case "word" | "quoted" if following == "(" and not _may_call(token, callable_):
            raise RefusedQueryError(f"`{token.text}(` is not taken: only functions that work on the values of the query are")


def _may_call(token: _Token, callable_: Set[str]) -> bool:
    name = token.text
    if name in _NO_CALL or name.startswith("dict"):
        return False
    if name in _MAY_OPEN and token.kind == "word":
        return True
    while name not in callable_:
        shorter = _COMBINATORS.sub("", name)
        if shorter in {name, ""}:
            return False
        name = shorter
    return name not in _NO_CALL


def _tokens(sql: str) -> Iterator[_Token]:
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if found is None:
            raise RefusedQueryError(f"the character {sql[at]!r} at place {at + 1} is not taken (or a quote is not closed)")
        at = found.end()
        kind = str(found.lastgroup)
        if kind == "comment":
            raise RefusedQueryError("comments are not taken: leave them out")
        if kind != "space":
            text = found[0]
            yield _Token(kind, text if kind == "string" else text[1:-1].lower() if kind == "quoted" else text.lower())
