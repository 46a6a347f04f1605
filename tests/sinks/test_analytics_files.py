"""What a process finds of the analytics store: parts that are lost, tables of another version, files of a killed insert."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WRITE = """
import os, sys
from pathlib import Path
from sinks.analytics import AnalyticsStore
from sinks.contract import Batch, Place
from tests.sinks.made import PERSONS, entry
store = AnalyticsStore(Path(sys.argv[1]), b"test")
store.open()
for n in range(3):
    store.apply(Batch((entry(PERSONS[0], f"fact {n}", 1),)), {Place("records.entries.v1", 0): n + 1})
os._exit(0)
"""
OPEN = """
import sys
from pathlib import Path
from sinks.analytics import AnalyticsStore
store = AnalyticsStore(Path(sys.argv[1]), b"test")
print(sum(store.open().values()), len(list(store.contents())))
store.close()
"""


def _run(script: str, home: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_store_that_lost_a_part_does_not_say_that_it_holds_it(tmp_path: Path) -> None:
    _run(WRITE, tmp_path)
    parts = sorted(path for path in tmp_path.rglob("all_*/data.bin") if path.parent.parent.name != "detached")
    assert len(parts) >= 3
    first = next(path for path in parts if path.parent.name.startswith("all_1_1"))
    first.write_bytes(first.read_bytes()[:-20])
    assert _run(OPEN, tmp_path) == "0 0"
    assert _run(OPEN, tmp_path) == "0 0"
    _run(WRITE, tmp_path)
    assert _run(OPEN, tmp_path) == "3 3"


FORMER = """
import sys
from pathlib import Path
from sinks.analytics import AnalyticsStore, tables
from sinks.contract import Batch, Place
from tests.sinks.made import PERSONS, entry, summary
store = AnalyticsStore(Path(sys.argv[1]), b"test")
tables.POSITIONS_KEY, now = ("", "positions"), tables.POSITIONS_KEY
store.open()
store.apply(Batch((entry(PERSONS[0], "f", 1),)), {Place("records.entries.v1", 0): 9})
client = store.connect()
client.command("CREATE TABLE base.summaries (pseudonym String, revision UInt64) ENGINE = ReplacingMergeTree(revision) ORDER BY pseudonym")
client.command("CREATE OR REPLACE VIEW mainstem.summaries AS SELECT * FROM base.summaries FINAL")
client.close()
tables.POSITIONS_KEY = now
print(store.open())
store.apply(Batch((entry(PERSONS[0], "f", 1),), (summary(PERSONS[0], 1),)), {Place("records.entries.v1", 0): 9})
client = store.connect()
print(client.query("SELECT toUInt32(entries) FROM mainstem.summaries").result_rows, client.query("SHOW TABLES FROM base").result_rows)
client.close()
print(len(list(store.contents())), list(store.open().values()))
store.close()
"""


def test_on_a_server_the_tables_before_are_replayed_over(tmp_path: Path) -> None:
    """Their positions are not believed: what was in another table is told again from the topic."""
    assert _run(FORMER, tmp_path).splitlines() == ["{}", "[(1,)] [('entries',)]", "1 [9]"]


SPOOLED = """
import sys
from pathlib import Path
from sinks.analytics.store import AnalyticsStore
from sinks.contract import Batch, Place
from sinks.errors import StoreUnavailableError
from tests.sinks.made import entry
home, at = Path(sys.argv[1]), Place("records.entries.v1", 0)
spool, batch = home / "stores" / "analytics" / "spool", Batch((entry("p", "f", 1),))
store = AnalyticsStore(home, b"k")
store.open()
(spool / "left-behind").write_bytes(b"rows")
store.open()
print([each.name for each in spool.iterdir()])
spool.rmdir()
try:
    store.apply(batch, {at: 1})
except StoreUnavailableError as fault:
    print(fault)
store.open()
store.apply(batch, {at: 1})
print([held.version for held in store.contents()])
store.close()
"""


def test_what_is_handed_to_the_engine_lies_in_the_home_and_a_full_disk_is_no_bug(tmp_path: Path) -> None:
    """Found by chaos: a killed sink left its last insert in the machine's temporary folder; a file that could not grow ended the sink."""
    left, refused, held = _run(SPOOLED, tmp_path).splitlines()
    assert left == "[]"
    assert "FileNotFoundError" in refused
    assert held == "[1]"
