"""What is true: facts of a person from all assertions, from scratch (`fold`) and kept up to date (`stage`), by the same rules."""
