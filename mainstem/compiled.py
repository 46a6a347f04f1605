"""The core as machine code, where it was compiled (`make compile`): the same sources by mypyc, and what they come to is the same.

A process imports a build of exactly the sources that it has before it, else those sources; with MAINSTEM_COMPILED=no always the latter.
Nothing else knows which it was.
Why: docs/decisions/the-core-can-be-compiled.md.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".mainstem" / "compiled"
"""A folder for each build, named by the digest of its sources."""
ROOMS = ("mainstem", "processors", "schemas")
"""What the core is made of and what it imports."""
CORE = ("mainstem/kinds/*.py", "mainstem/terminology/lookup.py", "mainstem/terminology/codes.py", "mainstem/versions.py",
        "mainstem/canonical.py", "processors/reconcile/*.py", "processors/keys.py", "processors/lane/overlay.py")
_KEPT = 3
"""Builds, the newest, that a new one leaves."""
_PLAIN = {"frozen", "gc"}
"""Keywords of a struct that only say how it is kept; of others mypyc loses what they say."""
_BUILD = """
import sys
from setuptools import setup
from mypyc.build import mypycify
files = sys.argv.pop().split(",")
setup(name="core", packages=[], ext_modules=mypycify(files, opt_level="3", debug_level="0", multi_file=True))
"""


class CompileError(Exception):
    """No build was made; the text says what is missing, or what the compiler said."""


class _Finder(MetaPathFinder):
    """Finds modules in a build."""

    def __init__(self, build: Path) -> None:
        self._files = {".".join((*file.relative_to(build).parent.parts, file.name.partition(".")[0])): file for file in build.rglob("*.so")}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        file = self._files.get(fullname)
        return None if file is None else spec_from_file_location(fullname, file)


def use() -> None:
    """Have the core imported from its build, where there is one. Before any module of it is imported: by `mainstem` itself."""
    if os.environ.get("MAINSTEM_COMPILED") != "no" and (found := built()) is not None:
        sys.meta_path.insert(0, _Finder(found))


def in_use() -> bool:
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


def built(home: Path = HOME) -> Path | None:
    """The build of the sources as they stand; None where there is none."""
    return found if home.is_dir() and (found := home / _digest()).is_dir() else None


def core() -> list[Path]:
    """The modules that are compiled, relative to the root. Not those with structs that are decoded, nor with kinds, which have them."""
    return [file.relative_to(ROOT) for pattern in CORE for file in sorted(ROOT.glob(pattern))
            if file.name != "__init__.py" and not _as_read(file.read_text(encoding="utf-8"))]


def build(say: Callable[[str], None], home: Path = HOME) -> Path:
    """Compile the core, if that was not done; where it is. A minute or two. Raises CompileError."""
    if (found := built(home)) is not None:
        say(f"compile: {found} is there")
        return found
    _ready()
    place = home / _digest()
    files = core()
    say(f"compile: {len(files)} modules, a minute or two")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".") as folder:
        sources = Path(folder, "sources")
        for room in ROOMS:
            shutil.copytree(ROOT / room, sources / room, ignore=shutil.ignore_patterns("__pycache__"))
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, "build_ext", "--inplace", f"-j{os.cpu_count() or 1}", ",".join(map(str, files))],
            cwd=sources, env={**os.environ, "MAINSTEM_COMPILED": "no"}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CompileError("\n".join((done.stdout + done.stderr).strip().splitlines()[-20:]))
        made = Path(folder, "made")
        for file in sources.glob("**/*.so"):
            if "build" not in file.relative_to(sources).parts:
                target = made / file.relative_to(sources)
                target.parent.mkdir(parents=True, exist_ok=True)
                file.rename(target)
        made.rename(place)
    for old in sorted(home.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    say(f"compile: {place}")
    return place


def _ready() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    missing = [package for package, there in (
        ("gcc", shutil.which("gcc") is not None),
        (f"python{version}-dev", Path(sysconfig.get_path("include"), "Python.h").is_file())) if not there]
    if missing:
        raise CompileError(f"a C compiler and Python's headers are needed: apt-get install {' '.join(missing)}")


def _as_read(source: str) -> bool:
    """Whether a module is left as it is: one with contents or kinds, or with structs whose keywords say more than how they are kept. What
    msgspec reads of a class mypyc does not keep."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return any({ast.unparse(base) for base in node.bases} & {"Content", "Kind"} or node.name == "Kind"
               or {keyword.arg for keyword in node.keywords} - _PLAIN for node in classes)


def _digest() -> str:
    """Of all that a build depends on: sources, and the Python that is to load it."""
    found = hashlib.sha256(f"{sys.version}\0{sysconfig.get_config_var('SOABI')}".encode())
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            found.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return found.hexdigest()[:32]

