"""What ``generate`` is asked for."""
