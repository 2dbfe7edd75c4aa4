"""Checkpoints on disk: where they are, how they are read and written, and what loading them did."""
