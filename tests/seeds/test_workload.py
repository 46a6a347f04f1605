"""The player does everything it can do, at the rate asked for, and tells the truth about it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest

from seeds.load import dsn_for, make
from seeds.profiles import EVERYDAY
from seeds.trusts import TRUSTS
from seeds.truth import read
from seeds.workload import play
from seeds.workload.player import ACTIONS, Report


@pytest.fixture(scope="module")
def trusts(postgres: str) -> str:
    made = make(150, 2, EVERYDAY, dsn=postgres, replace=True)
    _wait_until_counted(postgres, sum(sum(tables.values()) for tables in made.rows.values()))
    return postgres


def _wait_until_counted(dsn: str, changes: int) -> None:
    """A server process adds what it did to the counters when it ends, a moment after its client has gone."""
    deadline = time.monotonic() + 10
    while (counted := _counted(dsn)) != changes and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert counted == changes


def _counted(dsn: str) -> int:
    """Row changes as PostgreSQL has counted them so far."""
    total = 0
    for trust in TRUSTS:
        with psycopg.connect(dsn_for(dsn, trust), autocommit=True) as connection:
            (changed,) = connection.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables").fetchone() or (0,)
            total += int(changed)
    return total


def test_every_action_happens_and_every_change_is_counted(trusts: str, tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    before = _counted(trusts)
    report = play(trusts, rate=0, changes=4000, seed=3, truth_path=truth)
    assert set(report.actions) == {action.name for action in ACTIONS}
    assert 4000 <= report.changes < 4020
    assert sum(report.changes_by_action.values()) == sum(report.changes_by_source.values()) == report.changes
    _wait_until_counted(trusts, before + report.changes)
    lines = list(read(truth))
    assert len(lines) == sum(report.actions.values())
    assert all(line["type"] == "change" and line["records"] for line in lines)


def test_a_second_play_with_the_same_seed_does_not_collide(trusts: str) -> None:
    assert play(trusts, rate=0, changes=500, seed=5).changes >= 500
    assert play(trusts, rate=0, changes=500, seed=5).changes >= 500


def test_the_rate_is_kept(trusts: str) -> None:
    report = play(trusts, rate=100, seconds=2)
    assert report.rate == pytest.approx(100, rel=0.25)


def test_a_stop_ends_it_with_everything_committed(trusts: str) -> None:
    stop = threading.Event()
    before = _counted(trusts)
    report = play(trusts, rate=100, stop=stop, progress=lambda so_far: stop.set() if so_far.changes >= 20 else None)
    assert report.changes >= 20
    _wait_until_counted(trusts, before + report.changes)


def test_a_change_that_finds_no_row_is_not_counted(trusts: str) -> None:
    """Somebody else may delete what the player knows of."""
    before, gone = _counted(trusts), []

    def others(_report: Report) -> None:
        if not gone:
            practice = next(trust for trust in TRUSTS if trust.source == "A82038/gp")
            with psycopg.connect(dsn_for(trusts, practice), autocommit=True) as connection:
                gone.append(connection.execute("DELETE FROM gp.observation").rowcount)

    report = play(trusts, rate=0, changes=3000, seed=4, progress=others)
    assert gone[0] > 0
    assert sum(report.changes_by_action.values()) == sum(report.changes_by_source.values()) == report.changes
    _wait_until_counted(trusts, before + report.changes + gone[0])


def test_the_same_seed_does_the_same_things(postgres: str) -> None:
    # Last in this module: it makes the trusts anew.
    reports = []
    for _ in range(2):
        make(80, 2, EVERYDAY, dsn=postgres, replace=True)
        reports.append(play(postgres, rate=0, changes=300, seed=9))
    assert reports[0].actions == reports[1].actions
    assert reports[0].changes_by_action == reports[1].changes_by_action


def test_a_server_that_goes_away_is_waited_for(trusts: str) -> None:
    """What was committed is counted; a batch cut short is not."""
    def break_connections() -> int:
        with psycopg.connect(trusts, autocommit=True) as connection:
            (broken,) = connection.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ANY(%s)",
                                           ([trust.database for trust in TRUSTS],)).fetchone() or (0,)
            return int(broken)

    broken: list[int] = []

    def disturb(report: Report) -> None:
        if len(broken) < 3 and report.changes >= 100 * (len(broken) + 1):
            broken.append(break_connections())

    report = play(trusts, rate=1000, changes=1000, seed=9, progress=disturb)
    assert len(broken) == 3
    assert all(broken)
    assert 1000 <= report.changes < 1300
    assert sum(report.changes_by_action.values()) == report.changes
