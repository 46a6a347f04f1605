"""What was known then, on a running platform: a record captured at a moment is the record as known at that moment, whatever came since."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from mainstem import canonical
from mainstem.terminology import store
from mainstem.terminology.statements import Statements
from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = pytest.mark.stack
LATER = "three tablets at midnight, as the test of the past says"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _record(world: World, number: str, *arguments: str) -> dict[str, Any]:
    done = world.mainstem("record", number, "--output", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return orjson.loads(done.stdout)


def _contents(record: dict[str, Any]) -> dict[str, bytes]:
    return {entry["fact"]: canonical.encode(entry["content"]) for entry in record["entries"]}


def _subjects(record: dict[str, Any]) -> set[tuple[str, str]]:
    return {(source["source"], source["patient"]) for source in record["sources"]}


def _rested(world: World, number: str) -> tuple[str, dict[str, Any]]:
    """A moment at which every stage had passed all there was, and the record as the live cache had it."""
    report = world.verify(timeout=240)
    assert report["passed"], report["checks"]
    at = _now()
    return at, _record(world, number)


def _another_release(world: World) -> None:
    """One that knows nothing, so that what was one fact by its codes falls apart."""
    data = store.made("bare", Statements([], []), {})
    shelf = world.home / "terms"
    shelf.mkdir(exist_ok=True)
    (shelf / f"bare@{store.Store(data, 'bare').head.digest[:12]}.terms").write_bytes(data)
    done = world.mainstem("terms", "activate", "bare", "--why", "to see what happens", "--yes")
    assert done.returncode == 0, done.stderr
    told = orjson.loads(world.mainstem("terms", "in-force", "--output", "json").stdout)
    assert (told[-1]["release"].partition("@")[0], told[-1]["why"]) == ("bare", "to see what happens")


def _ours(world: World) -> tuple[str, str, str]:
    """A medicine at the practice, the NHS number of whose it is, and the source patient."""
    with world.trust("A82038/gp") as gp:
        medicine, number, patient = gp.execute(
            "SELECT m.medication_guid::text, r.nhs_no, r.patient_no::text FROM gp.medication m JOIN gp.registration r USING (patient_no) "
            "WHERE r.nhs_no_traced = 'verified' AND r.deleted = 0 AND m.deleted = 0 AND r.nhs_no IN "
            "(SELECT nhs_no FROM gp.registration GROUP BY nhs_no HAVING count(*) = 1) ORDER BY 1 DESC LIMIT 1").fetchone()
    return medicine, number, f"A82038/gp|{patient}"


def _somebody_else(world: World, ours: str) -> str:
    """A hospital patient that no machine joins with ours."""
    persons = orjson.loads(world.mainstem("identity", "show", ours, "--output", "json").stdout)
    mine = {one["subject"] for person in persons for one in person["source_patients"]}
    with world.trust("RXA/epr") as epr:
        rows = epr.execute("SELECT mrn FROM epr.patient ORDER BY 1").fetchall()
    return next(subject for (mrn,) in rows if (subject := f"RXA/epr|{mrn}") not in mine)


@pytest.mark.timeout(900)
def test_the_record_of_a_moment_is_the_one_captured_then(world: World) -> None:
    medicine, number, ours = _ours(world)
    eventually(lambda: world.mainstem("record", number).returncode == 0, "the person's record", 120)
    first_at, first = _rested(world, number)
    other = _somebody_else(world, ours)

    with world.trust("A82038/gp") as gp:
        gp.execute("UPDATE gp.medication SET dosage = %s WHERE medication_guid = %s", (LATER, medicine))
    joined = world.mainstem("identity", "link", ours, other, "--why", "a mistake, for the test")
    assert joined.returncode == 0, joined.stderr
    world.play(150, 100, seed=11)
    eventually(lambda: LATER in world.mainstem("record", number, "--output", "json").stdout, "the new dose", 120)
    merged_at, merged = _rested(world, number)
    assert tuple(other.split("|")) in _subjects(merged) - _subjects(first) and merged["digest"] != first["digest"]

    parted = world.mainstem("identity", "undo", ours, other, "--why", "it was a mistake")
    assert parted.returncode == 0, parted.stderr
    time.sleep(1)
    last_at, last = _rested(world, number)
    assert _subjects(last) == _subjects(first)

    for at, captured in ((first_at, first), (merged_at, merged), (last_at, last), ("now", last)):
        then = _record(world, number, "--as-known-at", at)
        assert (then["digest"], then["person"], then["nhs_numbers"]) == (captured["digest"], captured["person"], captured["nhs_numbers"])
        assert _contents(then) == _contents(captured)
        assert _subjects(then) == _subjects(captured)
        assert [entry["provenance"] for entry in then["entries"]] == [entry["provenance"] for entry in captured["entries"]]
        page = httpx.get(f"http://127.0.0.1:{world.web_port}/people/{captured['person']}/then.json", params={"at": at}, timeout=60)
        assert page.status_code == 200 and page.json()["digest"] == captured["digest"]
        assert _contents(page.json()) == _contents(captured)

    changed = _record(world, number, "--changes", first_at, merged_at)
    dose = [field for one in changed["changed"] for field in one["fields"] if LATER in str(field["after"])]
    assert {field["field"] for field in dose} & {"dose", "views"}, "what the practice says alone is the dose, else one view of a course"
    assert not any(LATER in str(field["before"]) for field in dose)
    assert other in changed["source_patients"]["joined"]
    undone = _record(world, number, "--changes", merged_at, "now")
    assert undone["source_patients"] == {"joined": changed["source_patients"]["left"], "left": changed["source_patients"]["joined"]}
    assert _record(world, number, "--changes", last_at, "now")["changed"] == []

    _another_release(world)
    _, regrouped = _rested(world, number)
    assert regrouped["digest"] != last["digest"]
    assert _record(world, number, "--as-known-at", last_at)["digest"] == last["digest"]
    assert _record(world, number, "--as-known-at", "now")["digest"] == regrouped["digest"]
    back = world.mainstem("terms", "activate", "builtin", "--why", "back, for the tests that follow", "--yes")
    assert back.returncode == 0, back.stderr
    assert _rested(world, number)[1]["digest"] == last["digest"]

    early = world.mainstem("record", number, "--as-known-at", "2020-01-01")
    assert early.returncode == 1 and "A source first gave it at 20" in early.stderr

