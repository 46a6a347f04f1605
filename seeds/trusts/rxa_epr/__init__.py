"""RXA/epr: the acute hospital."""
