"""The generated password of a home's PostgreSQL superuser."""

from __future__ import annotations

import secrets

from deploy.stack.layout import Layout
from deploy.stack.state import write_atomically


def ensure(layout: Layout) -> None:
    """Made once for a home, readable by its owner alone."""
    if not layout.password.exists():
        write_atomically(layout.password, f"{secrets.token_hex(24)}\n".encode(), mode=0o600)


def read(layout: Layout) -> str:
    return layout.password.read_text(encoding="ascii").strip()
