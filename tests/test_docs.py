"""What the pages name is there: files and headings they lead to, commands with their options, targets of make, exit codes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from mainstem.cli import app
from processors.apps import worker
from producers import errors, watchdog

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "seeds" / "README.md", *(ROOT / "docs").rglob("*.md")])
FOLDERS = tuple(f"{each}/" for each in ("deploy", "docs", "mainstem", "processors", "producers", "schemas", "seeds", "sinks", "tests"))
of_every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(page: Path) -> list[str]:
    """Lines of code, in blocks and between backticks, without their comments."""
    text = page.read_text()
    blocks = [line.split("  #")[0] for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()]
    return [line.strip() for line in (*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)))]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@of_every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text()):
        if not target.startswith("http"):
            where = (page.parent / target).resolve() if target else page
            assert where.exists(), f"{target} is not there"
            assert not anchor or anchor in anchors(where), f"{target}#{anchor} is not there"


@of_every_page
def test_files_that_are_named_are_there(page: Path) -> None:
    for line in code(page):
        for name in re.findall(r"[\w.\-/]+", line):
            if name.startswith(FOLDERS) and "..." not in name:
                assert (ROOT / name).exists() or (ROOT / f"{name}.py").exists(), f"{name} is not there"
            elif re.fullmatch(r"test_\w+\.py", name):
                assert any((ROOT / "tests").rglob(name)), f"{name} is not there"


@of_every_page
def test_commands_have_the_options_that_are_named(page: Path) -> None:
    for line in code(page):
        command = re.fullmatch(r"(?:\.venv/bin/)?mainstem( [a-z].*)", line)
        if command:
            words = shlex.split(re.sub(r"[\[\]…]", "", command[1]))
            found = get_command(app)
            while hasattr(found, "get_command") and words:
                name = words.pop(0).partition("|")[0]
                found = found.get_command(typer.Context(found), name)
                assert found is not None, f"`{line}`: there is no {name}"
            options = {option for each in found.params for option in (*each.opts, *each.secondary_opts)}
            assert {word for word in words if word.startswith("-")} <= options, f"`{line}`"


@of_every_page
def test_targets_of_make_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {found[1] for line in code(page) if (found := re.match(r"(?:[A-Z_]+=\S+ )*make ([a-z-]+)", line))}
    assert named <= targets


def test_every_exit_code_of_ours_is_explained() -> None:
    table = re.findall(r"^\| (?:(worker|capture) )?\| ([\d, ]+) \|", (ROOT / "docs" / "operations.md").read_text(), re.M)
    told: dict[str, set[int]] = {}
    process = ""
    for named, codes in table:
        process = named or process
        told.setdefault(process, set()).update(map(int, codes.split(", ")))
    assert told["worker"] == {value for name, value in vars(worker).items() if name.startswith("EXIT_")}
    assert told["capture"] == {2, errors.FencedError.exit_code, errors.QuarantineFailedError.exit_code, watchdog.EXIT_CODE}
