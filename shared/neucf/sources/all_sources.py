"""All candidate sources. To add one, add its class in a file beside this one, and an entry here."""

from collections.abc import Iterable

from shared.errors import ArtefactError
from shared.neucf.sources.asked import CandidateSource
from shared.neucf.sources.content import CaptionNearness, FreshInTopics, PhotoNearness
from shared.neucf.sources.heuristic import HeuristicSource
from shared.neucf.sources.learned import Learned
from shared.neucf.sources.transitions import LikedNext

# Of sources that rank a post equally well, the first one gives the reason.
SOURCES: tuple[CandidateSource, ...] = (
    Learned(), LikedNext(), PhotoNearness(), CaptionNearness(), FreshInTopics(), HeuristicSource(),
)  # fmt: skip
SOURCE_NAMES = tuple(source.name for source in SOURCES)


def sources_named(names: Iterable[str]) -> tuple[CandidateSource, ...]:
    """The sources with these names, in the order of `SOURCES`.

    Raises:
        ArtefactError: there is no such source.
    """
    wanted = set(names)
    if unknown := wanted - set(SOURCE_NAMES):
        raise ArtefactError(
            f"final ranker: got the sources {', '.join(sorted(unknown))}, expected some of {', '.join(SOURCE_NAMES)};"
            " this model was made by another version, retrain"
        )
    return tuple(source for source in SOURCES if source.name in wanted)
