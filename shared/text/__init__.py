"""Makes text safe for terminals, logs and pages."""
