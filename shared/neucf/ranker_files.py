"""The files beside a model's weights: what its final ranker needs.

They are checked like all files that others may have written.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from shared.errors import ArtefactError
from shared.files.untrusted_files import parse_json, read_untrusted
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.model_files import HEADER_LENGTH, MAX_HEADER_BYTES, SOURCES, TREES, StoredFile, unreadable
from shared.neucf.rank_trees import RankTrees
from shared.neucf.sources.features import FEATURES
from shared.neucf.sources.transitions import LikedNext, Transitions

_ROWS, _WEIGHTS = "transitions.rows", "transitions.weights"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankerState:
    """What was learned for the final ranker, beside the model; None: nothing of the kind."""

    transitions: Transitions | None = None
    trees: RankTrees | None = None

    def for_ranker(self, ranker: FinalRanker) -> "RankerState":
        """What this ranker needs of it, and no more."""
        return RankerState(
            transitions=self.transitions if LikedNext.name in ranker.fused else None,
            trees=self.trees if ranker.learned else None,
        )

    def to_files(self) -> dict[str, bytes]:
        """The content of each file, by name; empty for a ranker that needs none."""
        files = dict[str, bytes]()
        if self.transitions is not None:
            files[SOURCES] = save({_ROWS: self.transitions.rows, _WEIGHTS: self.transitions.weights})
        if self.trees is not None:
            files[TREES] = self.trees.text
        return files


def as_stored(files: Mapping[str, bytes]) -> dict[str, StoredFile]:
    """What the manifest records of files."""
    return {
        name: StoredFile(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        for name, content in files.items()
    }


def load_state(folder: Path, ranker: FinalRanker, stored: Mapping[str, StoredFile], *, n_post_rows: int) -> RankerState:
    """Read what a final ranker needs, and refuse it unless it fits.

    Args:
        folder: of the model.
        ranker: from the manifest.
        stored: the files that the manifest names.
        n_post_rows: rows of the model's posts.

    Raises:
        ArtefactError: a file is missing, is another one than the manifest says, or is broken.
    """
    contents = {name: _read(folder / name, each) for name, each in stored.items()}
    for name, is_read in ((SOURCES, LikedNext.name in ranker.fused), (TREES, ranker.learned)):
        if is_read != (name in contents):
            found = "is among the files" if name in contents else "is not among the files"
            raise ArtefactError(f"manifest: {name} {found}, which does not fit the final ranker {ranker}; retrain")
    return RankerState(
        transitions=_transitions(contents[SOURCES], n_post_rows) if SOURCES in contents else None,
        trees=_trees(contents[TREES]) if TREES in contents else None,
    )


def _read(path: Path, stored: StoredFile) -> bytes:
    try:
        content = read_untrusted(path, below=path.parent, max_bytes=stored.bytes)
    except OSError as error:
        raise unreadable(path, error) from error
    got = hashlib.sha256(content).hexdigest()
    if got != stored.sha256:
        raise ArtefactError(f"{path}: got SHA-256 {got[:12]}…, expected {stored.sha256[:12]}… as in the manifest")
    return content


def _transitions(content: bytes, n_post_rows: int) -> Transitions:
    try:
        refuse_bad_header(content)
        arrays = load(content)
    except (SafetensorError, ValueError) as error:
        raise ArtefactError(f"{SOURCES}: not a safetensors file ({error})") from error
    if arrays.keys() != {_ROWS, _WEIGHTS}:
        raise ArtefactError(f"{SOURCES}: got {sorted(arrays)}, expected {_ROWS} and {_WEIGHTS}; retrain")
    transitions = Transitions(np.asarray(arrays[_ROWS]), np.asarray(arrays[_WEIGHTS]))
    transitions.check(n_post_rows)
    return transitions


def _trees(content: bytes) -> RankTrees:
    trees = RankTrees.from_text(content)
    if trees.features != FEATURES:
        raise ArtefactError(f"trees: got the features {trees.features!r:.200}, expected {FEATURES!r:.200}; retrain")
    return trees


def refuse_bad_header(content: bytes) -> None:
    """Raises ValueError for a header of safetensors that is broken, too large or too deeply nested."""
    if len(content) < HEADER_LENGTH.size:
        raise ValueError(f"got {len(content)} bytes")
    (length,) = HEADER_LENGTH.unpack_from(content)
    if length > MAX_HEADER_BYTES:
        raise ValueError(f"got a header of {length:,} bytes, expected at most {MAX_HEADER_BYTES:,}")
    parse_json(content[HEADER_LENGTH.size : HEADER_LENGTH.size + length])
