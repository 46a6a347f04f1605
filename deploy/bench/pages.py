"""`python -m deploy.bench.pages REPORT`: a report becomes docs/bench.json, its tables in docs/bench.md, its picture, and docs/scale.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.bench import memory, report, scale

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- tables: python -m deploy.bench.pages -->\n", "<!-- end of tables -->\n"


def write(bench: Mapping[str, Any], docs: Path = DOCS) -> None:
    """Raises KeyError where a part was not measured: run that part, appending, then this."""
    scaled = "\n".join(scale.document(bench)) + "\n"
    page = docs / "bench.md"
    before, _, rest = page.read_text().partition(BEGIN)
    (docs / "bench.json").write_text(json.dumps(bench, indent=1) + "\n")
    page.write_text(before + BEGIN + "\n".join(report.lines(bench)).strip() + "\n" + END + rest.partition(END)[2])
    (docs / "bench.svg").write_text(report.picture(bench["contest"]))
    if "soak" in bench:
        (docs / "soak.svg").write_text(memory.picture([memory.Sample(**each) for each in bench["soak"]["samples"]]))
    (docs / "scale.md").write_text(scaled)


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()))
