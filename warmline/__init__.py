"""The operator's command: `warmline --help`."""
