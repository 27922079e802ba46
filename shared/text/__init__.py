"""Text on its way out: to terminals, logs, pages and addresses."""
