"""Training of model releases, with Splink: an operator's tool, never imported by what runs the stream."""
