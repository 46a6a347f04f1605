"""A new owner starts from a snapshot and reads only the rest; a damaged one is passed over; the outcome is the changelog's fold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from processors.lane import changelog, inspect
from processors.lane.errors import RecoveryError, StateBusyError
from processors.lane.inspect import Place as StatePlace
from processors.lane.owner import Owner
from processors.lane.snapshots import RENEWED_MS, Snapshots
from processors.lane.store import MAX_AGE_MS, Store, View
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


def test_snapshots_of_a_changelog_that_is_no_more_do_not_crowd_out_those_of_the_new_one(tmp_path: Path) -> None:
    directory = tmp_path / "snapshots"
    before = made(tmp_path / "a", 10, 900_000, "old topic")
    for position in (900_000, 950_000):
        before.apply([], {}, position, NOW)
        Snapshots(directory, "stage", 0).take(before, "old topic", NOW)
    before.close()
    snapshots = Snapshots(directory, "stage", 0, records=100)
    assert snapshots.due(10, now=1e9, now_ms=NOW)
    store = made(tmp_path / "b", 10, 10)
    assert snapshots.take(store, "topic", NOW).exists()
    store.close()
    assert snapshots.restore(tmp_path / "c", "topic", 0, NOW) == 10


def test_one_that_has_aged_is_due_however_little_was_written(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 10, 700)
    snapshots.take(store, "topic", NOW)
    store.close()
    for again in (snapshots, Snapshots(tmp_path / "snapshots", "stage", 0)):
        if again is snapshots:
            again.took(700, 0.0, NOW)
        assert not again.due(701, 1e6, NOW + RENEWED_MS - 1)
        assert again.due(701, 1e6, NOW + RENEWED_MS)
        assert again.due(700, 1e6, NOW + RENEWED_MS)
    assert 2 * RENEWED_MS < MAX_AGE_MS


def test_what_is_ahead_of_the_changelog_is_removed_before_the_changelog_overtakes_it(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 10, 700)
    snapshots.take(store, "topic", NOW)
    store.apply([(b"lost", b"by the broker")], {}, 900, NOW)
    snapshots.take(store, "topic", NOW)
    store.close()
    snapshots.forget("topic", 700)
    assert snapshots.restore(tmp_path / "b", "topic", 0, NOW) == 700


def test_a_damaged_snapshot_is_replaced_where_it_is_taken_again(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    store = made(tmp_path / "a", 5_000, 700)
    max(snapshots.take(store, "topic", NOW).glob("*.sst")).unlink()
    snapshots.take(store, "topic", NOW)
    store.close()
    assert snapshots.restore(tmp_path / "b", "topic", 0, NOW) == 700


def test_what_a_killed_process_left_half_written_is_swept_away(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    left, others = tmp_path / "snapshots" / "stage" / "0" / ".new-1", tmp_path / "snapshots" / "stage" / "0" / ".new-2"
    for path in (left, others):
        path.mkdir(parents=True)
        (path / "1.sst").write_bytes(b"x")
    now = time.time()
    os.utime(left, (now - 4_000, now - 4_000))
    store = made(tmp_path / "a", 10, 700)
    snapshots.take(store, "topic", int(now * 1000))
    store.close()
    assert not left.exists()
    assert others.exists(), "may be at work"


class Killed(BaseException):
    pass


@pytest.mark.parametrize("how", ["reset", "restore"])
def test_who_dies_while_a_store_is_removed_leaves_all_of_it_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A store of which some files are left would not open again, or lack what stood in the others."""
    snapshots = Snapshots(tmp_path / "snapshots", "stage", 0)
    later = made(tmp_path / "later", 10, 800)
    snapshots.take(later, "topic", NOW)
    later.close()
    store = made(tmp_path / "store", 100, 700)

    def dies(path: Path, ignore_errors: bool = False) -> None:
        """Having removed a part of it."""
        files = sorted(path.glob("MANIFEST-*"))
        for file in files:
            file.unlink()
        if files:
            raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(shutil, "rmtree", dies)
        if how == "reset":
            store.reset("topic")
        else:
            store.close()
            snapshots.restore(tmp_path / "store", "topic", 0, NOW)
    left = tmp_path / "store"
    again = Store(left, "topic", NOW)
    assert (again.position, len(list(again.prefix(b"")))) in ((0, 0), (700, 100))
    again.close()


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

    def test_a_quiet_partition_keeps_a_snapshot_and_a_local_copy_that_serve(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """Eleven hours without a record, then two: without renewal a failover would read the whole changelog."""
        first = self.owner(place, "a")
        first.open()
        first.run([place.span(stop=1_000)])
        first.close()
        clock = time.time_ns() // 1_000_000
        monkeypatch.setattr("processors.lane.owner._now", lambda: clock)
        first = self.owner(place, "a", records=100_000)
        first.open()
        written = self.taken(place)
        clock += 11 * 3_600_000
        first.tend()
        assert written < self.taken(place) == clock
        first.close()
        clock += 2 * 3_600_000
        for directory in ("a", "b"):
            again = self.owner(place, directory, records=100_000)
            assert again.open() <= 1, directory
            again.close()

    def taken(self, place: Place) -> int:
        found = Snapshots(place.world.directory / "snapshots", place.world.stage.name, 0).all()
        return found[0][1].taken if found else 0

    def test_who_was_followed_by_another_does_not_renew_what_he_has(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        old = self.owner(place, "a")
        old.open()
        old.run([place.span(stop=1_000)])
        new = self.owner(place, "b")
        new.open()
        new.run([place.span()])
        before = self.taken(place)
        later = time.time_ns() // 1_000_000 + 11 * 3_600_000
        monkeypatch.setattr("processors.lane.owner._now", lambda: later)
        old.tend()
        assert self.taken(place) == before
        new.tend()
        assert self.taken(place) == later
        old.close()
        new.close()

    def test_a_changelog_that_was_not_read_to_its_end_opens_nothing(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        first = self.owner(place, "a", records=100_000)
        first.open()
        first.run([place.span(stop=1_000)])
        first.close()
        shutil.rmtree(place.world.directory / "snapshots", ignore_errors=True)
        whole = changelog.batches

        def cut(*given: Any) -> Iterator[list[Message]]:
            """Ends where a broker that lost its end would: without the last record."""
            for found in whole(*given):
                yield found[:-1]

        def early(consumer: Any, topic: str, starts: Any, stopped: Any, reached: dict[int, int]) -> Iterator[list[Message]]:
            yield from whole(consumer, topic, starts, stopped)
            reached[0] = 5

        for directory, broken, why in (("b", cut, "ends no batch"), ("c", early, "reading ended at offset 5")):
            with monkeypatch.context() as patched, pytest.raises(RecoveryError, match=why):
                patched.setattr(changelog, "batches", broken)
                self.owner(place, directory).open()
        again = self.owner(place, "d")
        assert again.open() > 200
        again.close()

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
        assert inspect.compact(state, kafka)["bytes_before"] > 0
        old = state.path.with_name("1")
        shutil.copytree(state.path, old)
        store = Store(old, changelog.identity(kafka, state.changelog), time.time_ns() // 1_000_000)
        store.apply([], store.markers, store.position, 1)
        store.close()
        assert "left as it is" in inspect.compact(state._replace(path=old, partition=1), kafka)["bytes_after"]
        assert View(old).position > 0, "a copy that is too old is not emptied by the way"
        shutil.rmtree(old)
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
