"""The Java parts: fetched once through Maven, checked file by file against a committed list, put in place whole."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.errors import ChecksumError, FetchError, MissingProgramError
from deploy.stack.state import locked, write_atomically

JAVA = Path(__file__).resolve().parent.parent / "java"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lot:
    """What is fetched together: `pom.xml` and `checksums.sha256` of a directory."""

    name: str
    """Of its directory in the cache."""
    where: Path
    parts: Mapping[str, str]
    """Maven profile, which is also the directory in the list of checksums -> what it is."""
    arrange: Callable[[Path], None]
    """Make `whole` of what was fetched."""

    @property
    def pom(self) -> Path:
        return self.where / "pom.xml"

    @property
    def checksums(self) -> Path:
        return self.where / "checksums.sha256"


def place(cache: Path, lot: Lot | None = None) -> Path:
    """Where the parts of exactly this pom and list lie, fetched or not. Another version never sees them. `lot`: the stack's, if none."""
    lot = lot or STACK
    mark = hashlib.sha256(lot.pom.read_bytes() + lot.checksums.read_bytes()).hexdigest()[:12]
    return cache / lot.name / mark


def fetch(cache: Path, say: Say, lot: Lot | None = None) -> Path:
    """The directory of the parts: `kafka/*.jar`, `plugins/debezium-postgres/*.jar`, `registry/quarkus-run.jar`; of `OPENSEARCH`, which
    tests run, what its archive holds.

    Does nothing where they are there. Raises MissingProgramError, FetchError, ChecksumError.
    """
    lot = lot or STACK
    there = place(cache, lot)
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
            _bring(lot, fetched, say)
            _check(lot, fetched)
            lot.arrange(fetched)
            there.parent.mkdir(parents=True, exist_ok=True)
            whole = fetched / "whole"
            whole.rename(there)
    say(f"{', '.join(lot.parts.values())}: in {there}" if lot is not STACK else f"Java parts are in {there}")
    return there


def relock(say: Say) -> None:
    """Write every `checksums.sha256` anew from what Maven brings now: after a deliberate change of a pom."""
    for lot in LOTS:
        with tempfile.TemporaryDirectory(prefix="mainstem-relock-") as name:
            fetched = Path(name)
            _bring(lot, fetched, say)
            lines = (f"{digest}  {file}\n" for file, digest in sorted(_digests(fetched).items()))
            write_atomically(lot.checksums, "".join(lines).encode())
        say(f"wrote {lot.checksums}")


def _bring(lot: Lot, into: Path, say: Say) -> None:
    if shutil.which("mvn") is None:
        raise MissingProgramError("mvn", "maven")
    for part, title in lot.parts.items():
        say(f"fetching {title} ...")
        began = time.monotonic()
        _maven(lot, part, into / part, say)
        files = list((into / part).iterdir())
        size = sum(file.stat().st_size for file in files) / 1e6
        say(f"fetched {title}: {len(files)} files, {size:.0f} MB, {time.monotonic() - began:.0f} s")


def _maven(lot: Lot, part: str, into: Path, say: Say) -> None:
    argv = ["mvn", "--batch-mode", "--file", str(lot.pom), f"-P{part}", "dependency:copy-dependencies", "-DincludeScope=runtime",
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
        raise FetchError(lot.parts[part], last)


def _check(lot: Lot, fetched: Path) -> None:
    pairs = (line.split("  ", 1) for line in lot.checksums.read_text(encoding="utf-8").splitlines())
    listed = {file: digest for digest, file in pairs}
    found = _digests(fetched)
    for part, title in lot.parts.items():
        of_part = {file for file in listed.keys() | found.keys() if file.startswith(f"{part}/")}
        if differing := sorted(file for file in of_part if listed.get(file) != found.get(file)):
            raise ChecksumError(title, differing, lot.checksums.relative_to(JAVA.parents[1]))


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


def _unpack(fetched: Path) -> None:
    """One archive with one directory in it, whose content is what is wanted."""
    (archive,) = (fetched / "opensearch").iterdir()
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(fetched / "unpacked")  # noqa: S202 - held against its digest before
    (inner,) = (fetched / "unpacked").iterdir()
    inner.rename(fetched / "whole")


STACK = Lot("java", JAVA, {"kafka": "Kafka and Kafka Connect", "debezium": "the Debezium PostgreSQL connector",
                           "registry": "Apicurio Registry"}, _arrange)
OPENSEARCH = Lot("opensearch", JAVA / "opensearch", {"opensearch": "OpenSearch without plug-ins, for tests"}, _unpack)
LOTS = (STACK, OPENSEARCH)
