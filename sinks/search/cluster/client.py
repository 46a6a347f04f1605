"""The connection to a cluster, and what its faults are to a sink. Only the kind of a fault is told: its text may quote content."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NotConnectedError
from opensearchpy.exceptions import NotFoundError, OpenSearchException, SerializationError, TransportError
from opensearchpy.serializer import JSONSerializer

from sinks import addresses
from sinks.errors import StoreUnavailableError
from sinks.settings import SinkSettings

NAME = "search"
_SECONDS = 30
"""Longest that an answer may take."""
_CONNECTIONS = 10
"""Kept open by a process: threads of the web that ask at once."""
_TELLING = ("opensearch", "opensearchpy.trace")
"""Loggers of the library: they tell of each request, the second with all that is in it."""


def connect(settings: SinkSettings) -> OpenSearch:
    """Nothing is asked yet. https is verified against the system's authorities, or those of `SSL_CERT_FILE` or `SSL_CERT_DIR`: left to
    itself the library takes those that come with a package. Raises StoreUnavailableError where the address is none."""
    assert settings.search_url is not None
    url = settings.search_url.get_secret_value()
    addresses.check(NAME, "MAINSTEM_SEARCH_URL", url)
    for name in _TELLING:
        logging.getLogger(name).setLevel(logging.ERROR)
    return OpenSearch(url, timeout=_SECONDS, max_retries=0, pool_maxsize=_CONNECTIONS, ssl_context=ssl.create_default_context(),
                      serializers={mimetype: _Objects() for mimetype in ("application/json", "text/plain")})


def where(settings: SinkSettings) -> str:
    """Host and port, without user and password."""
    assert settings.search_url is not None
    found = urlsplit(settings.search_url.get_secret_value())
    return f"{found.scheme}://{found.hostname}" + (f":{found.port}" if found.port else "")


class _Objects(JSONSerializer):
    """All that is asked here is answered by an object: what a proxy says of itself, as a text, is no answer."""

    def loads(self, s: str) -> Any:
        found = super().loads(s)
        if not isinstance(found, dict):
            raise SerializationError("no object")
        return found


@contextmanager
def answering(missing: Callable[[], Exception]) -> Iterator[None]:
    """Faults of the client as faults of the store: `missing` where the index is not there, else StoreUnavailableError."""
    try:
        yield
    except NotFoundError:
        raise missing() from None
    except OpenSearchException as fault:
        raise StoreUnavailableError(NAME, _why(fault)) from None
    except KeyError:  # from something between us and the cluster
        raise StoreUnavailableError(NAME, "an answer that is none of OpenSearch's") from None


def whole(answer: Any) -> Any:
    """The answer to a search or a refresh, if no shard failed at it: what a part of the index found would look like all. Raises
    StoreUnavailableError."""
    if answer.get("timed_out") or answer.get("_shards", {}).get("failed"):
        raise StoreUnavailableError(NAME, "a part of its index does not answer")
    return answer


def kind(error: Any) -> str:
    """The kind of fault as OpenSearch names it, `mapper_parsing_exception`; empty where it is anything else."""
    found = error.get("type") if isinstance(error, dict) else error
    return found if isinstance(found, str) and re.fullmatch(r"[a-z_]+_exception", found) else ""


def _why(fault: OpenSearchException) -> str:
    if isinstance(fault, TransportError) and not isinstance(fault, NotConnectedError):
        return f"{fault.status_code} {kind(fault.error)}".rstrip()
    return type(fault).__name__
