"""Exports of the corpora to be changed: GP Connect's of June and the same a month later, the examples of UK Core as of two days."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mainstem.cli.churn_report import Report, Side, compare, side
from mainstem.terminology import builtin
from producers.fhir.content import resources as parsed

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
Resource = dict[str, Any]
Bundle = dict[str, Any]


def june() -> list[Bundle]:
    """GP Connect's Bundles, one a patient."""
    folder = CORPORA / "gp-connect-stu3" / "june"
    if not folder.is_dir():
        pytest.skip("no corpora here")
    return [json.loads(gzip.decompress(path.read_bytes())) for path in sorted(folder.iterdir())]


def uk_core() -> Bundle:
    """All examples, those in Bundles too; each about somebody."""
    folder = CORPORA / "uk-core-r4"
    if not folder.is_dir():
        pytest.skip("no corpora here")
    tops = [top for path in sorted(folder.glob("*.xml")) for top in parsed(path.read_bytes()) if isinstance(top, dict)]
    found = [each for top in tops for each in (resources(top) if top["resourceType"] == "Bundle" else [top])]
    for each in found:
        if not {"patient", "participant"} & each.keys() and "reference" not in each.get("subject", {}):
            each["subject"] = {"reference": "Patient/UKCore-Patient-RichardSmith-Example"}
    return {"resourceType": "Bundle", "timestamp": "2021-06-02T10:00:00Z", "entry": [{"resource": each} for each in found]}


def resources(bundle: Bundle) -> Iterator[Resource]:
    entries = bundle["entry"]
    return (each["resource"] for each in (entries if isinstance(entries, list) else [entries]) if "resource" in each)


def later(bundle: Bundle) -> Bundle:
    """A copy, exported a month later."""
    return json.loads(json.dumps(bundle).replace('"2021-06-02T', '"2021-07-02T'))


def told(folder: Path, *bundles: Bundle) -> Side:
    folder.mkdir(exist_ok=True)
    for number, bundle in enumerate(bundles):
        (folder / f"{number}.json").write_text(json.dumps(bundle))
    return side([folder], None if len(bundles) > 1 else "RXA/fhir")


def compared(before: Side, after: Side) -> Report:
    return compare(before, after, b"test", builtin())
