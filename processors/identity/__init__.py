"""Who is this: claims into persons (`linker`), and assertions on to the person's partition (`stage`)."""
