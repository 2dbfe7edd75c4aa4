"""A task, data and a tree's loop, joined."""
