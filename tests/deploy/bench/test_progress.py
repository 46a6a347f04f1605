"""What a candidate of the bench says of itself."""

from __future__ import annotations

import subprocess
import sys

_STARTED = "import subprocess, sys; held = bytearray(b'x') * 200_000_000; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
_ASKED = "from deploy.bench.candidates import progress; print(progress._peak())"


def test_the_memory_of_a_candidate_is_its_own_and_not_that_of_who_started_it() -> None:
    said = subprocess.run([sys.executable, "-c", _STARTED, _ASKED], check=True, capture_output=True, text=True)
    assert 1_000_000 < int(said.stdout) < 100_000_000
