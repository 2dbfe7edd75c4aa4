"""Corpora on disk, read into plain examples."""
