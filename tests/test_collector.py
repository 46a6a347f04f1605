"""What a process that ends soon leaves to the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import gc, os, sys
from mainstem.cli import main
sys.argv = ["mainstem", "record", "no number"]
looked = []
gc.callbacks.append(lambda phase, about: looked.append(about["generation"]))
try:
    main()
except SystemExit as end:
    print(end.code, gc.get_freeze_count() > 10_000, 2 in looked)
"""


def test_a_command_neither_looks_through_what_it_loads_nor_at_its_end() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=Path(__file__).parents[1], env=os.environ, capture_output=True, text=True,
                          check=True)
    assert done.stdout == "2 True False\n", done.stderr
