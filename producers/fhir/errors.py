"""What can be wrong with a FHIR file or a resource in it. Messages name places, never values: values are patient content."""

from __future__ import annotations


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

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class PassedOverError(Exception):
    """A mapper says that a resource is to be ignored, for a documented reason (docs/fhir.md)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
