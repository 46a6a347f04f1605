"""What the search store does to memory as it grows: `python -m tests.sinks.indexing ENTRIES` prints, every 100,000 entries, how many
documents there are, how much memory no file backs (MB), and the processor time of an entry so far (us)."""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from array import array
from pathlib import Path

from sinks.contract import Batch, Place
from sinks.search import SearchStore
from tests.sinks.made import entry

_AT = Place("records.entries.v1", 0)
_BATCH, _TOLD = 240, 100_000
_PERSONS = 10_000


def main(entries: int) -> None:
    chance = random.Random(0)
    words = [f"w{number:05}" for number in range(20_000)]
    versions = array("I")  # all that the driver itself keeps
    spent = time.process_time()
    with tempfile.TemporaryDirectory() as home:
        store = SearchStore(Path(home))
        store.open()
        for come in range(_BATCH, entries + _BATCH, _BATCH):
            batch = []
            for _ in range(_BATCH):
                if versions and chance.random() < 0.5:
                    number = chance.randrange(len(versions))
                else:
                    number = len(versions)
                    versions.append(0)
                versions[number] += 1
                content = {"name": {"text": " ".join(chance.choices(words, k=4))}, "taken": "2026-01-02",
                           "note": " ".join(chance.choices(words, k=5))}
                batch.append(entry(f"{number % _PERSONS:032x}", f"result|{number:024x}", versions[number], content, kind="result"))
            store.apply(Batch(tuple(batch)), {_AT: come})
            if come % _TOLD < _BATCH:
                print(len(versions), _unbacked(), round((time.process_time() - spent) / come * 1e6), flush=True)
        store.close()


def _unbacked() -> int:
    return sum(int(kb) for kb in re.findall(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text())) >> 10


if __name__ == "__main__":
    main(int(sys.argv[1]))
