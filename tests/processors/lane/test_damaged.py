"""A copy of state that cannot be read is given up, and never half answered: RocksDB ends an iteration at what it cannot read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from processors.lane.errors import StateDamagedError
from processors.lane.overlay import Overlay
from processors.lane.store import Store, View, damaged

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


def test_the_next_to_open_it_starts_empty_and_once(path: Path) -> None:
    store = Store(path, IDENTITY, 0)
    with pytest.raises(StateDamagedError):
        list(store.prefix(b"k"))
    store.close()
    store = Store(path, IDENTITY, 0)
    assert (store.position, list(store.prefix(b""))) == (0, [])
    store.apply([(b"k", b"v")], {}, 1, 0)
    store.close()
    assert not damaged(path)
    store = Store(path, IDENTITY, 0)
    assert list(store.prefix(b"")) == [(b"k", b"v")]
    store.close()


def test_a_look_from_beside_tells_and_marks_nothing(path: Path) -> None:
    view = View(path)
    with pytest.raises(StateDamagedError):
        list(view.items())
    view.close()
    assert not damaged(path)
