"""XML gives what JSON gives; hostile XML gives nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from producers.fhir import content, xml
from tests.producers.fhir.conftest import read_bytes


def as_xml(resource: dict[str, Any]) -> str:
    """A resource by the rules of FHIR, "XML representation", written apart from the reader."""

    def element(name: str, value: Any) -> str:
        if isinstance(value, list):
            return "".join(element(name, each) for each in value)
        if isinstance(value, dict):
            if "resourceType" in value:
                return f"<{name}>{resource_(value)}</{name}>"
            attribute = f" url={quoteattr(value['url'])}" if "url" in value and name == "extension" else ""
            return (
                f"<{name}{attribute}>" + "".join(element(k, v) for k, v in value.items() if not (attribute and k == "url")) + f"</{name}>"
            )
        if name == "div":
            return value
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name} value={quoteattr(escape(shown, {chr(10): '&#10;', chr(13): '&#13;'})).replace('&amp;', '&')}/>"

    def resource_(value: dict[str, Any], namespace: str = "") -> str:
        kind = value["resourceType"]
        return f"<{kind}{namespace}>" + "".join(element(k, v) for k, v in value.items() if k != "resourceType") + f"</{kind}>"

    return resource_(resource, ' xmlns="http://hl7.org/fhir"')


def said(data: bytes) -> list[tuple[Any, ...]]:
    return [
        (
            each.item,
            each.result,
            each.reason,
            each.detail,
            [(a.record, a.part, a.position, a.status, a.content) for a in each.assertions],
            [claim.body for claim in each.claims],
        )
        for each in read_bytes(data, None)
    ]


@pytest.mark.corpus
def test_xml_and_json_of_whole_records_say_the_same(gp_connect: dict[str, list[Path]]):
    for path in gp_connect["june"]:
        data = gzip.decompress(path.read_bytes())
        assert said(as_xml(json.loads(data, parse_float=str)).encode()) == said(data)


@pytest.mark.corpus
def test_uk_core_as_json_with_and_without_lists_says_the_same(uk_core: list[Path]):
    """The reader's tree of the XML, written as JSON: single values as they are, and every one as a list."""

    def listed(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: v if k in ("resourceType", "resource", "contained") else _list(listed(v)) for k, v in value.items()}
        return [listed(each) for each in value] if isinstance(value, list) else value

    for path in uk_core:
        tree = xml.read(path.read_bytes())
        if tree["resourceType"] == "Bundle":
            continue
        assert said(json.dumps(tree).encode()) == said(json.dumps(listed(tree)).encode()) == said(path.read_bytes())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_contained_resources_narrative_and_extensions_of_primitives():
    tree = xml.read(b"""<Patient xmlns="http://hl7.org/fhir"><!-- c --><?pi?><id value="1"/><text><div xmlns="http://www.w3.org/1999/xhtml">
        <p>x</p></div></text><contained><Organization><id value="o"/></Organization></contained><contained><Group/></contained>
        <birthDate value="2021-02-11"><extension url="u"><valueDateTime value="2021"/></extension></birthDate>
        <gender><extension url="absent"/></gender></Patient>""")
    assert tree["contained"] == [{"resourceType": "Organization", "id": "o"}, {"resourceType": "Group"}]
    assert (tree["birthDate"], tree["_birthDate"]["extension"]["url"]) == ("2021-02-11", "u")
    assert "<p>x</p>" in tree["text"]["div"]


META = '<meta><lastUpdated value="2022-01-01T00:00:00Z"/></meta>'


def test_a_primitive_that_only_says_why_it_is_absent():
    absent = '<extension url="http://hl7.org/fhir/StructureDefinition/data-absent-reason"><valueCode value="masked"/></extension>'
    found = read_bytes(f'<Patient xmlns="http://hl7.org/fhir"><id value="1"/>{META}<birthDate>{absent}</birthDate></Patient>'.encode())
    assert found[0].assertions[0].content == b"{}"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (
            b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            b'<Patient xmlns="http://hl7.org/fhir"><id value="1"/><name><family value="&x;"/></name></Patient>',
            "",
        ),
        (b'<!DOCTYPE p [<!ENTITY x "aaaa">]><Patient xmlns="http://hl7.org/fhir"><id value="&x;"/></Patient>', "document type"),
        (b"<Patient xmlns='http://hl7.org/fhir'><id value='1'>", "not well-formed or is cut short (line 1)"),
        (b"<Patient><id value='1'/></Patient>", "FHIR namespace"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "FHIR namespace"),
        (b"<a>" * 5000, "not well-formed"),
    ],
)
def test_hostile_or_broken_xml_is_one_unreadable_item(document: bytes, why: str):
    found = read_bytes(document)
    assert [each.reason for each in found] == ["unreadable"]
    assert why in found[0].detail


def test_a_billion_laughs():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    found = read_bytes(f'<!DOCTYPE p [{entities}]><Patient xmlns="http://hl7.org/fhir"><id value="&l11;"/></Patient>'.encode())
    assert [each.reason for each in found] == ["unreadable"]


def test_limits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(content, "LIMIT", 1000)
    for data in (b" " * 2000, gzip.compress(b" " * 1_000_000)):
        assert [each.reason for each in read_bytes(data)] == ["unreadable"]
        assert "split it" in read_bytes(data)[0].detail
