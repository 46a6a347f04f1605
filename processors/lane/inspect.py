"""Looking at state partitions from outside their workers, proving them, and making snapshots of them."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from processors.lane import changelog
from processors.lane.damage import damaged
from processors.lane.errors import StateDamagedError
from processors.lane.snapshots import Snapshots
from processors.lane.store import Store, View, discard, young
from schemas.topics import Topic

_MODULUS = 1 << 128
_SHOWN_SECONDS = 5.0


class Place(NamedTuple):
    """A state partition as one worker keeps it."""

    stage: str
    changelog: Topic
    partition: int
    path: Path
    snapshots: Path


class Content(NamedTuple):
    """A state in sum: pairs, and the sum of the pairs' digests mod 2^128, which no order and no batching changes."""

    pairs: int
    digest: int


def stats(place: Place, kafka: str) -> dict[str, Any]:
    """Figures of the store, and how much of its changelog it does not contain."""
    view = View(place.path)
    try:
        first, end = _bounds(kafka, place.changelog, place.partition)
        kept = Snapshots(place.snapshots, place.stage, place.partition).all()
        return {
            **_named(place), **view.figures(), "position": view.position, "behind": max(0, end - view.position), "changelog": end - first,
            "age_seconds": max(0, _now() - view.written) // 1000, "snapshots": len(kept),
            "snapshot_position": kept[0][1].position if kept else 0,
        }
    finally:
        view.close()


def verify(place: Place, kafka: str) -> dict[str, Any]:
    """Whether the store holds just what its changelog says up to the store's position. Folds it into a store of its own, on disk."""
    view = View(place.path)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="mainstem-verify-") as directory:
            identity = changelog.identity(kafka, place.changelog)
            folded = Store(Path(directory) / "folded", identity, _now())
            _await(kafka, place, view.position)
            try:
                records = changelog.recover(kafka, folded, identity, place.changelog.name, place.partition, _now(), _never,
                                            until=view.position)
                expected, found = content(folded.prefix(b"")), content(view.items())
            finally:
                folded.close()
        same = view.identity == identity and expected == found
        return {**_named(place), "position": view.position, "records": records, "pairs": found.pairs, "digest": f"{found.digest:032x}",
                "expected_pairs": expected.pairs, "expected_digest": f"{expected.digest:032x}", "differences": 0 if same else 1,
                "seconds": round(time.monotonic() - began, 2)}
    finally:
        view.close()


def compact(place: Place, kafka: str, dry_run: bool = False) -> dict[str, Any]:
    """`dry_run`: say how large it is and leave it. A copy that is damaged, too old, or of another topic, is left for its worker to replace.
    Raises StateBusyError while the worker runs."""
    before, identity = _bytes(place.path), changelog.identity(kafka, place.changelog)
    if dry_run:
        return {**_named(place), "bytes_before": before, "bytes_after": "dry run: nothing changed"}
    if not _kept(place.path, identity):
        return {**_named(place), "bytes_before": before, "bytes_after": "left as it is: its worker will build it anew"}
    store = Store(place.path, identity, _now())
    try:
        store.compact()
    finally:
        store.close()
    return {**_named(place), "bytes_before": before, "bytes_after": _bytes(place.path)}


def snapshot(directory: Path, stage: str, topic: Topic, partition: int, kafka: str, dry_run: bool = False) -> dict[str, Any]:
    """A snapshot at the end of the changelog, from the last one, where that can be read to its end. `dry_run`: say what it would start from
    and read at most, and write nothing."""
    snapshots, began = Snapshots(directory, stage, partition), time.monotonic()
    identity = changelog.identity(kafka, topic)
    if dry_run:
        serving = snapshots.serving(identity, 0, _now())
        start, (_, end) = serving[0][1].position if serving else 0, _bounds(kafka, topic, partition)
        return {"stage": stage, "partition": partition, "from": start, "position": end, "records": max(0, end - start),
                "snapshot": "dry run: nothing written", "seconds": round(time.monotonic() - began, 2)}
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".made-", dir=directory) as made:
        path = Path(made) / str(partition)
        start = snapshots.restore(path, identity, 0, _now()) or 0
        if start and not _readable(path):
            discard(path)
            start = 0
        store = Store(path, identity, _now())
        try:
            records = changelog.recover(kafka, store, identity, topic.name, partition, _now(), _never)
            taken = snapshots.take(store, identity, _now()) if store.position > start else None
            return {"stage": stage, "partition": partition, "from": start, "position": store.position, "records": records,
                    "snapshot": str(taken or "nothing new"), "seconds": round(time.monotonic() - began, 2)}
        finally:
            store.close()


def content(pairs: Iterable[tuple[bytes, bytes]]) -> Content:
    """Of any state, in any order."""
    count = total = 0
    for key, value in pairs:
        count += 1
        total += int.from_bytes(hashlib.blake2b(len(key).to_bytes(4, "big") + key + value, digest_size=16).digest(), "big")
    return Content(count, total % _MODULUS)


def _kept(path: Path, identity: str) -> bool:
    """Whether its worker will go on with this copy."""
    if damaged(path):
        return False
    try:
        view = View(path)
    except StateDamagedError:
        return False
    view.close()
    return view.identity == identity and young(view.written, _now())


def _readable(path: Path) -> bool:
    """A snapshot of a copy that was damaged has the right digests all the same."""
    try:
        with contextlib.closing(View(path)) as view:
            return all(True for _ in view.items())
    except StateDamagedError:
        return False


def _await(kafka: str, place: Place, position: int) -> None:
    """A worker may write its state a moment before the broker shows the end of the transaction to readers."""
    deadline = time.monotonic() + _SHOWN_SECONDS
    while _bounds(kafka, place.changelog, place.partition)[1] < position and time.monotonic() < deadline:
        time.sleep(0.1)


def _bounds(kafka: str, topic: Topic, partition: int) -> tuple[int, int]:
    consumer = changelog.reader(kafka)
    try:
        return changelog.bounds(consumer, topic.name, partition)
    finally:
        consumer.close()


def _named(place: Place) -> dict[str, Any]:
    return {"worker": place.path.parent.parent.name, "stage": place.stage, "partition": place.partition}


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.glob("*.sst"))


def _never() -> bool:
    return False


def _now() -> int:
    return time.time_ns() // 1_000_000
