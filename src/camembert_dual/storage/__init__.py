"""Files and folders on disk and on the hub."""
