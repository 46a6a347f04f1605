"""Snapshots as files: what they restore, which of them serve, and that a damaged or unfinished one does not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from processors.lane import inspect
from processors.lane.snapshots import RENEWED_MS, Snapshots
from processors.lane.store import MAX_AGE_MS, Store

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
    assert snapshots.restore(tmp_path / "b", "topic", 0, NOW - MAX_AGE_MS) is None
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
        assert again.due(700, 1e6, NOW - RENEWED_MS)
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
            store.reset("topic", 0)
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


def test_where_there_is_no_state_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "mainstem.cli", "state", "stats", "--home", str(tmp_path)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    assert "no worker has kept such state" in done.stderr
    unknown = subprocess.run([sys.executable, "-m", "mainstem.cli", "state", "verify", "--stage", "wrong", "--home", str(tmp_path)],
                             capture_output=True, text=True, check=False)
    assert unknown.returncode == 2
    assert json.dumps("wrong").strip('"') in unknown.stderr
