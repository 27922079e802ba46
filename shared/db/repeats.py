"""What a repeat of an event leaves of it: its first time and its last one, in whatever order they arrive.

`created_at` is the last time. `first_at`, where it is earlier, is the first one; otherwise (NULL, as a rule) the event
was not repeated, or only before this was kept (migration 0013). Times between the two are not kept.
"""

# After INSERT INTO … AS kept: for events without an id. A repeat at a time between the two changes nothing. `least`
# ignores NULL.
ON_REPEAT = """
    ON CONFLICT (user_id, post_id, kind) WHERE event_id IS NULL DO UPDATE
    SET created_at = greatest(kept.created_at, EXCLUDED.created_at),
        first_at = least(kept.first_at, kept.created_at, EXCLUDED.first_at, EXCLUDED.created_at),
        changed_xid = EXCLUDED.changed_xid
    WHERE EXCLUDED.created_at > kept.created_at
        OR least(EXCLUDED.first_at, EXCLUDED.created_at) < least(kept.first_at, kept.created_at)
    """
