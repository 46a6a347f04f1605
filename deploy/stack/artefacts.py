"""The Java parts: fetched once through Maven, checked file by file against a committed list, put in place whole."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from deploy.stack.errors import ChecksumError, FetchError, MissingProgramError
from deploy.stack.state import locked, write_atomically

JAVA = Path(__file__).resolve().parent.parent / "java"
POM, CHECKSUMS = JAVA / "pom.xml", JAVA / "checksums.sha256"
PARTS = {"kafka": "Kafka and Kafka Connect", "debezium": "the Debezium PostgreSQL connector", "registry": "Apicurio Registry"}
"""Maven profile, which is also the directory in the list of checksums -> what it is."""

Say = Callable[[str], None]


def place(cache: Path) -> Path:
    """Where the parts of exactly this pom and list lie, fetched or not. Another version never sees them."""
    mark = hashlib.sha256(POM.read_bytes() + CHECKSUMS.read_bytes()).hexdigest()[:12]
    return cache / "java" / mark


def fetch(cache: Path, say: Say) -> Path:
    """The directory of the parts: `kafka/*.jar`, `plugins/debezium-postgres/*.jar`, `registry/quarkus-run.jar`.

    Does nothing where they are there. Raises MissingProgramError, FetchError, ChecksumError.
    """
    there = place(cache)
    if there.is_dir():
        return there
    with locked(cache / "lock"):
        if there.is_dir():
            return there
        for half in cache.glob(".fetching-*"):    # of a fetch that was killed: the lock is ours, so nobody works in it
            shutil.rmtree(half)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=cache) as name:
            fetched = Path(name)
            fetched.chmod(0o755)
            _bring(fetched, say)
            _check(fetched)
            _arrange(fetched)
            there.parent.mkdir(parents=True, exist_ok=True)
            whole = fetched / "whole"
            whole.rename(there)
    say(f"Java parts are in {there}")
    return there


def relock(say: Say) -> None:
    """Write `checksums.sha256` anew from what Maven brings now: after a deliberate change of the pom."""
    with tempfile.TemporaryDirectory(prefix="mainstem-relock-") as name:
        fetched = Path(name)
        _bring(fetched, say)
        lines = (f"{digest}  {file}\n" for file, digest in sorted(_digests(fetched).items()))
        write_atomically(CHECKSUMS, "".join(lines).encode())
    say(f"wrote {CHECKSUMS}")


def _bring(into: Path, say: Say) -> None:
    if shutil.which("mvn") is None:
        raise MissingProgramError("mvn", "maven")
    for part, title in PARTS.items():
        say(f"fetching {title} ...")
        began = time.monotonic()
        _maven(part, into / part, say)
        files = list((into / part).iterdir())
        size = sum(file.stat().st_size for file in files) / 1e6
        say(f"fetched {title}: {len(files)} files, {size:.0f} MB, {time.monotonic() - began:.0f} s")


def _maven(part: str, into: Path, say: Say) -> None:
    argv = ["mvn", "--batch-mode", "--file", str(POM), f"-P{part}", "dependency:copy-dependencies", "-DincludeScope=runtime",
            f"-DoutputDirectory={into}"]
    last: deque[str] = deque(maxlen=15)
    downloaded, told = 0, time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True) as maven:
        for line in maven.stdout or ():
            if line.lstrip().startswith("[ERROR]"):
                last.append(line.rstrip())
            downloaded += "Downloaded from" in line
            if time.monotonic() - told > 5:
                told = time.monotonic()
                say(f"  ... {downloaded} downloads so far")
    if maven.returncode != 0:
        raise FetchError(PARTS[part], last)


def _check(fetched: Path) -> None:
    pairs = (line.split("  ", 1) for line in CHECKSUMS.read_text(encoding="utf-8").splitlines())
    listed = {file: digest for digest, file in pairs}
    found = _digests(fetched)
    for part, title in PARTS.items():
        of_part = {file for file in listed.keys() | found.keys() if file.startswith(f"{part}/")}
        if differing := sorted(file for file in of_part if listed.get(file) != found.get(file)):
            raise ChecksumError(title, differing)


def _digests(fetched: Path) -> dict[str, str]:
    digests = {}
    for file in fetched.rglob("*"):
        if file.is_file():
            with file.open("rb") as content:
                digests[str(file.relative_to(fetched))] = hashlib.file_digest(content, "sha256").hexdigest()
    return digests


def _arrange(fetched: Path) -> None:
    """As the servers want it: a plugin path for Connect, the registry unpacked."""
    whole = fetched / "whole"
    (whole / "plugins").mkdir(parents=True)
    (fetched / "kafka").rename(whole / "kafka")
    (fetched / "debezium").rename(whole / "plugins" / "debezium-postgres")
    (archive,) = (fetched / "registry").iterdir()
    with tarfile.open(archive) as packed:
        # Python 3.11.2 of Debian 12 has no filters yet; what is unpacked was held against its digest before.
        packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        packed.extractall(whole / "registry")  # noqa: S202
