"""`python -m processors.apps.worker`: one process that runs stages on the lane, sharing their partitions with other workers.

SIGTERM ends it cleanly within seconds; kill -9 loses nothing. It ends by itself, with a code that says why, where going on would
be wrong; whoever supervises it starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import mode
import typer
from aiokafka.errors import KafkaConnectionError
from confluent_kafka import KafkaException

from mainstem import collector, compiled, observe
from mainstem.operations import STOPPED
from mainstem.shelf import ReleaseError, shown
from mainstem.terminology import Shelf
from processors.apps.releases import current, current_model
from processors.apps.stages import MODEL, STAGES, TERMS
from processors.identity.scoring.shelf import FOLDER, ModelShelf
from processors.lane.contract import Stage
from processors.lane.errors import (
    FencedError,
    InputLostError,
    OutputRefusedError,
    RestartNeededError,
    StageError,
    StateDamagedError,
    StuckError,
)
from processors.lane.lane import Lane, LaneSettings
from processors.lane.snapshots import RECORDS
from schemas import registered, topics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailableError, RegistryUnavailableError
from schemas.kafka import ensure_topics, producer
from schemas.log import TruncatedReadError

log = logging.getLogger(__name__)
_SWITCH_SECONDS = 0.001
"""Python's 5 ms make the fetching thread wait that long for each packet while partitions compute: 20 % less throughput measured."""
EXIT_FENCED = 75
"""Another worker has taken over (EX_TEMPFAIL): start again."""
EXIT_BUG = 70
"""A stage failed on its input (EX_SOFTWARE): starting again will fail at the same place."""
EXIT_STUCK = 74
"""A call to the broker never returned (EX_IOERR): start again."""
EXIT_DAMAGED = 72
"""A local copy of state cannot be read (EX_OSFILE): started again, it builds that copy anew."""
EXIT_REFUSED = 73
"""A topic does not take an output (EX_CANTCREAT): starting again will fail at the same place, until it does or the input is another."""
EXIT_AWAY = 69
"""A server did not answer, mostly while the worker was starting (EX_UNAVAILABLE): start again."""
EXIT_OTHER = 71
EXIT_RELEASE = 78
"""The release in force is not at hand here, or is of other content (EX_CONFIG): load it; until then it ends again and again."""
EXIT_RESTART = 79
"""Another release has come into force, or an input or a changelog is not the log that it was: start again."""


_CODES = ((FencedError, EXIT_FENCED), (StageError, EXIT_BUG), (StuckError, EXIT_STUCK), (StateDamagedError, EXIT_DAMAGED),
          (RestartNeededError, EXIT_RESTART), (InputLostError, EXIT_RESTART), (OutputRefusedError, EXIT_REFUSED),
          (KafkaConnectionError, EXIT_AWAY))


class Heart(mode.Service):
    """Sends every lane's heartbeat once a second, also while it recovers."""

    def __init__(self, lanes: Sequence[Lane], settings: LaneSettings) -> None:
        super().__init__()
        self._lanes = lanes
        self._codec = Codec(settings.registry)
        self._producer = producer(settings.kafka, linger_ms=0, message_timeout_ms=5_000)

    @mode.Service.timer(1.0)
    async def _beat(self) -> None:
        try:
            encode = await asyncio.to_thread(self._codec.encoder, topics.HEARTBEATS)
        except RegistryUnavailableError as fault:
            log.warning("no heartbeat: %s", fault)
            return
        for lane in self._lanes:
            lane.beat()
            self._producer.produce(topics.HEARTBEATS.name, encode(lane.pulse.beat()), lane.stage.name.encode(), partition=0)
        self._producer.poll(0)

    def last(self, fault: Exception) -> None:
        """The heartbeat of a worker that ends on purpose: it says why."""
        with contextlib.suppress(RegistryUnavailableError, KafkaException, BufferError):
            encode = self._codec.encoder(topics.HEARTBEATS)
            for lane in self._lanes:
                note = f"{STOPPED}{fault if str(fault) else type(fault).__name__}"
                self._producer.produce(topics.HEARTBEATS.name, encode(lane.pulse.beat(note)), lane.stage.name.encode(), partition=0)
            self._producer.flush(2.0)

    async def on_stop(self) -> None:
        await asyncio.to_thread(self._producer.flush, 1.0)


class Crashing(mode.Worker):
    """Ends the process with the first service that crashes. Mode would stop all the others first, and waits a minute for a thread of a
    consumer whose loop is gone."""

    def __init__(self, *services: mode.ServiceT, on_crash: Callable[[Exception], None], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(*services, override_logging=False, redirect_stdouts=False, quiet=True, loop=loop)
        self._on_crash = on_crash

    def _crash(self, reason: BaseException) -> None:
        self._on_crash(reason if isinstance(reason, Exception) else RuntimeError(type(reason).__name__))
        super()._crash(reason)


def run(stages: Sequence[Callable[[], Stage]], settings: LaneSettings) -> None:
    """Run until a signal ends it. Raises KafkaUnavailableError, TopicDiffersError, and what `registered.check` does; ends the process on
    what is fatal."""
    faulthandler.enable()
    sys.setswitchinterval(_SWITCH_SECONDS)

    def end(fault: Exception) -> None:
        heart.last(fault)
        _end(fault)

    lanes = [Lane(stage, settings, end) for stage in stages]
    used = {topic.name: topic for lane in lanes for topic in (*lane.stage.inputs, lane.stage.changelog)}
    ensure_topics(settings.kafka, [*used.values(), topics.HEARTBEATS, topics.QUARANTINE])
    registered.check(settings.kafka, Codec(settings.registry), used.values())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    heart = Heart(lanes, settings)
    collector.settle()
    services = [heart, *(lane.app for lane in lanes)]
    Crashing(*services, on_crash=end, loop=loop).execute_from_commandline()


def main(
    kafka: Annotated[str, typer.Option(help="Kafka, HOST:PORT")],
    registry: Annotated[str, typer.Option(help="Schema registry, URL of its Confluent API")],
    state_dir: Annotated[Path, typer.Option(help="Where this worker keeps its copy of the state; its own, not another worker's")],
    stages: Annotated[str, typer.Option(help="Which stages, separated by commas")] = ",".join(STAGES),
    instance: Annotated[str | None, typer.Option(help="A name that stays the same over restarts, so that they resume at once")] = None,
    terms: Annotated[Path | None, typer.Option(help="Folder of the terminology releases at hand. Default: beside --state-dir")] = None,
    models: Annotated[Path | None, typer.Option(help="Folder of the matching models at hand. Default: beside --state-dir")] = None,
    snapshots: Annotated[Path | None, typer.Option(help="Where snapshots of state are kept, for all workers of a stage")] = None,
    snapshot_records: Annotated[int, typer.Option(min=1, help="Changelog records from one snapshot to the next")] = RECORDS,
    accept_input: Annotated[str, typer.Option(envvar="MAINSTEM_ACCEPT_INPUT", help="An input to be taken for the one that was read, by "
                                              "the identity that a worker that refused it told")] = "",
) -> None:
    """Run stages on the lane."""
    observe.begin(instance or "worker")
    log.info("the core runs %s", "compiled" if compiled.in_use() else "as it is read")
    names = [name.strip() for name in stages.split(",") if name.strip()]
    if unknown := [name for name in names if name not in STAGES]:
        raise typer.BadParameter(f"no stage {', '.join(unknown)}; there are {', '.join(STAGES)}", param_hint="--stages")
    try:
        in_force = _in_force(names, kafka, Codec(registry), Shelf(terms or state_dir.parent / "terms"),
                             ModelShelf(models or state_dir.parent / FOLDER))
        run([partial(STAGES[name], in_force.get(name)) for name in names],
            LaneSettings(kafka, registry, state_dir, instance, snapshots, snapshot_records, accept_input))
    except (KafkaUnavailableError, RegistryUnavailableError, TruncatedReadError, KafkaException) as fault:
        log.critical("%s", fault)
        sys.exit(EXIT_AWAY)
    except OSError as fault:  # of the state directory: a file in its place, a disk that is full or read-only
        log.critical("%s", fault)
        sys.exit(EXIT_OTHER)


def _in_force(names: Sequence[str], kafka: str, codec: Codec, terms: Shelf, models: ModelShelf) -> dict[str, Any]:
    """Stage -> the release in force that it asks."""
    found: dict[str, Any] = {}
    try:
        if TERMS in names:
            found[TERMS] = terminology = current(kafka, codec, terms)
            log.info("terminology in force: %s", terminology.terms.release)
        if MODEL in names:
            found[MODEL] = matching = current_model(kafka, codec, models)
            log.info("matching model in force: %s", shown(matching.model))
    except ReleaseError as fault:
        log.critical("%s", fault)
        sys.exit(EXIT_RELEASE)
    return found


def _end(fault: Exception) -> None:
    """Crash only: state is safe at any moment, and a clean end could wait for a broker that has turned us away."""
    log.critical("%s", fault if str(fault) else type(fault).__name__)
    code = next((code for kind, code in _CODES if isinstance(fault, kind)), EXIT_OTHER)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    typer.run(main)
