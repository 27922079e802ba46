"""A small world that sources are asked about: six candidates, three users."""

from dataclasses import replace

import numpy as np

from shared.neucf.sources.asked import Asked, AskedCandidates, KnownPosts
from shared.neucf.sources.transitions import Transitions

# Photos: candidates 0 and 1 are alike, 2 and 3 are alike; 4 has only a caption, 5 has neither.
PHOTOS = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 0], [0, 0]], np.float32)
CAPTIONS = np.array([[0, 0], [0, 0], [0, 0], [0, 0], [1, 0], [0, 0]], np.float32)


def facts() -> KnownPosts:
    return KnownPosts(
        model_rows=np.array([1, 2, 3, 0, 0, 4]),
        authors=np.array([10, 11, 12, 10, 11, 12]),
        has_photo=np.arange(6) < 4,
        has_caption=np.arange(6) == 4,
        photos=PHOTOS,
        captions=CAPTIONS,
    )


def asked() -> Asked:
    """User 0 liked post 0; user 1 liked 2, then 4; user 2 liked nothing."""
    blended = np.array([0.1, 0.6, 0.3, 0.3, 0.2, 0.9])
    return Asked(
        candidates=AskedCandidates(
            posts=facts(),
            age_days=np.array([9.0, 1.0, 5.0, 0.5, 1.0, 3.0]),
            popularity=blended,
            blended=blended,
            is_popular=blended > 0.5,
        ),
        liked_posts=facts(),
        liked=np.array([0, 2, 4]),
        starts=np.array([0, 1, 3]),
        logits=np.array([[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 2, 4, 5, 3, 1]], np.float32),
        # After the post of row 1 comes that of row 3, after row 3 those of rows 4 and 2.
        transitions=Transitions(
            np.array([[0, 0], [3, 0], [0, 0], [4, 2], [0, 0]], np.int32),
            np.array([[0, 0], [0.5, 0], [0, 0], [0.4, 0.2], [0, 0]], np.float32),
        ),
    )


def one_by_one(whole: Asked) -> list[Asked]:
    """The same users, each asked about alone."""
    return [
        replace(
            whole,
            liked=whole.liked[start:end],
            starts=np.zeros(1, np.int64),
            logits=whole.logits[user : user + 1],
        )
        for user, (start, end) in enumerate(zip(whole.starts, whole.ends, strict=True))
    ]
