"""Unit costs, each in a process of its own so that its memory is its own: `python -m deploy.bench.units recovery|cores|search|...`.

Prints one line of JSON. Sizes are bytes, rates are a second, `cpu_us` is microseconds of processor time a record, entry or assertion.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from msgspec.structs import replace

from deploy.bench.candidates.core import OUTPUTS, PARTITIONS, Core
from deploy.bench.mix import KEY, mix
from mainstem import collector
from mainstem.model import Claim, Entry
from mainstem.observe import metrics
from mainstem.terminology import builtin
from mainstem.truth.told import Reader
from processors.identity.linker import Linker
from processors.identity.stage import IdentityStage
from processors.lane.contract import Received, Stage
from processors.lane.memory import MemoryState
from processors.lane.overlay import Overlay
from processors.lane.owner import Owner
from processors.lane.store import Store as LaneStore
from processors.lane.watch import Watch
from schemas import log, topics
from schemas.codec import Codec
from schemas.topics import Topic
from seeds.generate import lives
from seeds.profiles import profile
from sinks.contract import Batch, Place, Store
from sinks.runner import STORES, Name, Where

BATCH = 2_000
_AT = Place(topics.ENTRIES.name, 0)
_GROWN = 200_000
"""Entries up to which a store's memory is followed: with fewer, what it takes to be open at all outweighs what they add."""


def recovery(given: argparse.Namespace) -> dict[str, float]:
    """Every state partition of the run `--topic` brought back from its changelog into an empty folder, all at once as in a lane."""
    codec, before = Codec(given.registry), _resident()
    builtin()
    watch = Watch(_end)
    collector.settle()
    owners = [Owner(Core(given.topic), place, kafka=given.kafka, codec=codec, state_dir=given.folder, watch=watch)
              for place in range(PARTITIONS)]

    def opened(owner: Owner) -> tuple[int, float]:
        start = time.monotonic()
        return owner.open(), time.monotonic() - start

    began, spent = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(PARTITIONS) as pool:
        found = list(pool.map(opened, owners))
    seconds, cpu = time.monotonic() - began, time.process_time() - spent
    records, took = sum(count for count, _ in found), [each for _, each in found]
    entries = sum(metrics.now(metrics.STATE_ENTRIES))
    in_bytes = sum(metrics.now(metrics.STATE_BYTES))
    grown = _resident() - before
    for owner in owners:
        owner.close()
    return {"records": records, "rate": records / seconds, "cpu_us": cpu / records * 1e6, "slowest_partition_s": max(took),
            "state_keys": entries, "state_bytes": in_bytes, "grown": grown}


def sink(given: argparse.Namespace, name: Name) -> dict[str, float]:
    """Entries of the contest into an empty store, in batches of `BATCH`; then the same of other persons, for what each adds to memory."""
    decode = Codec(given.registry).decoder(topics.ENTRIES)
    entries = []
    for message in log.read(given.kafka, topics.ENTRIES):
        if message.value() is not None:
            entries.append(decode(message.value()))
        if len(entries) == given.events:
            break
    before, store = _resident(), _store(given, name)
    store.open()
    began, spent = time.monotonic(), time.process_time()
    _fill(store, entries, 0)
    seconds, cpu = time.monotonic() - began, time.process_time() - spent
    opened, came = _resident(), len(entries)
    while came < _GROWN:
        _fill(store, [replace(entry, person=f"{entry.person}~{came}") for entry in entries], came)
        came += len(entries)
    added, held = _resident() - opened, sum(1 for _ in store.contents())
    store.close()
    disk = sum(each.stat().st_size for each in given.folder.rglob("*") if each.is_file())
    return {"entries": came, "held": held, "rate": len(entries) / seconds, "cpu_us": cpu / len(entries) * 1e6,
            "open": opened - before, "bytes_an_entry": added / max(1, came - len(entries)), "disk": disk or _redis_bytes(given.redis)}


def _fill(store: Store, entries: Sequence[Entry], after: int) -> None:
    for start in range(0, len(entries), BATCH):
        store.apply(Batch(tuple(entries[start:start + BATCH])), {_AT: after + start + BATCH})


def cores(given: argparse.Namespace) -> dict[str, float]:
    """The other pure parts, in microseconds of processor time: a row read by its mapping, a claim linked, an assertion identified."""
    reader: Reader = Reader()
    claims: list[Claim] = []
    asked = lives(max(50, given.events // 80), 1, profile("everyday"))
    rows = [(source, reader.told(source, row)) for life in asked for source, row in life.rows]
    spent = time.process_time()
    for source, message in rows:
        for item in reader.items(source, message):
            claims.extend(item.claims)
    capture = time.process_time() - spent
    linked = _processed(Linker(KEY), topics.CLAIMS, claims)
    said = [event.items[0].assertion for event in mix(given.events, 1, builtin()).events]
    identified = _processed(IdentityStage(KEY), topics.ASSERTIONS, said)
    return {"capture_us": capture / len(rows) * 1e6, "linker_us": linked / len(claims) * 1e6, "identity_us": identified / len(said) * 1e6,
            "claims_a_person": len(claims) / max(50, given.events // 80)}


def _processed(stage: Stage, topic: Topic, values: list[Any]) -> float:
    state, spent = MemoryState(), time.process_time()
    for start in range(0, len(values), BATCH):
        stage.process([(Received(topic, 0, start + at, start + at, None, None), each)
                       for at, each in enumerate(values[start:start + BATCH])], state)
    return time.process_time() - spent


def phases(given: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Batch size -> what the reconcile stage spends an event, in microseconds of processor time, before anything is sent."""
    made = mix(given.events, 1, builtin()).events
    codec, core = Codec("mock://phases"), Core("phases")
    (source,) = core.inputs
    encode, decode = codec.encoder(topics.PERSON_EVENTS), codec.decoder(source)
    encoders = {topic.name: codec.encoder(topic) for topic in OUTPUTS}
    data = [encode(event) for event in made]
    found = {}
    for size in (500, 1):
        with tempfile.TemporaryDirectory() as folder:
            store, spent = LaneStore(Path(folder) / str(size), "phases", 0), dict.fromkeys(("decode", "core", "encode", "state"), 0.0)
            for start in range(0, len(data), size):
                marks = [time.process_time()]
                batch = [(Received(source, 0, 0, 0, None, each), decode(each)) for each in data[start:start + size]]
                marks.append(time.process_time())
                overlay = Overlay(store)
                outputs = core.process(batch, overlay)
                marks.append(time.process_time())
                for output in outputs:
                    encoders[output.topic.name](output.value)  # type: ignore[arg-type]
                marks.append(time.process_time())
                store.apply(overlay.changes.items(), {}, 0, 0)
                marks.append(time.process_time())
                for phase, began, ended in zip(spent, marks, marks[1:], strict=False):
                    spent[phase] += ended - began
            store.close()
        found[str(size)] = {phase: seconds / len(data) * 1e6 for phase, seconds in spent.items()}
    return found


def cost_by_size(given: argparse.Namespace) -> dict[str, float]:
    """Microseconds of processor time an event for a person with so many records already; median of three."""
    from deploy.bench.curve import cost

    return {str(size): cost(size) for size in (100, 1_000, 10_000, given.events)}


def _store(given: argparse.Namespace, name: Name) -> Store:
    if name is Name.ANALYTICS:
        from sinks.analytics import AnalyticsStore

        return AnalyticsStore(given.folder, KEY)
    store, _ = STORES[name](Where(given.folder, given.redis))
    return store


def _end(fault: Exception) -> None:
    sys.stderr.write(f"{fault}\n")
    os._exit(1)


def _redis_bytes(url: str) -> int:
    from redis import Redis

    return int(Redis.from_url(url).info("memory")["used_memory"])


def _resident() -> int:
    """Bytes, with what is free given back first: what reading the entries once took would else be counted, or taken off. The reader's
    own threads let go of theirs a moment later."""
    gc.collect()
    time.sleep(1)
    ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_info().rss


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "recovery": recovery,
    "cores": cores,
    "curve": cost_by_size,
    "phases": phases,
    "search": lambda given: sink(given, Name.SEARCH),
    "analytics": lambda given: sink(given, Name.ANALYTICS),
    "cache": lambda given: sink(given, Name.CACHE),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=PARTS)
    for name, kind in (("kafka", str), ("registry", str), ("redis", str), ("topic", str), ("folder", Path), ("events", int)):
        parser.add_argument(f"--{name}", type=kind)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps(PARTS[given.part](given)))


if __name__ == "__main__":
    main()
