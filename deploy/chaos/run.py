"""A run of chaos: load, faults from a seed, then peace and the proof."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import orjson

from deploy.chaos import registers
from deploy.chaos.arena import Arena
from deploy.chaos.inject import Injector, Met, NotRecoveredError
from deploy.chaos.plan import Fault, Kind, plan
from deploy.platform.launch import Say
from mainstem.observe.connect import ConnectUnavailableError, connectors
from mainstem.operations import Result
from mainstem.verify import history
from mainstem.verify.report import Check
from schemas import log, topics
from schemas.codec import Codec
from seeds.trusts import SOURCES, TRUSTS

_MAINSTEM = (sys.executable, "-m", "mainstem.cli")
_NO_PROOF = 2
"""Exit code of `mainstem verify`."""
_DAMAGE_SECONDS = 15.0
_DRAIN_SECONDS = 300
_CAPTURED_SECONDS = 180.0
"""For every connector to run again: the platform waits up to 60 s between two restarts of one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was survived, and what the proof says."""

    seed: int
    revision: str
    """Of the repository; empty where it is none. Ends in `-dirty` where files differ from it."""
    seconds: float
    met: tuple[Met, ...]
    changes: int
    acknowledged: int
    """Numbered writes of our own, see `registers`."""
    restarts: dict[str, int]
    captures: dict[str, str]
    """Connector -> how it stood when the faults ended, before anything was repaired."""
    verify: dict[str, object]
    """The report of `mainstem verify --source`."""
    checks: tuple[Check, ...]
    """Of histories."""

    @property
    def passed(self) -> bool:
        return self.agrees and not self.missing

    @property
    def agrees(self) -> bool:
        return bool(self.verify.get("passed")) and all(check.passed for check in self.checks)

    @property
    def missing(self) -> tuple[str, ...]:
        """What did not happen: where there was no harm, or nothing to be harmed, agreement proves nothing."""
        happened = {"fault that hit something": any(met.bit for met in self.met), "change in the trusts": self.changes,
                    "acknowledged write": self.acknowledged}
        return tuple(what for what, did in happened.items() if not did)

    def kinds(self) -> Iterator[tuple[str, int, int, float]]:
        """Kind, faults, those that bit, mean seconds until what was hit ran again."""
        for kind in Kind:
            of_kind = [met for met in self.met if met.fault.kind is kind]
            if of_kind:
                yield kind.value, len(of_kind), sum(met.bit for met in of_kind), sum(met.seconds for met in of_kind) / len(of_kind)

    def as_dict(self) -> dict[str, object]:
        return {
            "passed": self.passed, "missing": list(self.missing), "seed": self.seed, "revision": self.revision,
            "seconds": round(self.seconds), "faults": len(self.met),
            "kinds": [{"kind": k, "faults": n, "bit": bit, "mean_seconds": round(mean, 2)} for k, n, bit, mean in self.kinds()],
            "met": [{"kind": m.fault.kind.value, "target": m.fault.target, "after": m.fault.after, "lasts": m.fault.seconds, "bit": m.bit,
                     "seconds": m.seconds} for m in self.met],
            "changes": self.changes, "acknowledged": self.acknowledged, "restarts": self.restarts,
            "captures": self.captures, "verify": self.verify,
            "checks": [check.as_dict() for check in self.checks],
        }


def run(place: Arena, seed: int, say: Say, *, faults: int | None = None, seconds: float | None = None, rate: float = 50,
        peace: float = 4.0, reach: float = Injector.reach) -> Report:
    """Faults of this seed until there were `faults` of them or `seconds` have passed; then the proof. `reach`: see `Injector.reach`.

    Raises NotRecoveredError where something that was hit stays down, NoRegisterError where no numbered write is possible.
    """
    began = time.monotonic()
    codec = Codec(place.endpoints.registry)
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    injector = Injector(place.home, partial(place.up, _quiet), place.platform, place.proxies, place.endpoints.kafka, SOURCES,
                        place.fault_file, place.disk, chance, reach=reach)
    writes = registers.Registers(place.endpoints.database("a82038_gp"))
    load = subprocess.Popen([*_MAINSTEM, "seeds", "play", "--rate", str(rate), "--seed", str(seed), "--output", "json",
                             "--home", str(place.home)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    writes.start()
    try:
        met = [_meet(injector, fault, say) for fault in _until(seed, faults, began, seconds, peace)]
    finally:
        captures = _standing(place)
        injector.peace()
        load.terminate()
        told, complaint = load.communicate(timeout=60)
    acknowledged = writes.stop()
    if not told and load.returncode != -signal.SIGTERM:  # that is ours, come before it began: the verdict tells of no change
        raise NotRecoveredError(f"the load ended early: {complaint[-500:]}")
    changes = int(orjson.loads(told)["changes"]) if told else 0
    _captured(place)
    say("peace: proving that nothing was lost and nothing doubled")
    verified = _verified(place)
    kafka = place.endpoints.kafka
    checks = (*history.check(kafka, codec), *registers.checks(kafka, codec, writes.acknowledged, writes.unsure),
              _poison(kafka, codec, injector.poison))
    return Report(seed, revision(), time.monotonic() - began, tuple(met), changes, acknowledged,
                  place.platform.supervisor.restarts(), captures, verified, checks)


def _verified(place: Arena) -> dict[str, object]:
    """The report of verify. Where it could not be made it is asked for once more: what it asked may be the first to meet a damage that a
    full disk left, and is then being built anew."""
    for _ in range(2):
        proof = subprocess.run([*_MAINSTEM, "verify", "--source", "--deep", "--wait", str(_DRAIN_SECONDS), "--output", "json",
                                "--home", str(place.home)], capture_output=True, text=True, check=False)
        if proof.returncode != _NO_PROOF:
            break
        time.sleep(_DAMAGE_SECONDS)
    return orjson.loads(proof.stdout) if proof.stdout else {"passed": False, "why": proof.stderr[-2000:]}


def revision() -> str:
    """What is run, as git names it."""
    try:
        told = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True,
                              check=False)
    except FileNotFoundError:
        return ""
    return told.stdout.strip()


def _meet(injector: Injector, fault: Fault, say: Say) -> Met:
    time.sleep(fault.after)
    met = injector.inject(fault)
    say(f"{fault.kind.value}: {fault.target}, {met.seconds:.1f} s{'' if met.bit else ' (hit nothing)'}")
    return met


def _standing(place: Arena) -> dict[str, str]:
    """How the connectors stand; what Connect does not tell is left out."""
    try:
        return {one.name: one.detail for one in connectors(place.endpoints.connect)}
    except ConnectUnavailableError:
        return {}


def _captured(place: Arena) -> None:
    """Wait until every trust is captured again, which is the platform's work and none of ours. Raises NotRecoveredError."""
    deadline, wanted = time.monotonic() + _CAPTURED_SECONDS, {trust.database for trust in TRUSTS}
    while time.monotonic() < deadline:
        try:
            if wanted <= {one.name for one in connectors(place.endpoints.connect) if one.running}:
                return
        except ConnectUnavailableError:
            pass
        time.sleep(0.5)
    raise NotRecoveredError(f"not captured again within {_CAPTURED_SECONDS:.0f} s: {_standing(place)}")


def _until(seed: int, count: int | None, began: float, seconds: float | None, peace: float) -> Iterator[Fault]:
    for fault in islice(plan(seed, peace), count):
        if seconds is not None and time.monotonic() - began + fault.after + fault.seconds > seconds:
            return
        yield fault


def _poison(bootstrap: str, codec: Codec, places: Sequence[tuple[str, int, int]]) -> Check:
    """Every malformed message has been quarantined, once."""
    check = Check("every malformed message is quarantined once", len(places))
    decode = codec.decoder(topics.LEDGER)
    wanted = set(places)
    results: dict[tuple[str, int, int], list[Result]] = {}
    for message in log.read(bootstrap, topics.LEDGER):
        ledger = decode(message.value())
        for outcome in ledger.outcomes:
            if (place := (ledger.topic, ledger.partition, outcome.offset)) in wanted:
                results.setdefault(place, []).append(outcome.result)
    for place in places:
        if (found := results.get(place, [])) != [Result.QUARANTINED]:
            check.differs(f"{place[0]}/{place[1]} offset {place[2]}: {', '.join(found) or 'no outcome'}")
    return check


def _quiet(_: str) -> None:
    """What starting servers tells is of no interest here."""
