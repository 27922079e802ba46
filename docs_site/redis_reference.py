"""The keys of Redis as a table, made from the docstring of the module that names them."""

from docs_site.markdown import code, table
from shared.ranked_lists import keys

HEAD = ("key", "holds", "bound", "lives")


def redis_reference() -> str:
    """One row for each key."""
    lines = (keys.__doc__ or "").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("key "))
    starts = [lines[first].index(name) for name in HEAD]
    rows: list[list[str]] = []
    for line in lines[first + 1 :]:
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        if line[:1].strip():
            rows.append(cells)
        elif rows:  # what a row has more to say stands below it
            rows[-1] = [f"{before} {more}".strip() for before, more in zip(rows[-1], cells, strict=True)]
    return table(HEAD, [(code(key), *rest) for key, *rest in rows])
