"""`mainstem identity activate | releases`: put a model release in force, and tell what was in force when."""

from __future__ import annotations

from typing import Annotated

import typer

from mainstem.cli.identity_topics import opened, refuse
from mainstem.cli.matching import Which
from mainstem.cli.options import Format, Home, Output, named
from mainstem.cli.printed import as_json, line, table

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def activate(model: Which,
             reason: Annotated[str, typer.Option("--reason", "--why", help="Why, for whoever looks back.")],
             actor: Annotated[str | None, typer.Option("--actor", "--who", help="Who decides. Default: the user of this machine.")] = None,
             yes: Annotated[bool, typer.Option("--yes", help="Do it. Without it, nothing is written.")] = False, home: Home = None,
             output: Format = Output.TABLE) -> None:
    """Put a model release in force; without --yes only count what it would change (`rematch` names all of it).

    The linker ends and starts again with it, and works everyone out anew at once. What a human decided stays. Going back is another
    activation. Examples:

        mainstem identity activate model.json --reason "learnt from our own claims"

        mainstem identity activate seeds-1 --reason "too many tasks" --yes
    """

    import msgspec

    from mainstem.matching.rematch import rematch as rematched
    from mainstem.shelf import shown
    from processors.apps import releases

    if not reason.strip():
        refuse("say why: whoever looks back has nothing else to go by (--reason)", 2)
    with opened(home) as topics:
        then = topics.model_of(model)
        if yes:
            topics.models.keep(then)
            done = releases.activate_model(topics.bootstrap, topics.codec, then, named(actor), reason.strip())
            if output is Output.JSON:
                as_json({"dry_run": False} | msgspec.to_builtins(done))
            else:
                line(f"in force: {shown(then)} (activation {done.activation}); `mainstem verify` tells when everyone is worked out anew")
            return
        topics.models.check(then)
        now = topics.model()
        found = rematched(topics.claims(), topics.key, now, then)
    if output is Output.JSON:
        as_json({"dry_run": True, "now": shown(now), "then": shown(then), "source_patients": found.source_patients,
                 "tasks_before": found.open_before, "tasks_after": found.open_after, "counts": found.counts()})
        return
    table(f"{shown(now)} -> {shown(then)}, {found.source_patients:,} source patients",
          [{"what": what, "": count} for what, count in found.counts().items()])
    line("nothing is written: give --yes to put it in force")


@app.command("releases")
def list_releases(home: Home = None, output: Format = Output.TABLE) -> None:
    """Tell which releases were put in force, when, by whom and why, the latest last: matching models, and terminologies and rules too.

    Example: mainstem identity releases --output json
    """
    from mainstem.history import iso
    from mainstem.terminology import in_force

    with opened(home) as topics:
        found = sorted(topics.activations())
    counts = {release.activation for what in {each.release.what for each in found}
              if (release := in_force(found, what, max(each.known for each in found)))}
    rows = [{"what": each.release.what, "name": each.release.name, "digest": each.release.digest, "when": iso(each.known),
             "who": each.release.actor, "why": each.release.reason, "in_force": each.release.activation in counts} for each in found]
    if output is Output.JSON:
        as_json(rows)
        return
    table(f"{len(rows)} activations",
          [row | {"digest": str(row["digest"])[:12], "in_force": "yes" if row["in_force"] else ""} for row in rows])
