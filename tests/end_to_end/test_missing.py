"""A row that a trust deletes while its replication slot is gone: `mainstem stack missing` takes it out of the record, and verify agrees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import psycopg
import pytest

from mainstem.model import Entry
from producers.debezium import SNAPSHOT_MARGIN
from schemas import log, topics
from schemas.codec import Codec
from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
NAME, LOST, KEPT, MOVED = "rxa_epr", "Zymatol", "Zymanol", "Zymarol"
AGENTS = (LOST, KEPT, MOVED)


def shown(world: World) -> dict[str, list[str]]:
    """Agent of the made-up allergies -> status of each entry. One that is withdrawn says nothing of its agent any more."""
    decode = Codec(world.endpoints.registry).decoder(topics.ENTRIES)
    agents: dict[tuple[str, str], str] = {}
    statuses: dict[tuple[str, str], str] = {}
    for message in log.read(world.endpoints.kafka, topics.ENTRIES):
        entry = decode(message.value())
        assert isinstance(entry, Entry)
        of = entry.person, entry.fact
        for agent in AGENTS:
            if agent in entry.content.decode():
                agents[of] = agent
        statuses[of] = entry.status
    return {agent: sorted(statuses[of] for of, each in agents.items() if each == agent) for agent in AGENTS}


def insert(trust: psycopg.Connection, number: int, agent: str) -> None:
    trust.execute(
        "INSERT INTO epr.allergy (allergy_id, mrn, code_system, substance_name, category, certainty, status, recorded_at) "
        "SELECT %s, min(mrn), 'NONE', %s, 'DRUG', 'CONFIRMED', 'ACTIVE', now() FROM epr.patient", (number, agent))


@contextmanager
def nobody_looks(world: World, trust: psycopg.Connection) -> Iterator[None]:
    """The connector is stopped and its slot dropped; then it begins anew, so much later that no incarnation has to be raised
    (docs/decisions/snapshot-rows-yield-to-the-log.md)."""
    connector = f"{world.endpoints.connect}/connectors/{NAME}"
    httpx.put(f"{connector}/stop").raise_for_status()
    slot = httpx.get(f"{connector}/config").json()["slot.name"]
    eventually(lambda: trust.execute("SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots "
                                     "WHERE slot_name = %s AND NOT active", (slot,)).fetchone() == (1,), "the end of the slot")
    yield
    trust.execute("SELECT pg_logical_emit_message(false, 'mainstem', repeat('x', %s))", (2 * SNAPSHOT_MARGIN,))
    httpx.delete(f"{connector}/offsets").raise_for_status()
    httpx.put(f"{connector}/resume").raise_for_status()
    eventually(lambda: "RUNNING" in [task["state"] for task in httpx.get(f"{connector}/status").json()["tasks"]], "the connector")


def test_the_record_loses_what_the_trust_deleted_or_moved_while_nobody_looked(world: World) -> None:
    with world.trust("RXA/epr") as trust:
        for number, agent in enumerate(AGENTS, 900_001):
            insert(trust, number, agent)
        eventually(lambda: shown(world) == {LOST: ["current"], KEPT: ["current"], MOVED: ["current"]}, "the entries")
        with nobody_looks(world, trust):
            trust.execute("DELETE FROM epr.allergy WHERE allergy_id = 900001")
            trust.execute("UPDATE epr.allergy SET mrn = (SELECT max(mrn) FROM epr.patient) WHERE allergy_id = 900003")
        both = {LOST: ["current"], KEPT: ["current"], MOVED: ["current", "current"]}
        eventually(lambda: shown(world) == both, "the snapshot")
        told = world.mainstem("stack", "missing", NAME, "--output", "json")
        assert told.returncode == 1, told.stderr
        found = {each["table"]: each for each in orjson.loads(told.stdout)["tables"]}
        wanted = {name: (each["missing"], each["standing"]) for name, each in found.items() if each["rows"] or each["withheld"]}
        assert wanted == {"epr.allergy": (1, 1)}
        assert shown(world) == both, "nothing is written before it is asked for"
        differing = {check["name"]: check["shown"] for check in world.verify("--source")["checks"] if not check["passed"]}
        assert list(differing) == ["RXA/epr: rows captured = rows in its database"]
        assert [found["epr.allergy"]["rows"][0] in text for texts in differing.values() for text in texts] == [True]

        done = world.mainstem("stack", "missing", NAME, "--table", "epr.allergy", "--write")
        assert (done.returncode, "2 told of" in done.stdout) == (0, True), done.stderr
        eventually(lambda: shown(world) == {LOST: ["withdrawn"], KEPT: ["current"], MOVED: ["current", "withdrawn"]}, "their end")
        assert world.mainstem("stack", "missing", NAME).returncode == 0
        report = world.verify("--source", "--deep")
        assert report["passed"], [check for check in report["checks"] if not check["passed"]]

        insert(trust, 900_001, LOST)
        eventually(lambda: shown(world)[LOST] == ["current"], "its return")
        trust.execute("DELETE FROM epr.allergy WHERE allergy_id > 900000")
        eventually(lambda: {status for each in shown(world).values() for status in each} == {"withdrawn"}, "the end of all")
