"""Live lists: seconds from an accepted event to the changed list, and what a pass costs."""
