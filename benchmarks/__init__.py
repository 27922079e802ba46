"""Every claim of speed or quality, each as one command that prints a table."""
