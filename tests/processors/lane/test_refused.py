"""What the broker refuses, other than what the client does: it is told once, with its place, and not tried again and again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from processors.lane.contract import Output, Received, State
from processors.lane.errors import OutputRefusedError
from tests.processors.lane.conftest import Place, World
from tests.processors.lane.toy import Counter

pytestmark = pytest.mark.stack


class Wordy(Counter):
    """Each output has 20,000 bytes of noise, which do not compress."""

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        noise = random.Random(0).randbytes(20_000)
        return [msgspec.structs.replace(output, value=noise) for output in super().process(batch, state)]


def limit(world: World, topic: str, size: int) -> None:
    admin = AdminClient({"bootstrap.servers": world.kafka})
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    for future in admin.incremental_alter_configs([ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])]).values():
        future.result(30)


@pytest.mark.timeout(120)
def test_a_topic_that_was_made_to_take_less(place: Place) -> None:
    world = place.world
    limit(world, world.stage.out.name, 10_000)
    owner = place.owner("a", Wordy(world.prefix))
    owner.open()
    for _ in range(2):  # as a worker that is started again
        with pytest.raises(OutputRefusedError, match="MSG_SIZE_TOO_LARGE"):
            owner.run([place.span()])
        owner.close()
        owner = place.owner("a", Wordy(world.prefix))
        owner.open()
    limit(world, world.stage.out.name, 1_000_000)
    done = owner.run([place.span()])
    assert done.published == sum(1 for _ in world.messages(world.stage.out)) == len(place.span().messages)
