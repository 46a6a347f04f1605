"""A copy of state that cannot be read is given up, and never half answered: RocksDB ends an iteration at what it cannot read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import randbytes

import pytest
from rocksdict import AccessType, Options, Rdict

from processors.apps.worker import EXIT_DAMAGED
from processors.lane import changelog, inspect, rocks
from processors.lane.damage import damaged
from processors.lane.errors import StateDamagedError
from processors.lane.inspect import Place
from processors.lane.overlay import Overlay
from processors.lane.snapshots import Snapshots
from processors.lane.store import Store, View
from tests.processors.lane.conftest import World

IDENTITY, KEYS = "of-this-test-0", 20_000


def key(number: int) -> bytes:
    return b"k%06d" % number


def harm(path: Path, first: float = 0.5, last: float = 0.5) -> None:
    """Flips a byte in each hundred of the largest table, from one part of it to another."""
    table = max(path.glob("*.sst"), key=lambda each: each.stat().st_size)
    content = bytearray(table.read_bytes())
    for at in range(int(len(content) * first), int(len(content) * last) + 1, 100):
        content[at] ^= 0xFF
    table.write_bytes(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store, all of it in tables, with one byte of its largest table flipped."""
    path = tmp_path / "0"
    store = Store(path, IDENTITY, 0)
    store.apply([(key(number), b"%d" % number * 40) for number in range(KEYS)], {}, 1, 0)
    store.compact()
    store.close()
    harm(path)
    return path


READS: dict[str, Callable[[Store], object]] = {
    "prefix": lambda store: list(store.prefix(b"k")),
    "after": lambda store: [store.after(key(number), b"k") for number in range(KEYS)],
    "before": lambda store: [store.before(key(number), b"k") for number in reversed(range(KEYS))],
    "get": lambda store: [store.get(key(number)) for number in range(KEYS)],
    "multi_get": lambda store: store.multi_get([key(number) for number in range(KEYS)]),
    "through an overlay": lambda store: list(Overlay(store).prefix(b"k")),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_cannot_be_read_is_no_end(path: Path, read: Callable[[Store], object]) -> None:
    store = Store(path, IDENTITY, 0)
    with pytest.raises(StateDamagedError) as told:
        read(store)
    store.close()
    assert b"k0" not in str(told.value).encode()
    assert damaged(path)


def test_it_starts_empty_until_it_was_built_to_its_end(path: Path) -> None:
    store = Store(path, IDENTITY, 0)
    with pytest.raises(StateDamagedError):
        list(store.prefix(b"k"))
    store.close()
    for ended in (False, True):  # the first to build it anew is killed meanwhile
        store = Store(path, IDENTITY, 0)
        assert (store.position, list(store.prefix(b""))) == (0, [])
        store.apply([(b"k", b"v")], {}, 1, 0)
        if ended:
            store.stamp(0)
        store.close()
        assert damaged(path) != ended
    store = Store(path, IDENTITY, 0)
    assert list(store.prefix(b"")) == [(b"k", b"v")]
    store.close()


WRITES: dict[str, Callable[[Store, Path], object]] = {
    "compact": lambda store, path: store.compact(),
    "checkpoint": lambda store, path: store.checkpoint(path.with_name("copy")),
    "stamp": lambda store, path: store.stamp(1),
    "apply": lambda store, path: store.apply([], {}, 2, 0),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_writing_meets_is_told_too(path: Path, write: Callable[[Store, Path], object]) -> None:
    """Once RocksDB has met damage where it merges tables, it takes no more."""
    store = Store(path, IDENTITY, 0)
    store.apply([(key(number), b"x" * 40) for number in range(0, KEYS, 2)], {}, 1, 0)
    with pytest.raises(StateDamagedError):
        store.compact()
    Path(f"{path.parent}/.0.damaged").unlink()
    with pytest.raises(StateDamagedError):
        write(store, path)
    store.close()
    assert damaged(path)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The open store of a worker, of more tables than RocksDB opens at once by itself."""
    options = rocks._options

    def small() -> Options:
        made = options()
        made.set_target_file_size_base(20_000)
        return made

    monkeypatch.setattr(rocks, "_options", small)
    store = Store(tmp_path / "0", IDENTITY, 0)
    store.apply([(key(number), b"") for number in range(KEYS)], {}, 1, 0)
    store.compact()
    merge(store, 1)
    assert len(list((tmp_path / "0").glob("*.sst"))) > 20
    yield store
    store.close()


def merge(store: Store, step: int) -> None:
    store.apply([(key(number), randbytes(40)) for number in range(0, KEYS, step)], {}, 2, 0)
    store.compact()


def test_a_look_from_beside_ends_where_it_was_to_end_though_the_worker_merges_tables_meanwhile(running: Store, tmp_path: Path) -> None:
    view = View(tmp_path / "0")
    merge(running, 10)
    assert sum(1 for _ in view.items()) == KEYS
    view.close()


def test_a_look_from_beside_is_begun_anew_where_the_worker_was_quicker(running: Store, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    opened, looks = rocks.database, []

    def late(path: Path, access: AccessType | None = None) -> Rdict:
        looks.append(access)
        if len(looks) == 1:
            raise Exception("Corruption: Can't access /000151.sst: IO error: No such file or directory")  # as seen
        return opened(path, access)

    monkeypatch.setattr(rocks, "database", late)
    view = View(tmp_path / "0")
    assert sum(1 for _ in view.items()) == KEYS
    view.close()


@pytest.mark.parametrize("lost", ["MANIFEST-*", "CURRENT", "*.sst"])
def test_a_copy_that_lacks_a_file_is_built_anew(path: Path, lost: str) -> None:
    """As where its removal by hand was interrupted, or it was copied in part."""
    for file in path.glob(lost):
        file.unlink()
    store = Store(path, IDENTITY, 0)
    assert (store.position, list(store.prefix(b""))) == (0, [])
    store.close()


def test_a_look_from_beside_at_what_cannot_be_opened_tells(path: Path) -> None:
    for manifest in path.glob("MANIFEST-*"):
        manifest.write_bytes(b"rubbish")
    with pytest.raises(StateDamagedError):
        View(path)


def test_a_look_from_beside_tells_and_marks_nothing(path: Path) -> None:
    view = View(path)
    with pytest.raises(StateDamagedError):
        list(view.items())
    view.close()
    assert not damaged(path)


@pytest.mark.stack
class TestOnAChangelog:
    def state(self, world: World, directory: str = "a") -> Place:
        stage = world.stage
        return Place(stage.name, stage.changelog, 0, world.directory / directory / stage.name / "0", world.directory / "snapshots")

    def harmed(self, world: World) -> Place:
        """The state partition 0 of worker a, which was ended, all in tables that cannot be read."""
        world.send(20_000, patients=8_000)
        worker = world.worker("a")
        world.await_all()
        worker.terminate()
        worker.wait(60)
        state = self.state(world)
        inspect.compact(state, world.kafka)
        return state

    @pytest.mark.timeout(240)
    def test_a_worker_ends_with_its_own_code_and_builds_the_copy_anew(self, world: World) -> None:
        state = self.harmed(world)
        harm(state.path, 0.05, 0.6)
        world.send(8_000, patients=8_000)
        assert world.worker("a").wait(120) == EXIT_DAMAGED
        assert "cannot be read, it is damaged" in world.log("a")
        assert damaged(state.path)
        assert "its worker will build it anew" in inspect.compact(state, world.kafka)["bytes_after"]
        world.worker("a")
        world.await_all()
        world.check()
        assert not damaged(state.path)

    def test_a_snapshot_is_not_made_from_one_of_a_copy_that_was_damaged(self, world: World) -> None:
        state = self.harmed(world)
        world.send(8_000, patients=8_000)
        world.worker("b")
        world.await_all()
        identity, now = changelog.identity(world.kafka, state.changelog), time.time_ns() // 1_000_000
        store = Store(state.path, identity, now)
        harm(state.path)
        Snapshots(state.snapshots, state.stage, 0).take(store, identity, now)
        store.close()
        made = inspect.snapshot(state.snapshots, state.stage, state.changelog, 0, world.kafka)
        assert (made["from"], made["records"] > 5_000) == (0, True)
        view = View(Path(made["snapshot"]))
        assert sum(1 for _ in view.items()) > 1_000
        view.close()
