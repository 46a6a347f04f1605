"""Another matching model put in force on a running platform: tasks and persons change without a claim, and everything agrees."""

from __future__ import annotations

import orjson
import pytest
from msgspec.structs import replace

from mainstem.verify import received, tasks
from processors.identity.activated import release_of
from processors.identity.scoring.release import built_in, dump
from schemas.codec import Codec
from tests.end_to_end.conftest import World

pytestmark = pytest.mark.stack


@pytest.mark.timeout(600)
def test_a_model_that_links_is_taken_up_at_once_and_another_takes_its_place(world: World) -> None:
    kafka, codec = world.endpoints.kafka, Codec(world.endpoints.registry)

    def rested() -> tuple[set[str], int, int]:
        """Open tasks, claims about somebody and persons, once every stage has passed all there is and everything agrees."""
        report = world.verify("--wait", "120")
        assert report["passed"], report["checks"]
        about = [claim for claim in received.claims(kafka, codec) if release_of(claim) is None]
        return {task.id for task in tasks.open_tasks(kafka, codec)}, len(about), report["persons"]

    before, claims, persons = rested()
    linking = replace(built_in(), name="linking", thresholds=replace(built_in().thresholds, link=True))
    dump(linking, world.home / "linking.json")
    dry = world.mainstem("identity", "activate", str(world.home / "linking.json"), "--reason", "to see", "--output", "json")
    assert dry.returncode == 0, dry.stderr
    told = orjson.loads(dry.stdout)
    assert told["counts"]["source patients that change person"] > 0 < told["counts"]["tasks that close"]

    done = world.mainstem("identity", "activate", str(world.home / "linking.json"), "--reason", "for the test", "--yes")
    assert done.returncode == 0, done.stderr
    linked, same, fewer = rested()
    assert len(linked) == told["tasks_after"] < len(before) == told["tasks_before"] and same == claims and fewer < persons

    back = world.mainstem("identity", "activate", "seeds-1", "--reason", "back, for the tests that follow", "--yes")
    assert back.returncode == 0, back.stderr
    assert rested() == (before, claims, persons)
    listed = orjson.loads(world.mainstem("identity", "releases", "--output", "json").stdout)
    assert [(each["name"], each["in_force"]) for each in listed if each["what"] == "matching"] == [("linking", False), ("seeds-1", True)]
