"""`mainstem record`: wrong numbers explained, and the record in the terminal with its gaps."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from mainstem.cli import record as command
from mainstem.cli import record_shown
from mainstem.web.page import page
from mainstem.web.record import Record
from tests.web import made
from tests.web.made import NOW, item, record, said, sources


def printed(one: Record, *, explain: bool = False, width: int = 160) -> str:
    given = sources(one)
    out = io.StringIO()
    record_shown.show(page(one, given, NOW), Console(file=out, width=width), explain=explain)
    return out.getvalue()


@pytest.mark.parametrize(("typed", "why"), [("9990000019", "check digit"), ("12345", "5 digits"), ("Ramsbottom", "other than digits")])
def test_wrong_number_is_explained_and_not_repeated(typed: str, why: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(command.app, [typed, "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert why in result.output and typed not in result.output


def test_without_servers_it_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(command.app, [made.NUMBER, "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert "mainstem" in result.output


def test_record_with_its_gaps() -> None:
    out = printed(record([item("allergy"), item("problem")]))
    for expected in ("Allergy to penicillin", "Type 2 diabetes mellitus", "No information from A82038/gp", record().digest):
        assert expected in out


def test_explain_reaches_the_raw_message_and_the_losing_value() -> None:
    one = item("problem", provenance=(said(fields=("onset",)), said("A82038/gp", lost={"onset": "2015"})),
               rules={"onset": "problem.earliest"})
    out = printed(record([one]), explain=True)
    assert "raw.rxa-epr.v1 partition 1 offset 4711" in out
    assert "Onset: “2014”, said by RXA/epr [1], by problem.earliest" in out
    assert "A82038/gp [2] says “2015”, recorded 2 March 2019 at 10:15 UTC, known here" in out


def test_terminal_obeys_nothing_in_a_record() -> None:
    hostile = "\x1b]0;owned\x07[bold]not markup[/bold]"
    out = printed(record([item("problem", {"code": {"text": hostile}})]))
    assert "\x1b]" not in out and "\x07" not in out
    assert "[bold]not markup[/bold]" in out
