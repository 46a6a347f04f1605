"""Reads mapping files. A mistake is refused with file, place, what was expected and the nearest valid name."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from producers.mapping import document
from producers.mapping.compile import mapping
from producers.mapping.errors import MappingError
from producers.mapping.rows import Mapping

BUILT_IN = Path(__file__).resolve().parent.parent / "mappings"


def load(path: Path) -> Mapping:
    """One file. Raises MappingError."""
    return parse(path.read_text(), path.name)


def load_all(directory: Path = BUILT_IN) -> dict[str, Mapping]:
    """Source -> mapping, of every `*.yaml` in the directory. Raises MappingError."""
    found: dict[str, Mapping] = {}
    origin: dict[str, str] = {}
    for path in sorted(directory.glob("*.yaml")):
        one = load(path)
        if one.source in found:
            raise MappingError(path.name, [("source", f"{origin[one.source]} already maps '{one.source}'; a source has one file")])
        found[one.source], origin[one.source] = one, path.name
    return found


def parse(text: str, file: str) -> Mapping:
    """`file`: its name, for messages. Raises MappingError."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that reads less
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise MappingError(file, [(where, f"not YAML: {fault.problem}")]) from None
    except yaml.YAMLError:
        raise MappingError(file, [("", "not YAML: characters that no YAML file may hold")]) from None
    try:
        given = document.Document.model_validate(data)
    except ValidationError as fault:
        raise MappingError(file, [(_place(each["loc"]), _said(each)) for each in fault.errors()]) from None
    return mapping(given, file)


class _Loader(yaml.SafeLoader):
    """YAML 1.2 booleans (`ON` and `no` are words of a trust, not truth values), no dates, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.constructor.ConstructorError(None, None, f"'{key}' stands twice in one mapping", node.value[place][0].start_mark)
        return super().construct_mapping(node, deep)


def _resolvers() -> dict[str, list[tuple[str, Any]]]:
    import re
    kept = {first: [(tag, expression) for tag, expression in resolvers if not tag.endswith((":bool", ":timestamp"))]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    for first in "tf":
        kept.setdefault(first, []).append(("tag:yaml.org,2002:bool", re.compile(r"true|false")))
    return kept


_Loader.yaml_implicit_resolvers = _resolvers()


def _place(location: tuple[int | str, ...]) -> str:
    made = ""
    for step in location:
        if isinstance(step, int):
            made += f"[{step}]"
        elif not step.startswith("<"):
            made += f".{step}" if made else step
    return made


def _said(error: Any) -> str:
    if error["type"] == "missing":
        return "this key is required and missing"
    message = str(error["msg"])
    return message[:1].lower() + message[1:]
