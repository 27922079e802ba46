"""Uses the client against a running timeline, such as that of `make demo`.

set -a; . .warmline/demo.env; set +a; PYTHONPATH=clients/python .warmline/generators/bin/python clients/python/smoke.py
"""

import json
import os
import sys

from warmline_client import AuthenticatedClient
from warmline_client.api.events import add_events, remove_events
from warmline_client.api.preferences import add_preference, remove_preference
from warmline_client.api.timeline import get_timeline
from warmline_client.models import (
    BatchResult,
    InteractionEvent,
    InteractionKind,
    PreferenceAnswer,
    PreferencePost,
    PreferenceTarget,
    TimelinePage,
)


def main() -> None:
    """Read a page, send a like and take it back, ask for less of a post and undo it."""
    user_id = os.environ["WARMLINE_DEMO_WARM_USER"]
    url, key = os.environ["WARMLINE_TIMELINE_URL"], os.environ["WARMLINE_API_KEY"]
    with AuthenticatedClient(base_url=url, token=key) as client:
        page = get_timeline.sync(user_id, client=client, limit=5)
        assert isinstance(page, TimelinePage), page
        post_id = page.posts[0].id
        event = InteractionEvent(user_id, post_id, InteractionKind.LIKE, feed_id=page.feed_id)
        added = add_events.sync(client=client, body=[event])
        taken = remove_events.sync(client=client, body=[event])
        assert isinstance(added, BatchResult), added
        assert isinstance(taken, BatchResult), taken
        less = PreferencePost(less=PreferenceTarget(post=post_id))
        asked = add_preference.sync(user_id, client=client, body=less)
        assert isinstance(asked, PreferenceAnswer), asked
        undone = remove_preference.sync_detailed(user_id, str(asked.preference_id), client=client)
        assert undone.status_code in (202, 204), undone
        refused = get_timeline.sync_detailed(user_id, client=client, cursor="none")
    found = {
        "posts": len(page.posts),
        "accepted": added.accepted,
        "taken": taken.accepted,
        "refused": json.loads(refused.content)["type"],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
