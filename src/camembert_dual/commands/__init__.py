"""The commands of ``camembert-dual``, one file each."""
