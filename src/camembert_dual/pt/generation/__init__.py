"""Texts from the causal language model."""
