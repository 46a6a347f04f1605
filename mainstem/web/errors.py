"""What can keep a record from being shown; each message is fit for the person who asked."""

from __future__ import annotations


class NotNHSNumberError(ValueError):
    """The text is not an NHS number. It is not repeated in the message: a mistyped number may be somebody else's."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"This is not an NHS number: {why}. An NHS number has 10 digits, such as 999 000 0018; check it against the letter "
            "or screen it came from."
        )
        self.why = why


class AuditUnavailableError(ConnectionError):
    """The view could not be written to the audit topic, so nothing may be shown."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The record is not shown, because the audit of this view could not be written ({why}). Try again in a minute; "
            "if it stays, ask your platform team to look at `mainstem stack status`."
        )
        self.why = why


class StoreUnavailableError(ConnectionError):
    """A store behind a page does not answer: a dependency fault, which passes."""

    def __init__(self, store: str, why: str) -> None:
        super().__init__(
            f"The {store} does not answer ({why}). Try again in a minute; if it stays, ask your platform team to look at "
            "`mainstem stack status`."
        )
        self.store = store
        self.why = why


class ReleaseUnavailableError(StoreUnavailableError):
    """What nothing may stand in for is not at hand: the matching model in force at a past moment, what is in force now, or the beginning
    of the log."""

    def __init__(self, why: str) -> None:
        super().__init__("release in force then", why)
        self.args = (
            f"What was known then cannot be worked out here: {why}. Nothing is shown in its place, since it might not be so, or be of "
            "somebody else. Ask your platform team to do this.",
        )


class UnknownActorError(PermissionError):
    """The deployment demands to know who looks, and the request does not say."""

    def __init__(self, header: str) -> None:
        super().__init__(
            f"Mainstem does not know who you are: the sign-in service in front of it sent no `{header}`, or several. Sign in "
            "again; if it stays, ask your platform team to check MAINSTEM_WEB_ACTOR_HEADER."
        )
        self.header = header
