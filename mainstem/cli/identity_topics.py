"""What the identity commands work on: claims and tasks as the topics hold them, and the audit of what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.adjudication.desk import KafkaDesk
    from mainstem.adjudication.everyone import FromScratch
    from mainstem.adjudication.reach import Reach
    from mainstem.model import Claim, Task
    from mainstem.operations import View
    from mainstem.terminology.releases import Activation
    from mainstem.web.audit import KafkaAudit
    from mainstem.web.record import Record
    from processors.identity.scoring.release import Model
    from processors.identity.scoring.shelf import ModelShelf
    from schemas.codec import Codec


@dataclass(frozen=True, slots=True)
class Topics:
    """Of a running Mainstem."""

    bootstrap: str
    redis: str
    codec: Codec
    key: bytes
    models: ModelShelf

    def claims(self) -> list[Claim]:
        from mainstem.verify import received

        return list(received.claims(self.bootstrap, self.codec))

    def everyone(self) -> FromScratch:
        """Who is who by all claims and the model in force."""
        from mainstem.adjudication.everyone import FromScratch

        return FromScratch(self.claims(), self.key, self.model())

    def activations(self) -> list[Activation]:
        """Of whatever."""
        from processors.apps import releases

        return releases.read(self.bootstrap, self.codec)

    def model(self) -> Model:
        """The matching model in force."""
        from processors.apps import releases

        return releases.current_model(self.bootstrap, self.codec, self.models).model

    def model_of(self, given: str) -> Model:
        """A file, else one that is kept here, by its name. Raises ReleaseError."""
        from processors.identity.scoring.release import load

        try:
            return load(Path(given)) if Path(given).is_file() else self.models.open(given)
        except OSError as fault:
            refuse(f"{fault.filename}: {fault.strerror}", 1)

    def open_tasks(self) -> list[Task]:
        from mainstem.verify import tasks

        return sorted(tasks.open_tasks(self.bootstrap, self.codec), key=lambda task: (task.reason, task.id))

    def task(self, beginning: str) -> Task:
        found = [each for each in self.open_tasks() if each.id.startswith(beginning)]
        if len(found) != 1:
            refuse(f"{len(found)} open tasks begin with {beginning}; `mainstem identity review` lists them", 1)
        return found[0]

    def desk(self) -> KafkaDesk:
        from mainstem.adjudication.desk import KafkaDesk

        return KafkaDesk(self.bootstrap, self.codec, self.key, self.models.activated)

    def reach(self) -> Reach:
        from mainstem.adjudication.reach import Reach

        return Reach(self.bootstrap, self.codec, self.key, self.models.activated, lambda text: typer.echo(text, err=True))

    def seen(self, actor: str, view: View, persons: Iterable[str]) -> dict[str, Record | None]:
        """Audited before anything of these persons is shown."""
        from mainstem.web.seen import seen
        from mainstem.web.stores import CachedRecords

        return seen(CachedRecords(self.redis), self._audit(), actor, view, persons)

    @contextmanager
    def asked(self, actor: str, *whom: str) -> Iterator[None]:
        """Where nobody is known by it, that is audited too before it is said."""
        from mainstem.adjudication.errors import UnknownError

        try:
            yield
        except UnknownError:
            audit = self._audit()
            for each in whom:
                audit.nobody(actor, each)
            raise

    def _audit(self) -> KafkaAudit:
        from mainstem.web import audit
        from mainstem.web.settings import WebSettings

        return audit.opened(self.bootstrap, self.codec, WebSettings())


@contextmanager
def opened(home: Path | None) -> Iterator[Topics]:
    """Whatever fails is said in one line, with what to do."""
    from confluent_kafka import KafkaException

    from deploy.stack import StackError, endpoints
    from mainstem.adjudication.errors import LogUnavailableError, UnknownError
    from mainstem.shelf import ReleaseError
    from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
    from processors.identity.scoring.shelf import FOLDER, ModelShelf
    from schemas import log
    from schemas.codec import Codec
    from schemas.errors import KafkaUnavailableError, RegistryUnavailableError

    home = home or Settings().home
    try:
        servers = endpoints(home)
        yield Topics(servers.kafka, servers.redis, Codec(servers.registry), Settings().person_key.get_secret_value().encode(),
                     ModelShelf(home / FOLDER))
    except (StackError, KafkaUnavailableError, RegistryUnavailableError, ReleaseError, log.TruncatedReadError, LogUnavailableError,
            AuditUnavailableError, StoreUnavailableError, UnknownError) as fault:
        refuse(str(fault), 1)
    except KafkaException as fault:
        refuse(f"the broker does not answer ({fault.args[0].name()}); see `mainstem stack status`", 1)


def refuse(message: str, code: int) -> NoReturn:
    typer.echo(f"mainstem identity: {message}", err=True)
    raise typer.Exit(code)
