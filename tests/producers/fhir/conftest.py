"""Reading resources and the corpora in tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainstem.model import RawRef
from producers.fhir.format import items
from producers.fhir.reader import Origin, Read

CORPORA = Path(__file__).resolve().parents[3].parent / "shared" / "corpora"
GPC = "https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-{}-1"
Reader = Callable[..., list[Read]]


STATED = "2022-01-01T00:00:00Z"


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "timestamp": STATED, "entry": [{"resource": each} for each in resources], **more}


def dated(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource that says which version it is, or a Bundle that says when it was made."""
    if resource.get("resourceType") == "Bundle":
        return {"timestamp": STATED} | resource
    return resource | {"meta": {"lastUpdated": STATED} | resource.get("meta", {})}


def read_bytes(data: bytes, source: str | None = "RXA/fhir") -> list[Read]:
    return items(data, Origin(RawRef("file:0", 0, 0), source))


def read(*resources: dict[str, Any], source: str | None = "RXA/fhir") -> list[Read]:
    """One resource by itself, or several in a Bundle, as of `STATED` where they do not say another time."""
    whole = dated(resources[0]) if len(resources) == 1 else bundle(*resources)
    return read_bytes(json.dumps(whole).encode(), source)


def content(*resources: dict[str, Any], source: str | None = "RXA/fhir") -> dict[str, Any]:
    """Content of the first assertion."""
    return json.loads(first(*resources, source=source).assertions[0].content)


def first(*resources: dict[str, Any], source: str | None = "RXA/fhir") -> Read:
    """The first item that is not a Bundle."""
    return next(each for each in read(*resources, source=source) if each.type != "Bundle")


@pytest.fixture(scope="session")
def uk_core() -> list[Path]:
    return _files("uk-core-r4/*.xml")


@pytest.fixture(scope="session")
def gp_connect() -> dict[str, list[Path]]:
    """January's and June's exports, in the same order of patients."""
    return {month: _files(f"gp-connect-stu3/{month}/*.json.gz") for month in ("january", "june")}


def _files(pattern: str) -> list[Path]:
    found = sorted(CORPORA.glob(pattern))
    if not found:
        pytest.skip(f"no corpora at {CORPORA}")
    return found
