"""Numbers of a run, schedules, rows, batches, masks and collators, in NumPy."""
