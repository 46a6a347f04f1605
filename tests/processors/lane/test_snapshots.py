"""A new owner starts from a snapshot and reads only the rest; a damaged one is passed over; the outcome is the changelog's fold."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from processors.lane import changelog, inspect
from processors.lane.errors import StateBusyError
from processors.lane.inspect import Place as StatePlace
from processors.lane.owner import Owner
from processors.lane.snapshots import Snapshots
from processors.lane.store import MAX_AGE_MS, Store
from processors.lane.watch import Watch
from tests.processors.lane.conftest import World
from tests.processors.lane.test_owner import Place

NOW = 1_000_000


def made(path: Path, pairs: int, position: int, identity: str = "topic") -> Store:
    store = Store(path, identity, NOW)
    store.apply([(b"k%d" % n, b"v%d" % position) for n in range(pairs)], {"in": position}, position, NOW)
    return store


def test_a_snapshot_restores_what_it_was_taken_of(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 100, 700)
    snapshots.take(store, "topic", NOW)
    store.apply([(b"k0", None), (b"later", b"1")], {"in": 800}, 800, NOW)
    store.close()
    assert snapshots.restore(tmp_path / "b", "topic", 0, NOW) == 700
    restored = Store(tmp_path / "b", "topic", NOW)
    assert (restored.position, restored.markers) == (700, {"in": 700})
    assert dict(restored.prefix(b"")) == {b"k%d" % n: b"v700" for n in range(100)}
    restored.apply([(b"k1", b"changed")], {"in": 701}, 701, NOW)
    restored.close()
    assert snapshots.restore(tmp_path / "c", "topic", 0, NOW) == 700


def test_only_snapshots_that_serve_are_restored(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 10, 700)
    snapshots.take(store, "topic", NOW)
    store.close()
    assert snapshots.restore(tmp_path / "b", "another topic", 0, NOW) is None
    assert snapshots.restore(tmp_path / "b", "topic", 700, NOW) is None
    assert snapshots.restore(tmp_path / "b", "topic", 0, NOW + MAX_AGE_MS) is None
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("damage", ["changed", "cut short", "missing"])
def test_a_damaged_snapshot_is_passed_over_for_an_older_one(tmp_path: Path, damage: str) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 5_000, 700)
    snapshots.take(store, "topic", NOW)
    store.apply([(b"later%d" % n, b"x") for n in range(5_000)], {"in": 900}, 900, NOW)
    latest = snapshots.take(store, "topic", NOW)
    store.close()
    table = max(latest.glob("*.sst"))
    content = table.read_bytes()
    table.unlink()
    if damage == "changed":
        table.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    elif damage == "cut short":
        table.write_bytes(content[:-1])
    assert snapshots.restore(tmp_path / "b", "topic", 0, NOW) == 700


def test_two_are_kept(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 10, 100)
    for position in (200, 300, 400):
        store.apply([(b"k%d" % position, b"v")], {"in": position}, position, NOW)
        snapshots.take(store, "topic", NOW)
    store.close()
    assert [snapshot.position for _, snapshot in snapshots.all()] == [400, 300]


def test_content_does_not_depend_on_order_and_sees_every_pair() -> None:
    pairs = [(b"a", b"1"), (b"b", b"2"), (b"ab", b"")]
    assert inspect.content(pairs) == inspect.content(reversed(pairs))
    others = ([(b"a", b"1"), (b"b", b"2")], [(b"a", b"2"), (b"b", b"1"), (b"ab", b"")], [(b"a", b"1"), (b"b", b"2"), (b"a", b"b")])
    assert all(inspect.content(other) != inspect.content(pairs) for other in others)


@pytest.mark.stack
class TestOnAChangelog:
    @pytest.fixture
    def place(self, world: World):
        world.send(10_000, patients=8_000)
        made = Place(world)
        yield made
        made.close()

    def owner(self, place: Place, directory: str, records: int = 1) -> Owner:
        world = place.world
        snapshots = Snapshots(world.directory / "snapshots", world.stage.name, 0, records, 0.0)
        return Owner(world.stage, 0, kafka=world.kafka, codec=world.codec, state_dir=world.directory / directory, watch=Watch(pytest.fail),
                     snapshots=snapshots)

    def state(self, place: Place, directory: str) -> StatePlace:
        stage = place.world.stage
        return StatePlace(stage.name, stage.changelog, 0, place.world.directory / directory / stage.name / "0",
                          place.world.directory / "snapshots")

    def test_a_new_owner_reads_only_what_came_after_the_snapshot(self, place: Place) -> None:
        first = self.owner(place, "a")
        first.open()
        first.run([place.span(stop=1_000)])
        markers = first.markers
        first.close()
        second = self.owner(place, "b", records=1_000_000)
        assert second.open() <= 1
        assert second.markers == markers
        second.run([place.span()])
        place.check()
        report = inspect.verify(self.state(place, "b"), place.world.kafka)
        assert report["differences"] == 0
        assert report["pairs"] > 200
        second.close()

    def test_verify_sees_a_pair_too_many_too_few_and_changed(self, place: Place) -> None:
        owner = self.owner(place, "a", records=1_000_000)
        owner.open()
        owner.run([place.span()])
        state = self.state(place, "a")
        assert inspect.verify(state, place.world.kafka)["differences"] == 0, "read while the owner has it open"
        with pytest.raises(StateBusyError):
            inspect.compact(state, place.world.kafka)
        owner.close()
        identity = changelog.identity(place.world.kafka, state.changelog)
        for key, value in ((b"count|nobody", b"1"), (b"count|RXA/epr|0", None), (b"count|RXA/epr|1", b"77")):
            kept = state.path.with_name("kept")
            shutil.copytree(state.path, kept)
            store = Store(state.path, identity, time.time_ns() // 1_000_000)
            held = dict(store.prefix(b""))
            some = key if value == b"1" else min(held)
            store.apply([(some, value)], store.markers, store.position, time.time_ns() // 1_000_000)
            store.close()
            assert inspect.verify(state, place.world.kafka)["differences"] == 1
            shutil.rmtree(state.path)
            kept.rename(state.path)

    def test_stats_compact_and_snapshot(self, place: Place) -> None:
        owner = self.owner(place, "a", records=1_000_000)
        owner.open()
        owner.run([place.span()])
        state, kafka = self.state(place, "a"), place.world.kafka
        stats = inspect.stats(state, kafka)
        assert stats["keys"] > 200
        assert stats["behind"] <= 1, "but for the transaction's own marker"
        owner.close()
        assert "dry run" in inspect.compact(state, kafka, dry_run=True)["bytes_after"]
        inspect.compact(state, kafka)
        would = inspect.snapshot(state.snapshots, state.stage, state.changelog, 0, kafka, dry_run=True)
        assert (would["from"], would["records"] > 200, state.snapshots.exists()) == (0, True, False)
        done = inspect.snapshot(state.snapshots, state.stage, state.changelog, 0, kafka)
        assert 0 <= would["position"] - done["position"] <= 1, "but for the end of the transaction"
        assert 200 < done["records"] <= would["records"]
        assert inspect.stats(state, kafka)["snapshot_position"] == done["position"]
        again = inspect.snapshot(state.snapshots, state.stage, state.changelog, 0, kafka)
        assert (again["records"], again["snapshot"]) == (0, "nothing new")


def test_where_there_is_no_state_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "mainstem.cli", "state", "stats", "--home", str(tmp_path)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    assert "no worker has kept such state" in done.stderr
    unknown = subprocess.run([sys.executable, "-m", "mainstem.cli", "state", "verify", "--stage", "wrong", "--home", str(tmp_path)],
                             capture_output=True, text=True, check=False)
    assert unknown.returncode == 2
    assert json.dumps("wrong").strip('"') in unknown.stderr
