"""What every command has from `main`."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mainstem.cli import main


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_a_place_that_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    said = told(["stack", "up", "--only", "redis", "--home", str(tmp_path / "file")], capsys)
    assert said.startswith(f"mainstem: {tmp_path / 'file'}")
    assert "Not a directory; mend that, or name another place (--home" in said
    assert said.count("\n") == 1


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("deploy.stack.up", full)
    said = told(["stack", "up"], capsys)
    assert said.startswith("mainstem: No space left on device")
    assert said.count("\n") == 1


def test_what_is_no_fault_of_a_place_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("a fault of ours")

    monkeypatch.setattr("deploy.stack.up", broken)
    with pytest.raises(OSError, match="a fault of ours"):
        main(["stack", "up"])


def test_a_proof_that_a_disk_prevents_is_none_that_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/run/query.json")

    monkeypatch.setattr("mainstem.cli.verify._report", refused)
    with pytest.raises(SystemExit) as ended:
        main(["verify"])
    assert ended.value.code == 2
    assert "verify could not be made" in capsys.readouterr().err


def test_help_says_where_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "Begin with `mainstem run`" in capsys.readouterr().out


def test_an_address_that_cannot_be_read_is_not_told_as_a_store_that_is_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run" / "query.json").mkdir(parents=True)
    assert "query.json: Is a directory" in told(["query", "SELECT 1", "--home", str(tmp_path)], capsys)


@pytest.mark.parametrize(("arguments", "said"), [
    (["search", "penicillin", "--kind", "allergies"], "there is no kind 'allergies'"),
    (["seeds", "score", "--persons", "1", "--kind", "nope"], "there is no kind 'nope'"),
    (["freshness", "--for", "-5"], "should be greater than"),
    (["verify", "--wait", "-1"], "should be greater than"),
    (["run", "--rate", "-5"], "should be greater than"),
])
def test_what_nothing_can_be_found_for_is_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("variable", "arguments"), [("MAINSTEM_WEB_PORT", ["run"]), ("MAINSTEM_KAFKA_PORT", ["stack", "status"])])
def test_a_setting_that_is_none_is_named_and_not_quoted(variable: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(variable, "canary")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith(f"mainstem: {variable} in the environment: Input should be a valid integer")
    assert "canary" not in said


@pytest.mark.parametrize("raised", [KeyError("uid not found"), OSError("no username")])
def test_an_account_without_a_name_is_asked_for_one(raised: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    def nobody() -> str:
        raise raised

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(SystemExit) as ended:
        main(["record", "9990000018", "--home", str(tmp_path)])
    assert ended.value.code == 2
    assert "this account has no name" in capsys.readouterr().err
