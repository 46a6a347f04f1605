"""`mainstem identity activate | releases`, as an operator uses them, on a real broker."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from mainstem.cli import identity
from processors.identity.linker import assign
from processors.identity.scoring.release import dump
from processors.reconcile import edition
from tests.processors.apps.test_model_releases import OURS, Control, control  # noqa: F401 - a fixture
from tests.processors.identity.test_linked_by_score import who
from tests.strategies import KEY

pytestmark = pytest.mark.stack


def test_an_operator_looks_first_then_activates_and_goes_back(control: Control, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "model.json"
    dump(OURS, file)
    said = [who("A|1"), who("B|1")]
    control.send(*said)
    control.ship()
    dry = control.invoke("activate", str(file), "--actor", "op", "--reason", "fewer tasks")
    assert dry["dry_run"] and dry["counts"] == {"source patients that change person": 1, "links made": 1, "links broken": 0,
                                                "tasks that open": 0, "tasks that change": 0, "tasks that close": 1}
    listed = control.invoke("rematch", str(file))
    assert [(each["one"], each["other"], each["what"]) for each in listed["links"]] == [("A|1", "B|1", "joins")]
    assert listed["counts"] == dry["counts"] and len(control.claims()) == 3
    shown = CliRunner().invoke(identity.app, ["rematch", str(file), "--home", str(control.home)])
    assert shown.exit_code == 0 and "would be one person" in shown.stdout and "links made" in shown.stdout
    assert len(control.claims()) == 3 and "ours" not in str(control.models.names()), "nothing was written"
    done = control.invoke("activate", str(file), "--actor", "op", "--reason", "fewer tasks", "--yes")
    assert (done["name"], done["digest"]) == ("ours", OURS.digest)
    found = control.invoke("releases")
    assert [(each["what"], each["name"], each["in_force"]) for each in found] == [
        ("terminology", "builtin", True), ("matching", "seeds-1", False), ("rules", edition.OURS.name, True), ("matching", "ours", True)]
    assert (found[-1]["who"], found[-1]["why"], found[-1]["digest"]) == ("op", "fewer tasks", OURS.digest)
    linked = control.invoke("link", "A|1", "B|1", "--why", "x", "--dry-run")
    assert linked["moved"] == [], "they are one person by the model in force"
    assert control.invoke("rematch", "seeds-1")["then"]["name"] == "seeds-1"
    control.invoke("activate", "seeds-1", "--reason", "back", "--yes")
    assert control.invoke("releases")[-1]["name"] == "seeds-1" and control.in_force() == "seeds-1"
    assert assign(control.claims(), KEY) == assign(said, KEY)


def test_what_cannot_be_activated_is_refused_and_nothing_is_written(control: Control, tmp_path: Path) -> None:  # noqa: F811
    for name, content in (("torn.json", b"{"), ("named.json", None)):
        if content is None:
            dump(replace(OURS, name="../x"), tmp_path / name)
        else:
            (tmp_path / name).write_bytes(content)
        for yes in ([], ["--yes"]):
            assert "train" in control.invoke("activate", str(tmp_path / name), "--reason", "x", *yes, code=1)
    assert "at hand are seeds-1@" in control.invoke("activate", "nothing", "--reason", "x", code=1)
    assert "say why" in control.invoke("activate", "seeds-1", "--reason", " ", "--yes", code=2)
    assert control.claims() == [] and control.invoke("releases") == []
