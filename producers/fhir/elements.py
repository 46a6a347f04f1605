"""Access to the elements of a resource, whichever way it was written.

FHIR JSON writes a repeating element as a list; XML does not say which elements repeat. So every element is read as "one or
many", and JSON and XML of the same resource give the same content. Numbers are kept as the text the source wrote (FHIR R4,
"decimal": precision is significant). A value of the wrong type raises FieldError naming the element.
"""

from __future__ import annotations

import re
from typing import Any

from producers.fhir.errors import FieldError
from producers.fhir.instants import utc

Resource = dict[str, Any]

_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")


def many(element: Resource, name: str) -> list[Any]:
    """All values of an element, in order; nulls (FHIR JSON pads lists with them) left out."""
    value = element.get(name)
    if value is None:
        return []
    if isinstance(value, list):
        return [each for each in value if each is not None]
    return [value]


def children(element: Resource, name: str) -> list[Resource]:
    """All values of a complex element."""
    values = many(element, name)
    for value in values:
        if not isinstance(value, dict):
            raise FieldError(name, "a complex element")
    return values


def child(element: Resource, name: str) -> Resource | None:
    """The first value of a complex element."""
    values = children(element, name)
    return values[0] if values else None


def texts(element: Resource, name: str) -> list[str]:
    """All values of a primitive element, as text; empty ones left out.

    XML may give a primitive without a value, with only extensions that say why it is absent: no value either.
    """
    given = (value for value in many(element, name) if not (isinstance(value, dict) and value.keys() <= {"extension", "id"}))
    return [text for text in (plain(value, name) for value in given) if text]


def text(element: Resource, name: str) -> str | None:
    """The first value of a primitive element, as text."""
    values = texts(element, name)
    return values[0] if values else None


def date(element: Resource, name: str) -> str | None:
    """A date, dateTime or instant, as precise as given."""
    value = text(element, name)
    if value is not None and utc(value) is None:
        raise FieldError(name, "a date (2019, 2019-03, 2019-03-02 or 2019-03-02T10:15:00Z)")
    return value


def instant(element: Resource, name: str) -> str | None:
    """A date, dateTime or instant as a moment in UTC, at fixed width."""
    value = date(element, name)
    return utc(value) if value is not None else None


def boolean(element: Resource, name: str) -> bool | None:
    value = text(element, name)
    if value is None:
        return None
    if value not in ("true", "false"):
        raise FieldError(name, "true or false")
    return value == "true"


def decimal(element: Resource, name: str) -> str | None:
    """A decimal, in the digits that the source wrote."""
    value = text(element, name)
    if value is not None and not _DECIMAL.fullmatch(value):
        raise FieldError(name, "a number")
    return value


def integer(element: Resource, name: str) -> int | None:
    value = text(element, name)
    if value is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise FieldError(name, "a whole number")
    return int(value)


def choice(element: Resource, *names: str) -> str | None:
    """The first date among several elements: `occurrenceDateTime`, `date`."""
    for name in names:
        value = date(element, name)
        if value:
            return value
    return None


def extension(element: Resource, name: str) -> Resource | None:
    """The first extension whose url ends with `name`, with or without a version suffix (`-1`), in any publisher's namespace."""
    return next(iter(extensions(element, name)), None)


def extensions(element: Resource, name: str) -> list[Resource]:
    """All of them."""
    return [each for each in children(element, "extension")
            if re.sub(r"-[0-9]+$", "", text(each, "url") or "").rsplit("/", 1)[-1].endswith(name)]


def plain(value: Any, name: str) -> str:
    """A primitive value as text, without the space around it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise FieldError(name, "a single value")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:                         # half of a surrogate pair, which JSON can spell
            raise FieldError(name, "valid Unicode") from None
    return value.strip()
