"""The documentation site: pages of reference made from the code, pictures, and the check that it works offline."""
