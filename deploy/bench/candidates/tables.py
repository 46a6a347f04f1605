"""(d) The same core in plain Faust: an agent, one event at a time, state in a RocksDB table with its changelog.

At least once, which is cheaper than what the others do: Faust's exactly-once lost events in trials (docs/decisions). Faust's table looks
up single keys; ordered look-up goes to the RocksDB under the table.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import faust
import mode
from rocksdict import ReadOptions

from deploy.bench.candidates.core import OUTPUTS, PARTITIONS, Core
from deploy.bench.candidates.progress import Task, done, ready
from processors.lane.contract import Received
from schemas.codec import Codec
from schemas.partition import partition

_TOLD = 500
"""Events from one word of progress to the next."""


class TableState:
    """`State` of one partition of a table, within an agent."""

    def __init__(self, table: Any, place: int) -> None:
        self._table, self._place = table, place

    def get(self, key: bytes) -> bytes | None:
        return self._table.get(key)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._table.get(key) for key in keys]

    def put(self, key: bytes, value: bytes) -> None:
        self._table[key] = value

    def delete(self, key: bytes) -> None:
        self._table.pop(key, None)

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter([(key, value) for key, value in self._from(prefix, prefix)])

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        return next((pair for pair in self._from(key, within, backwards=True) if pair[0] != key), None)

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        return next((pair for pair in self._from(key, within) if pair[0] != key), None)

    def _from(self, key: bytes, within: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        options = ReadOptions()
        for pair in self._table.data._db_for_partition(self._place).items(backwards=backwards, from_key=key, read_opt=options):
            if not pair[0].startswith(within):
                break
            yield pair
        del options


def main() -> None:
    task = Task.given()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mode.Worker(_app(task), override_logging=False, redirect_stdouts=False, quiet=True, loop=loop).execute_from_commandline()


def _app(task: Task) -> faust.App:
    app = faust.App(
        task.topic, broker=f"kafka://{task.kafka}", datadir=str(task.folder / "faust"), store="rocksdb://", topic_partitions=PARTITIONS,
        web_enabled=False, autodiscover=False, topic_disable_leader=True, consumer_auto_offset_reset="earliest",
        broker_max_poll_records=2_000, producer_compression_type="lz4", worker_redirect_stdouts=False,
    )
    table = app.Table("state", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    codec, core = Codec(task.registry), Core(task.topic)
    (source,) = core.inputs
    decode = codec.decoder(source)
    encoders: dict[str, Callable[[Any], bytes]] = {topic.name: codec.encoder(topic) for topic in OUTPUTS}
    outputs = {topic.name: app.topic(topic.name, key_serializer="raw", value_serializer="raw") for topic in OUTPUTS}
    states = [TableState(table, place) for place in range(PARTITIONS)]

    async def take(stream: Any) -> None:
        taken = 0
        async for event in stream.events():
            if not taken:
                await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            message = event.message
            received = Received(source, message.partition, message.offset, int(message.timestamp * 1000), message.key, event.value)
            for output in core.process([(received, decode(event.value))], states[message.partition]):
                topic = output.topic
                await outputs[topic.name].send(key=output.key, value=encoders[topic.name](output.value),
                                               partition=partition(output.partition_by, topic.partitions))
            taken += 1
            if taken % _TOLD == 0 or taken == task.events:
                if taken == task.events:
                    await app.producer.flush()
                done(taken)

    app.agent(app.topic(source.name, key_serializer="raw", value_serializer="raw"), name="take", concurrency=1)(take)

    async def assigned(*_: Any, **__: Any) -> None:
        ready(sum(tp.topic == source.name for tp in app.consumer.assignment()))

    app.on_rebalance_complete.connect(assigned, weak=False)
    return app


if __name__ == "__main__":
    main()
