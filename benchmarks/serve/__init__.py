"""Serving: pages with every promise on, beside a route that does nothing."""
