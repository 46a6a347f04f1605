"""The web application: find a person, read their record, watch the stream. Server-rendered, loopback only (docs/web.md)."""
