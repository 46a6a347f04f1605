"""Decisions as operators make them: the claim recorded, what it changes, and that a slow clock makes none of them older."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from mainstem.adjudication.decisions import changes, decision
from mainstem.adjudication.errors import NotDecidableError
from mainstem.cli import identity
from mainstem.model import Claim
from processors.identity.linker import assign
from tests.processors.identity.test_persons import N1, number
from tests.strategies import KEY

A, B = "A/x|1", "B/x|2"
PAIR: list[Claim] = [number(A, N1), number(B, N1)]
SAID = {"who": "an operator", "why": "twins"}


def test_a_decision_is_a_claim_of_the_lesser_with_who_when_and_why() -> None:
    made = decision(PAIR, B, A, apart=True, when="2026-01-01T10:00:00.000000Z", **SAID)
    assert (made.subject, made.type, made.ref, made.raw.topic) == (A, "unlinked", f"{A} ~ {B}", "identity.claims.v1")
    assert orjson.loads(made.body) == {"other": B, "when": "2026-01-01T10:00:00.000000Z", **SAID}
    assert {each.subject for each in changes(PAIR, made, KEY)} == {A, B}


def test_a_later_decision_counts_whatever_the_clock_says_and_undo_restores() -> None:
    claims = [*PAIR, decision(PAIR, A, B, apart=True, when="2026-01-02", **SAID)]
    claims.append(decision(claims, A, B, apart=False, when="2026-01-01", **SAID))
    assert assign(claims, KEY)[A].person == assign(claims, KEY)[B].person
    claims.append(decision(claims, A, B, apart=False, undo=True, when="2026-01-01", **SAID))
    assert assign(claims, KEY) == assign(PAIR, KEY)


@pytest.mark.parametrize(("other", "also", "message"), [
    (A, {}, "two different"), ("C/x|9", {}, "no claim is known of C/x"), (B, {"why": " "}, "--why"), (B, {"undo": True}, "no decision")])
def test_what_cannot_be_decided_is_refused(other: str, also: dict, message: str) -> None:
    with pytest.raises(NotDecidableError, match=message):
        decision(PAIR, A, other, apart=False, when="2026-01-01", **SAID | also)


@pytest.mark.parametrize("arguments", [
    ["show", A], ["review"], ["why", A], ["link", A, B, "--why", "x"], ["decide", "1", "--same", "--why", "x"]])
def test_without_a_running_stack_it_says_what_to_do(arguments: list[str], tmp_path) -> None:
    result = CliRunner().invoke(identity.app, [*arguments, "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert "mainstem" in result.output
