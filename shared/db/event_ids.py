"""Ids of events: those of the app's backend, and those that a user's own JWT may choose.

An `event_id` means one event, whoever it is of: the second one is a duplicate. A phone may not choose among all ids:
with a guessed one it would make somebody else's event a duplicate before that is sent. So the ids of a user's own
requests are kept together with the user, by a character that no id may contain.
"""

SEPARATOR = "\x1f"
# In SQL, of rows `i` and wanted events `t`: an event that was sent by its user's JWT is known by the id that was sent.
IS_NAMED_SQL = "i.event_id IN (t.event_id, t.user_id || chr(31) || t.event_id)"


def of_users_own(user_id: str, event_id: str) -> str:
    """The id under which an event is kept that its user's own JWT has sent."""
    return f"{user_id}{SEPARATOR}{event_id}"


def as_sent(event_id: str | None) -> str | None:
    """An id as its sender wrote it."""
    return None if event_id is None else event_id.rpartition(SEPARATOR)[2]
