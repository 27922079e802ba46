"""Warmline's version: here, since the containers hold the code without the package's own record of it."""

VERSION = "0.1.0"  # as in pyproject.toml and the images' tags; a test compares them
