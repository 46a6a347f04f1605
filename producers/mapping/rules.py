"""The rules of a mapping file as pydantic reads them: conditions, and what gives a field its value (docs/mappings.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag, model_validator
from pydantic_core import PydanticCustomError

from producers.mapping.errors import nearest

Scalar = str | int | bool


class Part(BaseModel):
    """Base of all: unknown keys are refused with the nearest valid one."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            valid = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in valid:
                    raise PydanticCustomError("unknown_key", "unknown key '{key}'{hint}", {"key": key, "hint": nearest(str(key), valid)})
        return data


class Condition(Part):
    """True of a row; exactly one test of one column, or a combination."""

    column: str | None = None
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    present: bool | None = None
    numeric: bool | None = None
    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    none: tuple[Condition, ...] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        tests = [name for name in ("equals", "one_of", "present", "numeric") if getattr(self, name) is not None]
        groups = [name for name in ("all", "any", "none") if getattr(self, name) is not None]
        if (self.column is not None and len(tests) == 1 and not groups) or (self.column is None and not tests and len(groups) == 1):
            return self
        raise PydanticCustomError("condition", "expected `column` with one of equals, one_of, present, numeric; or one of all, any, none")


class Constant(Part):
    constant: str | bool | int


class Column(Part):
    """A text from one column."""

    column: str
    map: str | None = None
    date: Literal["day", "instant", "local"] | tuple[str, ...] | None = None
    number: bool = False
    digits: bool = False
    when: Condition | None = None


class Flag(Part):
    """True or false from one column."""

    flag: str
    yes: tuple[Scalar, ...] = (True,)
    no: tuple[Scalar, ...] = (False,)


class SystemOf(Part):
    """A code system from a column's value."""

    column: str
    systems: str
    """Name under the file's `systems`."""


class CodedParts(Part):
    code: str | None = None
    """Column of the code."""
    constant: str | None = None
    """Or the code itself."""
    system: str | SystemOf | None = None
    display: str | None = None
    text: str | None = None
    user_selected: bool = False

    @model_validator(mode="after")
    def _complete(self) -> CodedParts:
        if self.code is None and self.constant is None and self.text is None:
            raise PydanticCustomError("coded", "expected `code` (a column), `constant`, or at least `text` (a column)")
        if self.code is not None and self.constant is not None:
            raise PydanticCustomError("coded", "expected either `code` or `constant`, not both")
        if (self.code is not None or self.constant is not None) and self.system is None:
            raise PydanticCustomError("coded", "a code needs its `system`: a URI, or a column and the systems its values name")
        return self


class Coded(Part):
    coded: CodedParts
    when: Condition | None = None


class QuantityParts(Part):
    value: str
    unit: str | Constant | None = None
    comparator: str | None = None
    otherwise_text: str | None = None
    """Field of this content that takes the value where it is no number. Without it the text stays in the quantity."""


class Quantity(Part):
    quantity: QuantityParts
    when: Condition | None = None


class Lines(Part):
    """Several texts: from several columns, or one column split."""

    lines: tuple[str, ...]
    split: str | None = None


class NameParts(Part):
    family: str | None = None
    given: str | None = None
    """Column; several names separated by spaces."""
    prefix: str | None = None
    full: str | None = None
    """Column holding `SURNAME, Given Names`."""
    use: str | None = None


class Names(Part):
    names: tuple[NameParts, ...]


class IdentifierParts(Part):
    system: str
    value: str


class Identifiers(Part):
    identifiers: tuple[IdentifierParts, ...]


class ReactionParts(Part):
    manifestation: CodedParts | None = None
    severity: Column | None = None


class Reactions(Part):
    reactions: ReactionParts


class ComponentParts(Part):
    code: CodedParts
    value: QuantityParts


class Components(Part):
    components: tuple[ComponentParts, ...]
    when: Condition | None = None


class Joined(Part):
    """Several columns as one text, leaving out what is empty."""

    join: tuple[str, ...]
    between: str = " "


class Moment(Part):
    """A date column and a time-of-day column as one local moment."""

    moment: str
    time: str
    date: Literal["day"] | tuple[str, ...]


class First(Part):
    """The first of these that says anything."""

    first: tuple[FieldRule, ...]


HEADS = ("column", "constant", "flag", "coded", "quantity", "lines", "names", "identifiers", "reactions", "components",
          "join", "moment", "first")


def _head(data: Any) -> str | None:
    if isinstance(data, BaseModel):
        return _tag(next(head for head in HEADS if head in type(data).model_fields))
    return next((_tag(head) for head in HEADS if isinstance(data, dict) and head in data), None)


def _tag(head: str) -> str:
    return f"<{head}>"


def _short(data: Any) -> Any:
    """`title: document_title` is short for `title: {column: document_title}`."""
    if isinstance(data, str):
        return {"column": data}
    if isinstance(data, dict) and _head(data) is None:
        key = next(iter(data), "")
        raise PydanticCustomError("no_head", "expected a column's name or a rule; '{key}' begins none{hint}",
                                  {"key": str(key), "hint": nearest(str(key), HEADS)})
    if not isinstance(data, dict | BaseModel):
        raise PydanticCustomError("no_rule", "expected a column's name or a rule ({heads})", {"heads": ", ".join(HEADS)})
    return data


FieldRule = Annotated[
    Annotated[Column, Tag("<column>")] | Annotated[Constant, Tag("<constant>")] | Annotated[Flag, Tag("<flag>")]
    | Annotated[Coded, Tag("<coded>")] | Annotated[Quantity, Tag("<quantity>")] | Annotated[Lines, Tag("<lines>")]
    | Annotated[Names, Tag("<names>")] | Annotated[Identifiers, Tag("<identifiers>")] | Annotated[Reactions, Tag("<reactions>")]
    | Annotated[Components, Tag("<components>")] | Annotated[Joined, Tag("<join>")] | Annotated[Moment, Tag("<moment>")]
    | Annotated[First, Tag("<first>")],
    Discriminator(_head), BeforeValidator(_short)]


First.model_rebuild()
