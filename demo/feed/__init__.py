"""The example app's own backend: sessions, captions and photos, and the way to the timeline (`examples/feed`)."""
