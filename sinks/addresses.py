"""Addresses of stores elsewhere: whether one is any, told without it."""

from __future__ import annotations

from urllib.parse import urlsplit

from sinks.errors import StoreUnavailableError


def check(store: str, variable: str, url: str) -> None:
    """Raises StoreUnavailableError unless the setting `variable` is of HTTP. A sign in a password that ends the name of the host makes its
    beginning the port: every library's fault would tell that."""
    try:
        parts = urlsplit(url)
        found = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise StoreUnavailableError(store, f"{variable} is not https://user:password@host:port, nor with http; write whatever is no letter "
                                           "or digit in a password as %XX")
