"""What can be wrong with a FHIR file or a resource in it. Messages name places, never values: values are patient content."""

from __future__ import annotations

from producers.fhir.reasons import Reason


class UnreadableError(ValueError):
    """The file as a whole cannot be read: neither JSON nor XML, cut short, too large. Nothing in it can be taken in."""

    def __init__(self, why: str, todo: str) -> None:
        super().__init__(f"{why}; {todo}")
        self.why = why
        self.todo = todo


class FieldError(ValueError):
    """An element of a resource is not of the type FHIR gives it. Only its resource is affected."""

    def __init__(self, element: str, expected: str) -> None:
        super().__init__(f"element `{element}` is not {expected}; correct it at the source and send the resource again")
        self.element = element
        self.expected = expected


class RefusedError(ValueError):
    """A resource is well-formed and still cannot be taken in: it has no patient, no id, an unresolvable medicine."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.todo)
        self.reason = reason


class PassedOverError(Exception):
    """A mapper says that a resource is to be ignored, for a documented reason (docs/fhir.md)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.todo)
        self.reason = reason


class PathError(OSError):
    """A path the operator gave cannot be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}; name FHIR files (JSON or XML, gzipped or not) or folders of them")
        self.path = path
        self.why = why


class TooLargeError(ValueError):
    """A file does not fit into one message of the raw topic."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"a file of {size} bytes does not fit into a message of {limit}; gzip it, or split it by patient")
        self.size = size
        self.limit = limit


class SourceNameError(ValueError):
    """What was given as a source is none."""

    def __init__(self, given: str) -> None:
        super().__init__(f"`{given}` is not a source; give the ODS code and the system, as in RXA/epr")
        self.given = given
