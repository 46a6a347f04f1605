"""`mainstem terms`: load terminology releases, list them, put one in force, and look codes up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mainstem.cli.options import Format, Home, Output, named
from mainstem.cli.printed import Table, as_json, terminal

if TYPE_CHECKING:
    from mainstem.terminology import Answer, Shelf, Terminology
    from schemas.codec import Codec

app = typer.Typer(add_completion=False, no_args_is_help=True,
                  help="Load terminology releases (dm+d, SNOMED CT), put one in force, and look codes up.")


@app.command()
def load(
    release: Annotated[str, typer.Option(help="Its name, uk-2026-11. Loading other content under a name makes a second release of it.")],
    dmd: Annotated[Path | None, typer.Option(help="Folder of an unpacked dm+d release (TRUD XML).", exists=True, file_okay=False)] = None,
    snomed: Annotated[Path | None, typer.Option(help="Folder of an unpacked SNOMED CT RF2 release; its snapshot files are read.",
                                                exists=True, file_okay=False)] = None,
    with_builtin: Annotated[bool, typer.Option("--builtin/--no-builtin", help="Keep what the shipped table says besides.")] = True,
    home: Home = None,
) -> None:
    """Read a release into the local store: a few minutes for the UK edition. It is not in force until a control record says so.

    Example: mainstem terms load --release uk-2026-11 --dmd nhsbsa_dmd_11/ --snomed SnomedCT_UKEdition/
    """
    import time

    from mainstem.shelf import ReleaseError, shown

    began = time.monotonic()

    def say(text: str) -> None:
        typer.echo(f"[{time.monotonic() - began:6.1f} s] {text}", err=True)

    if dmd is None and snomed is None:
        raise typer.BadParameter("name a folder with --dmd or --snomed or both")
    try:
        head = _shelf(home).load(release, dmd, snomed, with_builtin=with_builtin, say=say)
    except ReleaseError as fault:
        _fail(fault)
    typer.echo(f"{shown(head)}: {head.concepts:,} codes, {head.relations:,} relations, "
               f"{head.refused:,} ids refused (check digit)")


@app.command("list")
def list_(home: Home = None, output: Format = Output.TABLE) -> None:
    """Name the releases at hand, the built-in one first. Exit code 1 where one of them cannot be used, and why.

    Example: mainstem terms list --output json
    """
    import msgspec

    from mainstem.shelf import ReleaseError

    shelf = _shelf(home)
    found, faults = [], []
    for name in shelf.names():
        try:
            found.append((name, shelf.open(name).store))
        except ReleaseError as fault:
            faults.append(str(fault))
    if output is Output.JSON:
        as_json([{"release": name, **{k: v for k, v in msgspec.to_builtins(store.head).items() if k != "columns"},
                  "tells_held": store.tells_held, "tells_sensitive": store.tells_sensitive, "sensitive": len(store.sensitive())}
                 for name, store in found])
    else:
        again, table = "no: load it again", Table("release", "codes", "relations", "from", "tells what moieties hold", "sensitive codes")
        for name, store in found:
            table.add_row(name, f"{store.head.concepts:,}", f"{store.head.relations:,}", ", ".join(store.head.sources),
                          "yes" if store.tells_held else again, f"{len(store.sensitive()):,}" if store.tells_sensitive else again)
        terminal().print(table)
    if faults:
        typer.echo("\n".join(faults), err=True)
        raise typer.Exit(1)


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="A SNOMED CT or dm+d id.")],
    release: Annotated[str, typer.Option(help="Which release answers, by name or name@digest.")] = "builtin",
    home: Home = None,
    output: Format = Output.TABLE,
) -> None:
    """Tell all that a release knows of a code, and why it cannot tell what it does not. Exit code 1 where the code is unknown.

    Example: mainstem terms show 91936005
    """

    from mainstem.shelf import ReleaseError

    try:
        terms = _shelf(home).open(release)
    except ReleaseError as fault:
        _fail(fault)
    told = _told(terms, code)
    if output is Output.JSON:
        as_json(told)
    else:
        table = Table(show_header=False, title=f"{code} in {terms.release}", title_justify="left")
        for name, value in told.items():
            lines = value if isinstance(value, list) else [value]
            table.add_row(name.replace("_", " "), "\n".join(map(_line, lines)))
        terminal().print(table)
    if told["level"] is None:
        raise typer.Exit(1)


@app.command()
def activate(
    release: Annotated[str, typer.Argument(help="A release at hand, by name or name@digest; `mainstem terms list` names them.")],
    why: Annotated[str, typer.Option("--why", "--reason", help="Why, for whoever looks back.")],
    who: Annotated[str | None, typer.Option("--who", "--actor", help="Who decides. Default: the user of this machine.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without it, nothing is written.")] = False,
    home: Home = None,
    output: Format = Output.TABLE,
) -> None:
    """Put a release in force; without --yes only tell which would follow which.

    Every record is worked out anew with it, in slices, while the stream goes on. Workers end and start again with it; going back is another
    activation. Examples:

        mainstem terms activate uk-2026-11 --why "monthly release"

        mainstem terms activate uk-2026-11 --why "monthly release" --yes
    """

    import msgspec

    from mainstem.shelf import shown
    from processors.apps import releases

    if not why.strip():
        raise typer.BadParameter("say why: whoever looks back has nothing else to go by", param_hint="--why")
    with _control(home) as (kafka, codec):
        shelf = _shelf(home)
        then = shelf.open(release)
        if yes:
            shelf.keep_builtin()
            done = releases.activate(kafka, codec, then, named(who), why.strip())
        else:
            now = releases.named(kafka, codec, releases.TERMINOLOGY)
    if not yes:
        found = {"now": shown(now) if now else None, "then": then.release}
        if output is Output.JSON:
            as_json({"dry_run": True} | found)
        else:
            typer.echo(f"{found['now'] or 'none in force'} -> {then.release}\n"
                       "nothing is written: give --yes to put it in force and work every record out anew")
    elif output is Output.JSON:
        as_json({"dry_run": False} | msgspec.to_builtins(done))
    else:
        typer.echo(f"in force: {shown(done)} (activation {done.activation}); `mainstem verify` tells when all records are")


@app.command("in-force")
def in_force(home: Home = None, output: Format = Output.TABLE) -> None:
    """Tell which releases were in force from when on, the latest last.

    Example: mainstem terms in-force --output json
    """

    from mainstem.history import iso
    from mainstem.shelf import shown
    from processors.apps import releases

    with _control(home) as (kafka, codec):
        found = releases.read(kafka, codec)
    rows = [{"from": iso(one.known), "what": one.release.what, "release": shown(one.release),
             "by": one.release.actor, "why": one.release.reason} for one in sorted(found)]
    if output is Output.JSON:
        as_json(rows)
        return
    table = Table("from", "what", "release", "by", "why")
    for row in rows:
        table.add_row(*row.values())
    terminal().print(table)


@contextmanager
def _control(home: Path | None) -> Iterator[tuple[str, Codec]]:
    """The broker and the codec of the control topic; says so where one does not answer."""
    from deploy.stack import StackError, endpoints
    from mainstem.settings import Settings
    from mainstem.shelf import ReleaseError
    from schemas.codec import Codec
    from schemas.errors import KafkaUnavailableError, RegistryUnavailableError
    from schemas.log import TruncatedReadError

    try:
        servers = endpoints(home or Settings().home)
        yield servers.kafka, Codec(servers.registry)
    except (StackError, KafkaUnavailableError, RegistryUnavailableError, TruncatedReadError, ReleaseError) as fault:
        _fail(fault)


def _told(terms: Terminology, code: str) -> dict[str, Any]:
    from mainstem.kinds.base import SNOMED
    from mainstem.terminology import codes

    concept, asked = terms.concept(code), {"codes": [{"system": SNOMED, "code": code}]}
    told: dict[str, Any] = {
        "code": code, "well_formed": codes.valid(code), "term": concept.term if concept else None,
        "level": concept.level.name.lower() if concept else None, "active": concept.active if concept else None,
        "current": _answer(terms, terms.current_of(asked)), "agent": _answer(terms, terms.agent_of(asked)),
        "moiety": _answer(terms, terms.moiety_of(asked)),
    }
    for name, found in (("none_known", terms.none_known(asked)), ("form", terms.form(asked)), ("route", terms.route(asked))):
        told[name] = _named(terms, found) if found else None
    agent = terms.agent(asked)
    told["sensitive"] = terms.sensitive(asked)
    told["parents"] = [_named(terms, parent) for parent in terms.parents(terms.current(asked) or code)]
    told["agents"] = [_named(terms, each) for each in terms.agents(asked)]
    told["agent_is_a"] = [_named(terms, parent) for parent in terms.parents(agent)] if agent else []
    return told


def _answer(terms: Terminology, answer: Answer) -> dict[str, str]:
    from mainstem.terminology import REASONS

    return _named(terms, answer.code) if answer.code else {"cannot_tell": REASONS[answer.reason]}


def _named(terms: Terminology, code: str) -> dict[str, str]:
    concept = terms.concept(code)
    return {"code": code, "term": concept.term if concept else ""}


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return f"cannot tell: {value['cannot_tell']}" if "cannot_tell" in value else f"{value['code']} {value['term']}"
    return {None: "", True: "yes", False: "no"}.get(value, str(value))


def _shelf(home: Path | None) -> Shelf:
    from mainstem.settings import Settings
    from mainstem.terminology import Shelf

    return Shelf((home or Settings().home) / "terms")


def _fail(fault: Exception) -> NoReturn:
    typer.echo(str(fault), err=True)
    raise typer.Exit(1)
