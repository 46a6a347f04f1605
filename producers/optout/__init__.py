"""The Check for National Data Opt-outs Service: which NHS numbers it was asked about, and which came back."""
