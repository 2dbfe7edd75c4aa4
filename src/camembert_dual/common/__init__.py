"""What every room needs, said once."""
