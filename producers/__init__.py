"""The only code that knows a source's format: raw messages in, assertions and claims out. Nothing here keeps state."""
