"""A row that a trust deletes while its replication slot is gone: `mainstem stack missing` takes it out of the record, and verify agrees."""

from __future__ import annotations

import httpx
import orjson
import psycopg
import pytest

from mainstem.model import Entry
from schemas import log, topics
from schemas.codec import Codec
from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
NAME, LOST, KEPT = "rxa_epr", "Zymatol", "Zymanol"


def shown(world: World) -> dict[str, str]:
    """How the made-up allergies' entries stand: agent -> status. One that is withdrawn says nothing of its agent any more."""
    decode = Codec(world.endpoints.registry).decoder(topics.ENTRIES)
    agents: dict[str, str] = {}
    found: dict[str, str] = {}
    for message in log.read(world.endpoints.kafka, topics.ENTRIES):
        entry = decode(message.value())
        assert isinstance(entry, Entry)
        agents |= {entry.fact: agent for agent in (LOST, KEPT) if agent in entry.content.decode()}
        if entry.fact in agents:
            found[agents[entry.fact]] = entry.status
    return found


def insert(trust: psycopg.Connection, number: int, agent: str) -> None:
    trust.execute(
        "INSERT INTO epr.allergy (allergy_id, mrn, code_system, substance_name, category, certainty, status, recorded_at) "
        "SELECT %s, min(mrn), 'NONE', %s, 'DRUG', 'CONFIRMED', 'ACTIVE', now() FROM epr.patient", (number, agent))


def delete_while_nobody_looks(world: World, trust: psycopg.Connection, number: int) -> None:
    connector = f"{world.endpoints.connect}/connectors/{NAME}"
    httpx.put(f"{connector}/stop").raise_for_status()
    slot = httpx.get(f"{connector}/config").json()["slot.name"]
    eventually(lambda: trust.execute("SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots "
                                     "WHERE slot_name = %s AND NOT active", (slot,)).fetchone() == (1,), "the end of the slot")
    trust.execute("DELETE FROM epr.allergy WHERE allergy_id = %s", (number,))
    httpx.delete(f"{connector}/offsets").raise_for_status()
    httpx.put(f"{connector}/resume").raise_for_status()
    eventually(lambda: "RUNNING" in [task["state"] for task in httpx.get(f"{connector}/status").json()["tasks"]], "the connector")


def test_the_record_loses_what_the_trust_deleted_while_nobody_looked(world: World) -> None:
    with world.trust("RXA/epr") as trust:
        for number, agent in ((900_001, LOST), (900_002, KEPT)):
            insert(trust, number, agent)
        eventually(lambda: shown(world) == {LOST: "current", KEPT: "current"}, "both entries")
        delete_while_nobody_looks(world, trust, 900_001)
        told = world.mainstem("stack", "missing", NAME, "--output", "json")
        assert told.returncode == 1, told.stderr
        found = {each["table"]: each for each in orjson.loads(told.stdout)["tables"]}
        assert {name: each["missing"] for name, each in found.items() if each["missing"]} == {"epr.allergy": 1}
        assert [each["withheld"] for each in found.values() if each["withheld"]] == []
        assert shown(world) == {LOST: "current", KEPT: "current"}
        [row] = found["epr.allergy"]["rows"]
        differing = {check["name"]: check["shown"] for check in world.verify("--source")["checks"] if not check["passed"]}
        assert list(differing) == ["RXA/epr: rows captured = rows in its database"]
        assert [row in text for texts in differing.values() for text in texts] == [True]

        done = world.mainstem("stack", "missing", NAME, "--table", "epr.allergy", "--write")
        assert (done.returncode, "1 rows told of" in done.stdout) == (0, True), done.stderr
        eventually(lambda: shown(world) == {LOST: "withdrawn", KEPT: "current"}, "its end")
        assert world.mainstem("stack", "missing", NAME).returncode == 0
        report = world.verify("--source", "--deep")
        assert report["passed"], [check for check in report["checks"] if not check["passed"]]

        insert(trust, 900_001, LOST)
        eventually(lambda: shown(world) == {LOST: "current", KEPT: "current"}, "its return")
        trust.execute("DELETE FROM epr.allergy WHERE allergy_id > 900000")
        eventually(lambda: shown(world) == {LOST: "withdrawn", KEPT: "withdrawn"}, "the end of both")
