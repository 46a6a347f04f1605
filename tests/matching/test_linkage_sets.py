"""Linkage sets whose truth is known. `pytest tests/matching -s -m slow` prints the figures, as `mainstem identity measure febrl:3` does."""

from __future__ import annotations

import csv
from math import log2
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from mainstem.cli.identity import app
from mainstem.matching import febrl
from mainstem.matching.measure import measure
from mainstem.matching.people import UnreadableError, of_table
from mainstem.matching.train import UntrainableError, train
from processors.identity.scoring.release import Thresholds, built_in, load

SURE = Thresholds(review=0.0, automatic=log2(0.99 / 0.01), families=False)


@pytest.mark.slow
@pytest.mark.parametrize("which", febrl.SETS)
def test_febrl(which: str) -> None:
    rows = febrl.rows(which)
    found = measure(rows, train([each.fields for each in rows], f"febrl:{which}", f"febrl:{which}", thresholds=SURE))
    print(f"\nfebrl:{which}: precision {found.precision:.4f}, recall {found.recall:.4f}; {found}")
    assert found.precision >= 0.99
    assert found.recall >= 0.95
    assert found.joined_right / found.joined >= 0.99


def _table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


ROWS = [{"human": human, "family": family, "given": "Ann", "birth_date": born, "postcode": "AB1 2CD", "address": "12 High Street;Northtown"}
        for human, family, born in (("1", "Okafor", "19800304"), ("1", "Okafor", "1980-03-04"), ("2", "Bellamy", "1951-06-01"))]


def test_a_table_of_one_s_own(tmp_path: Path) -> None:
    rows = of_table(_table(tmp_path / "set.csv", ROWS))
    found = measure(rows, replace(built_in(), thresholds=SURE))
    assert (found.true, found.passing, found.right, found.joined_right, found.tasks) == (1, 1, 1, 1, 0)


def test_a_table_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        of_table(_table(tmp_path / "set.csv", [{"shoe_size": "9"}]))
    with pytest.raises(UnreadableError):
        measure(of_table(_table(tmp_path / "set.csv", [row | {"human": ""} for row in ROWS])), built_in())
    with pytest.raises(UntrainableError):
        train([each.fields for each in of_table(_table(tmp_path / "set.csv", ROWS))], "small", "small")


@pytest.mark.parametrize("arguments", [["measure", "febrl:9"], ["measure", "missing.csv"], ["train", "x.json", "--learn", "missing.csv"],
                                       ["train", "x.json", "--learn", "seeds:many"], ["rematch", "missing.json"],
                                       ["train", "x.json", "--review", "0.9", "--automatic", "0.8"]])
def test_mistakes_are_said_in_one_line(arguments: list[str]) -> None:
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code in (1, 2) and not isinstance(found.exception, OSError | ValueError)
    assert found.stderr.startswith("mainstem identity: ") and found.stderr.count("\n") == 1


@pytest.mark.parametrize(("file", "said"), [("nowhere/model.json", "cannot be written"), ("", "is a folder")])
def test_where_nothing_can_be_written_is_said_before_the_training(file: str, said: str, tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.matching.train.train", lambda *_, **__: pytest.fail("trained"))
    found = CliRunner().invoke(app, ["train", str(tmp_path / file), "--learn", "seeds:20"])
    assert (found.exit_code, type(found.exception)) == (1, SystemExit)
    assert said in found.stderr


@pytest.mark.slow
def test_a_release_is_trained_by_command_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    found = CliRunner().invoke(app, ["train", str(file), "--learn", "seeds:600", "--link", "--automatic", "0.9999", "--output", "json"])
    assert found.exit_code == 0, found.output
    model = load(file)
    assert (model.name, model.trained_on, model.thresholds.link) == ("model", "seeds:600", True)
    assert model.thresholds.automatic == pytest.approx(log2(0.9999 / 0.0001))
    assert model.digest in found.stdout
    assert all(frequency * model.source_patients >= 2.99 * 0.9 for each in model.comparisons for frequency in each.frequencies.values())
