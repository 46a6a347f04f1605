"""FHIR XML to the shape of FHIR JSON (FHIR R4, "JSON representation of resources").

An element that occurs once becomes a value, one that occurs several times a list: `elements` reads both. Entities are not
expanded, nothing is fetched, and a document type is refused, so that a file cannot make the reader read anything else.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from producers.fhir.errors import UnreadableError

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"


def read(data: bytes) -> dict[str, Any]:
    """The resource of an XML document. Raises UnreadableError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                             remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        line = getattr(fault, "lineno", None)
        where = f" (line {line})" if line else ""
        raise UnreadableError(f"the XML is not well-formed or is cut short{where}", "export or copy the file again") from None
    if root.getroottree().docinfo.doctype:
        raise UnreadableError("the XML has a document type declaration, which FHIR forbids", "remove it")
    name = etree.QName(root)
    if name.namespace != FHIR:
        raise UnreadableError("the XML is not in the FHIR namespace", f"send resources with xmlns=\"{FHIR}\"")
    try:
        return _resource(root)
    except RecursionError:
        raise UnreadableError("the XML is nested deeper than any FHIR resource", "export the file again") from None


def _resource(element: Any) -> dict[str, Any]:
    return {"resourceType": etree.QName(element).localname, **_complex(element)}


def _complex(element: Any) -> dict[str, Any]:
    out: dict[str, Any] = {key: value for key, value in element.attrib.items() if key != "value"}
    for sub in element:
        if not isinstance(sub.tag, str):
            continue                                       # an entity reference left unexpanded
        name = etree.QName(sub)
        if name.namespace == XHTML:
            value: Any = etree.tostring(sub, encoding="unicode", with_tail=False)
        elif name.localname[:1].isupper():                 # contained, Bundle.entry.resource, Parameters.parameter.resource
            return _resource(sub)
        else:
            value = _element(sub)
        _add(out, name.localname, value)
        if "value" in sub.attrib and (len(sub) or "id" in sub.attrib):
            _add(out, f"_{name.localname}", _complex(sub))
    return out


def _element(element: Any) -> Any:
    """A primitive's value, or a complex element's tree. A primitive with extensions and no value has only its `_name`."""
    value = element.get("value")
    return value if value is not None else _complex(element)


def _add(out: dict[str, Any], name: str, value: Any) -> None:
    if name not in out:
        out[name] = value
    elif isinstance(out[name], list):
        out[name].append(value)
    else:
        out[name] = [out[name], value]
