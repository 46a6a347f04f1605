"""`mainstem terms`, as an operator uses it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from mainstem.cli.terms import app
from tests.terminology.conftest import rf2  # noqa: F401 (a fixture)


def run(*args, code=0):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result.output


def test_a_release_is_loaded_listed_and_asked(rf2, tmp_path):  # noqa: F811
    assert "uk-1@" in run("load", "--release", "uk-1", "--snomed", rf2, "--home", tmp_path)
    listed = json.loads(run("list", "--home", tmp_path, "--output", "json"))
    assert [row["name"] for row in listed] == ["builtin", "uk-1"]
    assert listed[1]["refused"] == 1
    assert "uk-1@" in run("list", "--home", tmp_path) and listed[1]["tells_held"] is True
    told = json.loads(run("show", "292967008", "--release", "uk-1", "--home", tmp_path, "--output", "json"))
    assert told["agent"] == {"code": "372687004", "term": "Amoxicillin (substance)"}
    assert told["current"]["code"] == "294505008"
    assert "764146007" in [parent["code"] for parent in told["agent_is_a"]]


def test_what_a_moiety_holds_is_told_and_that_an_elder_release_does_not_tell_it(rf2, tmp_path):  # noqa: F811
    told = json.loads(run("show", "89519005", "--home", tmp_path, "--output", "json"))
    assert [one["term"] for one in told["agents"]] == ["Amoxicillin", "Clavulanic acid", "Co-amoxiclav"]
    run("load", "--release", "uk-1", "--snomed", rf2, "--home", tmp_path)
    [path] = (tmp_path / "terms").glob("uk-1@*")
    path.write_bytes(path.read_bytes().replace(b'"held"', b'"dleh"', 1))
    assert "load it again" in " ".join(run("list", "--home", tmp_path).split())
    assert [row["tells_held"] for row in json.loads(run("list", "--home", tmp_path, "--output", "json"))] == [True, False]


def test_what_cannot_be_told_is_said(tmp_path):
    assert "none is known" in " ".join(run("show", "716186003", "--home", tmp_path).split())
    told = json.loads(run("show", "1012851000006104", "--home", tmp_path, "--output", "json", code=1))
    assert (told["well_formed"], told["level"]) == (True, None)
    assert "not in this release" in told["agent"]["cannot_tell"]


@pytest.mark.parametrize("args", [("load", "--release", "uk-1"), ("show", "1", "--output", "xml"), ("list", "--output", "xml")])
def test_wrong_use_says_what_to_do(args, tmp_path):
    run(*args, "--home", tmp_path, code=2)


def test_what_is_no_release_is_a_message_and_no_traceback(tmp_path):
    assert "unpacked" in run("load", "--release", "uk-1", "--dmd", tmp_path, "--home", tmp_path, code=1)
    assert "at hand are builtin@" in run("show", "91936005", "--release", "uk-9", "--home", tmp_path, code=1)
