"""The analytics store: pseudonymised, purpose-bound, asked in read-only SQL."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import structs

from sinks.analytics import AnalyticsStore, QueryClient, serving
from sinks.analytics.errors import NotServedError, QueryFailedError
from sinks.analytics.server import Address
from sinks.analytics.store import _why
from sinks.contract import Batch, Place
from sinks.settings import SinkSettings
from tests.sinks.made import PERSONS, entry, summary

KEY = b"test"
AT = Place("records.entries.v1", 0)
P, Q = PERSONS
CANARY, NUMBER = "Canarywharf", "9990000018"


def coded(code: str, display: str, system: str = "http://snomed.info/sct", text: str | None = None) -> dict[str, Any]:
    return {"codes": [{"system": system, "code": code, "display": display}], "text": text or display}


LIFE = (
    entry(P, "who", 1, {"names": [{"given": [CANARY], "family": CANARY}], "nhs_number": NUMBER, "birth_date": "1980-03-02",
                        "gender": "female", "address": [CANARY], "postcode": "ZZ99 3CZ", "telecom": [CANARY], "deceased": "2024-05-06",
                        "identifiers": [{"system": CANARY, "value": NUMBER}]}, kind="patient"),
    entry(P, "f1", 1, {"agent": coded("91936005", "Allergy to penicillin", text=f"{CANARY} told us"), "clinical_status": "active",
                       "criticality": "high", "onset": "2019-03", "note": f"{CANARY} {NUMBER}"}, sources=("RXA/epr", "A82038/gp")),
    entry(P, "f2", 1, {"test": coded("x1", CANARY, system="urn:local"), "value": {"value": "7.25", "unit": "mmol/L", "comparator": "<"},
                       "value_text": CANARY, "performer": CANARY, "taken": "2024-02-29T10:15:00Z", "status": "final",
                       "interpretation": f"{CANARY} high"}, kind="result", committed=1_700_000_000_000),
    entry(P, "f3", 1, {"code": coded(NUMBER, "x", system="urn:local"), "note": CANARY}, kind="problem"),
    entry(P, "f4", 1, {"code": coded("86406008", "HIV"), "status": "active"}, kind="problem", labels=("sensitive",)),
    entry(P, "f5", 1, {"title": CANARY, "text": CANARY, "author": CANARY, "type": coded("1", "Letter")}, kind="document"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    store = AnalyticsStore(path, KEY)
    store.open()
    store.apply(Batch(LIFE, (summary(P, 3, (NUMBER,)),)), {AT: 9})
    try:
        with serving(store, path, 0, SinkSettings(query_seconds=2, query_rows=1000)):
            yield path
        store.compact()
    finally:
        store.close()  # a process holds one store: left open, no other test would have one
    _refuse_canaries(path)


def ask(home: Path, sql: str) -> list[dict[str, Any]]:
    return list(orjson.loads(QueryClient(home).query(sql))["data"])


def _refuse_canaries(home: Path) -> None:
    """No file of the store holds a name, a number, or a person id, packed or not: parts are read back as text too."""
    looked = 0
    for folder, _, names in os.walk(home):  # which passes over parts that the engine takes away meanwhile, merged into others
        for path in (Path(folder, name) for name in names):
            try:
                data = path.read_bytes() if path.is_file() else b""
            except FileNotFoundError:
                continue
            looked += bool(data)
            for canary in (CANARY, NUMBER, P, "ZZ99", "1980-03", "HIV"):
                assert canary.encode() not in data, f"{path.name} holds a canary"
    assert looked > 10


def test_no_canary_reaches_the_store(home: Path) -> None:
    """Parts are compressed: what a table holds is looked through as text, every version of it."""
    _refuse_canaries(home)
    store = AnalyticsStore(home, KEY)
    client = store.connect()
    try:
        text = client.raw_query("SELECT * FROM base.entries", fmt="JSON").decode()
        assert '"summary"' in text
        for canary in (CANARY, NUMBER, P, "ZZ99", "1980-03", "HIV", "86406008"):
            assert canary not in text
    finally:
        client.close()


def test_what_is_left_is_of_use(home: Path) -> None:
    (person,) = ask(home, "SELECT gender, birth_year, deceased_year FROM patients")
    assert person == {"gender": "female", "birth_year": 1980, "deceased_year": 2024}
    (allergy,) = ask(home, "SELECT * EXCEPT (pseudonym, fact, known, version, conflict) FROM allergies")
    assert allergy == {"agent_code": "91936005", "agent_display": "Allergy to penicillin", "clinical_status": "active",
                       "criticality": "high", "onset": "2019-03", "date": "2019-03-01", "organisations": ["A82038", "RXA"], "category": "",
                       "verification": "",
                       "recorded": "", "last_occurrence": ""}
    (result,) = ask(home, "SELECT test_code, test_display, value_amount, comparator, unit, interpretation, date, status FROM results")
    assert result == {"test_code": "x1", "test_display": "", "value_amount": 7.25, "comparator": "<", "unit": "mmol/L",
                      "interpretation": "", "date": "2024-02-29", "status": "final"}


def test_sensitive_entries_do_not_enter(home: Path) -> None:
    assert ask(home, "SELECT kind, toUInt32(count()) AS n FROM entries GROUP BY kind ORDER BY kind") == [
        {"kind": "allergy", "n": 1}, {"kind": "document", "n": 1}, {"kind": "patient", "n": 1}, {"kind": "problem", "n": 1},
        {"kind": "result", "n": 1}]


def test_pseudonyms_join_and_do_not_name(home: Path) -> None:
    found = ask(home, "SELECT DISTINCT e.pseudonym AS p FROM entries e JOIN summaries s ON s.pseudonym = e.pseudonym")
    assert len(found) == 1
    assert found[0]["p"] != P
    assert ask(home, "SELECT fact FROM allergies")[0]["fact"] != "f1"
    other = AnalyticsStore(home, b"another key")
    assert other.pseudonyms.person(P) != found[0]["p"]


def test_verify_reads_all_with_the_key_and_nothing_without(home: Path) -> None:
    held = set(QueryClient(home).contents(KEY))
    assert {(one.person, one.fact) for one in held} == {(e.person, e.fact) for e in LIFE}
    with pytest.raises(NotServedError, match="MAINSTEM_PERSON_KEY"):
        list(QueryClient(home).contents(b"another key"))


@pytest.mark.parametrize(("sql", "why"), [
    ("SELECT * FROM base.entries", "SHOW TABLES"), ("SELECT * FROM file('/etc/passwd')", "not taken"),
    ("DROP TABLE entries", "only SELECT"),
    ("SELECT nothing FROM entries", "DESCRIBE"), ("SELECT 1 FROM nowhere", "SHOW TABLES"), ("SELECT * FROM numbers(5000)", "add LIMIT"),
    ("SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) % 7 = 3", "less at a time"), ("SELECT 1 1 1", "Syntax error"),
])
def test_what_is_refused_says_what_to_do(home: Path, sql: str, why: str) -> None:
    with pytest.raises(QueryFailedError, match=why):
        ask(home, sql)
    assert ask(home, "SELECT 1 AS one") == [{"one": 1}]


def test_every_kind_has_a_table(home: Path) -> None:
    names = {row["name"] for row in ask(home, "SHOW TABLES")}
    assert {"entries", "summaries", "allergies", "careplans", "medicines"} <= names
    for name in names:
        ask(home, f"SELECT * FROM {name} LIMIT 1")


def test_csv(home: Path) -> None:
    assert QueryClient(home).query("SELECT 1 AS a, 'x' AS b", "csv") == b'"a","b"\n1,"x"\n'


def test_only_who_may_read_the_address_may_ask(home: Path) -> None:
    path = home / "run" / "query.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    address = Address(**orjson.loads(path.read_bytes()))
    assert address.pid == os.getpid()
    assert httpx.post(f"{address.url}/query", json={"sql": "SELECT 1"}).status_code == 401
    assert httpx.get(f"{address.url}/contents").status_code == 401
    assert httpx.get(f"{address.url}/health", headers={"Host": "evil.example"}).status_code == 400
    assert httpx.get(f"{address.url}/health").json() == {"ok": True, "purpose": "secondary use"}
    allowed = {"Authorization": f"Bearer {address.token}"}
    wrong = httpx.post(f"{address.url}/query", json={"sql": "SELECT 1", "format": "xml"}, headers=allowed)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "format is one of json, csv")
    assert "send {" in httpx.post(f"{address.url}/query", content=b"{", headers=allowed).json()["error"]


def test_nobody_serves(tmp_path: Path) -> None:
    with pytest.raises(NotServedError, match="mainstem run"):
        QueryClient(tmp_path)


def test_one_process_holds_the_directory(home: Path) -> None:
    code = ("import sys; from pathlib import Path; from sinks.analytics import AnalyticsStore; from sinks.errors import StoreHeldError\n"
            "try: AnalyticsStore(Path(sys.argv[1]), b'test').open()\nexcept StoreHeldError as fault: print(fault); sys.exit(3)")
    done = subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3, done.stderr[-500:]
    assert "one sink a store" in done.stdout


def test_content_that_becomes_sensitive_leaves(home: Path) -> None:
    store = AnalyticsStore(home, KEY)
    store.open()
    store.apply(Batch((entry(Q, "g", 1, {"code": coded("2", "Two")}, kind="problem"),)), {AT: 10})
    where = f"SELECT toUInt32(count()) AS n FROM problems WHERE pseudonym = '{store.pseudonyms.person(Q)}'"
    assert ask(home, where) == [{"n": 1}]
    store.apply(Batch((entry(Q, "g", 2, {"code": coded("2", "Two")}, kind="problem", labels=("sensitive",)),)), {AT: 11})
    assert ask(home, where) == [{"n": 0}]
    assert Q in {held.person for held in store.contents()}
    store.close()


def test_who_opts_out_leaves_with_everything_and_may_come_back(home: Path) -> None:
    store = AnalyticsStore(home, KEY)
    store.open()
    who = "e" * 32
    person = store.pseudonyms.person(who)
    for at, labels in enumerate([(), ("opt-out",), ()], 1):
        head = structs.replace(summary(who, at), labels=labels)
        store.apply(Batch((entry(who, "g", at, {"code": coded("2", "Two")}, kind="problem", labels=labels),), (head,)), {AT: 10 + at})
        for table in ("problems", "summaries"):
            assert ask(home, f"SELECT toUInt32(count()) AS n FROM {table} WHERE pseudonym = '{person}'") == [{"n": int(not labels)}], table
        assert who in {held.person for held in store.contents()}, "verify sees that it was taken in"
    store.close()


def test_where_only_those_who_were_checked_are_shown_nobody_else_is(home: Path) -> None:
    who, other = "7" * 32, "8" * 32
    problem = [entry(each, "g", 1, {"code": coded("2", "Two")}, kind="problem") for each in (who, other)]
    heads = [structs.replace(summary(who, 1), checked=True), summary(other, 1)]
    for checked_only, shown in ((True, {who}), (False, {who, other})):
        store = AnalyticsStore(home, KEY, checked_only=checked_only)
        store.open()
        store.apply(Batch(tuple(problem), tuple(heads)), {AT: 10})
        people = {store.pseudonyms.person(each): each for each in (who, other)}
        for table in ("problems", "summaries", "entries"):
            said = {row["pseudonym"] for row in ask(home, f"SELECT pseudonym FROM {table}")}
            assert {people[each] for each in said & people.keys()} == shown, table
        assert {who, other} <= {held.person for held in store.contents()}, "verify sees that both were taken in"
        if checked_only:
            left = entry(who, "g", 2, {"code": coded("2", "Two")}, kind="problem", labels=("opt-out",))
            store.apply(Batch((left,), (structs.replace(heads[0], revision=2, labels=("opt-out",)),)), {AT: 11})
            assert not {row["pseudonym"] for row in ask(home, "SELECT pseudonym FROM entries")} & people.keys()
            problem[0], heads[0] = entry(who, "g", 3, {"code": coded("2", "Two")}, kind="problem"), structs.replace(heads[0], revision=3)
        else:
            asked = f"SELECT pseudonym FROM summaries WHERE checked AND pseudonym IN ({', '.join(map(repr, people))})"
            assert [people[row["pseudonym"]] for row in ask(home, asked)] == [who]
        store.close()


def test_a_head_is_shown_as_last_published(home: Path) -> None:
    """Summaries lie among the entries: the view shows each person once, and neither entries nor verify see them."""
    store = AnalyticsStore(home, KEY)
    store.open()
    held = set(store.contents())
    shown = ask(home, "SELECT toUInt32(count()) AS n FROM entries")
    head = structs.replace(summary(Q, 8), entries=12)
    handed = structs.replace(head.sources[0], source="A82038/gp", handover=True)
    for number, told in enumerate((head, summary(Q, 7), structs.replace(head, revision=9, entries=11, sources=(*head.sources, handed)))):
        store.apply(Batch((), (told,)), {AT: 20 + number})
    where = f"WHERE pseudonym = '{store.pseudonyms.person(Q)}'"
    assert ask(home, f"SELECT toUInt32(entries) AS n, toUInt32(revision) AS r, organisations, handover FROM summaries {where}") == [
        {"n": 11, "r": 9, "organisations": ["A82038", "RXA"], "handover": True}]
    assert set(store.contents()) == held
    assert ask(home, "SELECT toUInt32(count()) AS n FROM entries") == shown
    store.close()


def test_an_engine_fault_is_told_by_its_number_and_without_its_text() -> None:
    fault = ClickHouseError("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, row 'Amoxicillin'. (NOT_ENOUGH_SPACE)")
    assert _why(fault) == "ClickHouseError, Code: 243"
    assert _why(RuntimeError("'Amoxicillin' (NOT_ENOUGH_SPACE)")) == "RuntimeError, NOT_ENOUGH_SPACE"
    assert _why(OSError("Amoxicillin")) == "OSError"
