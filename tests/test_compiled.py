"""The core compiled: it comes to what it comes to as it is read, and a build of other sources is left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem import compiled
from mainstem.cli import app

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def build() -> Path:
    try:
        return compiled.build(print)
    except compiled.CompileError as fault:
        if "apt-get" in str(fault):
            pytest.skip(str(fault))
        raise


@pytest.mark.timeout(1500)
def test_it_comes_to_the_same(build: Path) -> None:
    """On all profiles of the seeds, folded and streamed, and on contents that are none."""
    read, made = (_run("tests.processors.reconcile.told", wish).splitlines() for wish in ("no", "yes"))
    assert (read[0], made[0]) == ("compiled False", "compiled True")
    assert len(read) > 10_000
    for one, other in zip_longest(read[1:], made[1:]):
        assert one == other


@pytest.mark.timeout(1500)
def test_the_hot_path_is_in_the_build(build: Path) -> None:
    names = {str(file.relative_to(build)).partition(".")[0] for file in build.rglob("*.so")}
    assert {"processors/reconcile/derive", "processors/reconcile/resolve", "processors/reconcile/fold", "processors/reconcile/records",
            "mainstem/kinds/courses", "mainstem/terminology/lookup", "mainstem/canonical"} <= names
    assert not {"mainstem/kinds/allergy", "mainstem/kinds/base", "processors/reconcile/layout"} & names


def test_a_build_is_of_its_sources_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in compiled.ROOMS:
        (tmp_path / room).mkdir()
    source = tmp_path / "processors" / "keys.py"
    source.write_text("END = 1\n")
    monkeypatch.setattr(compiled, "ROOT", tmp_path)
    home = tmp_path / "compiled"
    assert compiled.built(home) is None
    found = home / compiled._digest()
    found.mkdir(parents=True)
    assert compiled.built(home) == found
    source.write_text("END = 2\n")
    assert compiled.built(home) is None
    source.write_text("END = 1\n")
    assert compiled.built(home) == found
    source.rename(source.with_name("other.py"))
    assert compiled.built(home) is None


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(compiled, "HOME", tmp_path)
    monkeypatch.setattr(compiled, "built", lambda *home: None)
    done = CliRunner().invoke(app, ["compile"])
    assert done.exit_code == 1
    assert "apt-get install gcc" in done.output
    assert not list(tmp_path.iterdir())


def test_dry_run_lists_what_would_be_compiled() -> None:
    done = CliRunner().invoke(app, ["compile", "--dry-run"])
    assert done.exit_code == 0
    assert "processors/reconcile/derive.py" in done.output


def _run(module: str, wish: str) -> str:
    return subprocess.run([sys.executable, "-m", module], cwd=ROOT, check=True, capture_output=True, text=True,
                          env={**os.environ, "MAINSTEM_COMPILED": wish}).stdout
