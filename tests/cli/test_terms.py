"""`mainstem terms`, as an operator uses it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy.stack import Endpoints
from mainstem.cli.terms import app
from mainstem.model import Release
from mainstem.terminology import builtin
from processors.apps import releases
from tests.terminology.conftest import rf2  # noqa: F401 (a fixture)


def run(*args, code=0):
    result = CliRunner().invoke(app, [str(arg) for arg in args], env={"COLUMNS": "200"})
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


def test_what_is_sensitive_is_told_and_that_an_elder_release_does_not_tell_it(rf2, tmp_path):  # noqa: F811
    assert json.loads(run("show", "76272004", "--home", tmp_path, "--output", "json"))["sensitive"] is True
    assert json.loads(run("show", "195967001", "--home", tmp_path, "--output", "json"))["sensitive"] is False
    run("load", "--release", "uk-1", "--snomed", rf2, "--no-builtin", "--home", tmp_path)
    [path] = (tmp_path / "terms").glob("uk-1@*")
    counted = [row["sensitive"] for row in json.loads(run("list", "--home", tmp_path, "--output", "json"))]
    assert counted[0] > 10
    assert counted[1] == 4
    path.write_bytes(path.read_bytes().replace(b'"sensitive"', b'"evitisnes"', 1))
    assert "load it again" in " ".join(run("list", "--home", tmp_path).split())


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


def test_activating_tells_what_follows_what_and_writes_nothing_without_yes(tmp_path, monkeypatch):
    done = []

    def activate(_kafka, _codec, terms, actor, reason):
        head = terms.store.head
        done.append(Release(activation="a", what=releases.TERMINOLOGY, name=head.name, digest=head.digest, actor=actor, reason=reason))
        return done[-1]

    monkeypatch.setattr("deploy.stack.endpoints", lambda _: Endpoints({"kafka": "127.0.0.1:9", "registry": "http://127.0.0.1:9"}))
    monkeypatch.setattr(releases, "read", lambda *_: [releases.Activation(1, 1, each) for each in done])
    monkeypatch.setattr(releases, "activate", activate)
    given = ("activate", "builtin", "--why", "monthly", "--home", tmp_path)
    assert json.loads(run(*given, "--output", "json")) == {"dry_run": True, "now": None, "then": builtin().release}
    assert f"none in force -> {builtin().release}" in run(*given) and "--yes" in run(*given)
    assert not done and not (tmp_path / "terms").exists()
    written = json.loads(run(*given, "--reason", "again", "--actor", "op", "--yes", "--output", "json"))
    assert (written["dry_run"], written["name"], written["actor"], written["reason"]) == (False, "builtin", "op", "again")
    assert len(done) == 1 and (tmp_path / "terms").is_dir()
    assert json.loads(run(*given, "--output", "json"))["now"] == builtin().release


def test_one_that_is_damaged_is_named_beside_those_that_are_whole(rf2, tmp_path):  # noqa: F811
    run("load", "--release", "uk-1", "--snomed", rf2, "--home", tmp_path)
    [path] = (tmp_path / "terms").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    for output in ("json", "table"):
        told = run("list", "--home", tmp_path, "--output", output, code=1)
        assert builtin().release in told and f"{path.name}: is damaged" in told
    assert "damaged" in run("show", "292967008", "--release", "uk-1", "--home", tmp_path, code=1)
