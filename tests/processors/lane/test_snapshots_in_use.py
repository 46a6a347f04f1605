"""A new owner starts from a snapshot of a changelog on a real broker and reads only the rest; the outcome is the changelog's fold."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Message

from processors.lane import changelog, inspect
from processors.lane.errors import RecoveryError, StateBusyError
from processors.lane.inspect import Place as StatePlace
from processors.lane.owner import Owner
from processors.lane.snapshots import Snapshots
from processors.lane.store import Store, View
from processors.lane.watch import Watch
from tests.processors.lane.conftest import Place, World


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
