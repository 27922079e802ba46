"""The columns of the files, for `warmline import --help` and for the readers. Pure, and quick to import."""

# relation → column → its meaning, in the order of the contract
COLUMNS: dict[str, dict[str, str]] = {
    "users": {
        "id": "text",
        "created_at": "time",
        "suspended": "true or false: whether their posts are withheld",
    },
    "posts": {
        "id": "text",
        "author_id": "text, an id of users",
        "caption": "text",
        "image_url": "http(s), or a path below WARMLINE_MEDIA_ROOT",
        "created_at": "time",
        "deleted_at": "time; empty while the post lives",
        "tags": "separated by commas, or a JSON array; in Parquet a list",
        "language": "BCP 47 tag of the caption, such as pt-BR",
        "sensitive": "true or false: viewers may choose not to see it",
        "image_urls": "further photos, a JSON array; in Parquet a list",
    },
    "interactions": {
        "user_id": "text",
        "post_id": "text",
        "kind": "view, like, comment, save, share or hide",
        "created_at": "time",
        "event_id": "text; tells two events of one kind on one post apart",
        "first_at": "time of the first one; created_at is the last",
    },
    "blocks": {"user_id": "text", "blocked_user_id": "text", "created_at": "time"},
    "mutes": {
        "user_id": "text",
        "muted_user_id": "text",
        "created_at": "time",
        "expires_at": "time when it ends; empty: never",
    },
    "follows": {"user_id": "text", "author_id": "text", "created_at": "time"},
}
# Columns that may be empty or absent: then new rows have no value, and existing rows keep theirs.
OPTIONAL: dict[str, frozenset[str]] = {
    "users": frozenset({"suspended"}),
    "posts": frozenset({"caption", "image_url", "deleted_at", "tags", "language", "sensitive", "image_urls"}),
    "interactions": frozenset({"event_id", "first_at"}),
    "blocks": frozenset(),
    "mutes": frozenset({"expires_at"}),
    "follows": frozenset(),
}
# Most files lack these: that is no news.
UNTOLD = frozenset({"event_id", "first_at", "suspended", "tags", "language", "sensitive", "expires_at", "image_urls"})
RELATIONS = tuple(COLUMNS)


def table() -> str:
    """The columns as a paragraph for a terminal."""
    width = max(len(column) for columns in COLUMNS.values() for column in columns) + len(" *")
    lines = []
    for relation, columns in COLUMNS.items():
        lines.append(f"{relation}:")
        for column, holds in columns.items():
            name = f"{column} *" if column in OPTIONAL[relation] else column
            lines.append(f"  {name:{width}}  {holds}")
    return "\n".join([*lines, "* may be empty, or absent: then rows that are there keep what they have"])
