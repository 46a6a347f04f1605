"""A small disk is full once filled, and has room again once freed."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.chaos.disk import SmallDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path / "small", megabytes=1)
    if not made.mount():
        pytest.skip("this account may not mount a small disk")
    yield made
    made.unmount()


def test_a_full_disk_refuses_and_a_freed_one_takes(disk: SmallDisk) -> None:
    (disk.path / "before").write_bytes(b"x" * 5000)
    disk.fill()
    with pytest.raises(OSError) as refused:
        (disk.path / "while").write_bytes(b"x" * 5000)
    assert refused.value.errno == errno.ENOSPC
    disk.free()
    (disk.path / "after").write_bytes(b"x" * 5000)


def test_unmounted_it_is_gone(disk: SmallDisk) -> None:
    (disk.path / "there").write_bytes(b"x")
    disk.unmount()
    assert not (disk.path / "there").exists()
