"""Whom PDS restricts on a running Mainstem: withheld before the record comes and after, found by nothing, and shown once it is lifted."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.end_to_end.conftest import World
from tests.end_to_end.test_opt_outs import bundle, labels
from tests.eventually import eventually
from tests.producers.pds.test_pds_format import answers, entry
from tests.producers.pds.test_pds_identity import patient

pytestmark = pytest.mark.stack
HIDDEN, OPEN = "9991231293", "9991231307"
SOURCE = "RXY/pas"
LABEL = "pds-restricted"


def asked(world: World, folder: Path, at: str, **said: str) -> None:
    """What PDS answered, ingested. `said`: number, `n` before it, and the code."""
    value = answers(*(entry(number[1:], patient(number[1:], code)) for number, code in said.items()), at=at)
    (path := folder / "pds.json").write_bytes(orjson.dumps(value))
    done = world.mainstem("ingest", "pds", str(path), "--output", "json")
    assert done.returncode == 0, done.stderr


def homes(world: World, number: str) -> set[str]:
    """Where the person lives, as their record, the search store and the identity command tell."""
    town = f"Town{number}"
    told = {"record": world.mainstem("record", number, "--output", "json").stdout,
            "search": world.mainstem("search", town, "--people", "--output", "json").stdout,
            "identity": world.mainstem("identity", "show", number, "--output", "json").stdout}
    found = {where for where, text in told.items() if town in text}
    return found | ({"search"} if "person" in told["search"] else set())


@pytest.mark.timeout(900)
def test_whoever_pds_restricts_is_withheld_until_a_later_answer_lifts_it(world: World, tmp_path: Path) -> None:
    asked(world, tmp_path, "2026-02-01T00:00:00Z", **{f"n{HIDDEN}": "R", f"n{OPEN}": "U"})
    world.verify("--wait", "60")  # every stage has read it
    assert labels(world, HIDDEN) is None, "an answer makes nobody known"

    for number, name in ((HIDDEN, "e2e-hidden"), (OPEN, "e2e-open")):
        value = bundle(name, number, "91936005", address=[{"use": "home", "line": [f"1 Town{number}"]}])
        (path := tmp_path / f"{name}.json").write_bytes(orjson.dumps(value))
        assert world.mainstem("ingest", "fhir", str(path), "--source", SOURCE).returncode == 0
    eventually(lambda: labels(world, HIDDEN) == [[LABEL], [LABEL]], "the record of the restricted one, for their care", 60)
    everywhere = {"record", "search", "identity"}
    eventually(lambda: homes(world, OPEN) == everywhere, "where the other lives", 60)
    assert homes(world, HIDDEN) == set()
    (person,) = orjson.loads(world.mainstem("identity", "show", HIDDEN, "--output", "json").stdout)
    assert [(each["by"], each["status"], each["position"][:10]) for each in person["restrictions"]] == [
        (f"X26/pds|{HIDDEN}", "asserted", "2026-02-01")]

    asked(world, tmp_path, "2026-01-31T00:00:00Z", **{f"n{HIDDEN}": "U", f"n{OPEN}": "R"})
    report = world.verify("--wait", "60")
    assert report["passed"], report["checks"]
    assert (homes(world, HIDDEN), homes(world, OPEN)) == (set(), everywhere), "an older answer changes nothing"
    asked(world, tmp_path, "2026-02-08T00:00:00Z", **{f"n{HIDDEN}": "U", f"n{OPEN}": "R"})
    eventually(lambda: labels(world, HIDDEN) == [[], []], "lifted", 60)
    eventually(lambda: homes(world, HIDDEN) == everywhere, "and told again", 60)
    eventually(lambda: labels(world, OPEN) == [[LABEL], [LABEL]], "now the other", 60)
    eventually(lambda: homes(world, OPEN) == set(), "withheld everywhere", 60)
    report = world.verify("--wait", "60", "--deep")
    assert report["passed"], report["checks"]
