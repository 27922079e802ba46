"""Finds the topics of photos from words in their captions: latent semantic analysis (Deerwester et al. 1990). Pure.

It uses word counts and a singular value decomposition, no neural network: independent of the model's caption encoder.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOPICS = 24  # numbers in a vector: dogs, water, snow, bicycles…
RAREST = 2  # photos that a word must be used for, else it tells nothing about likeness
COMMONEST = 0.3  # share of the photos; a word that is used for more ("a", "the", in any language) tells nothing either
MAX_WORDS = 4000  # the most used ones; 1,000 photos × 4,000 words are 32 MB
_WORD = re.compile(r"\w+")
_FIRST_UNSPACED = "\u2e80"  # Chinese and Japanese, written without spaces, begin here: pairs of characters are counted


def topics_of(texts: Sequence[str], *, width: int = TOPICS) -> Floats:
    """A unit vector per text, zero for a text without a counted word. -> (n_texts, at most width)"""
    counts = [Counter(_words(text)) for text in texts]
    used = Counter(word for count in counts for word in count)
    kept = [word for word, n in used.most_common() if RAREST <= n <= max(RAREST, COMMONEST * len(texts))][:MAX_WORDS]
    if not kept:
        return np.zeros((len(texts), 1))
    row_of = {word: row for row, word in enumerate(kept)}
    matrix = np.zeros((len(texts), len(kept)))
    for row, count in enumerate(counts):
        for word, n in count.items():
            if word in row_of:
                matrix[row, row_of[word]] = 1 + np.log(n)
    matrix *= np.log(len(texts) / np.array([used[word] for word in kept]))
    return unit(_components(unit(matrix), width))


def unit(rows: Floats) -> Floats:
    """Normalise each row to length 1; a row of zeros stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def _components(matrix: Floats, width: int) -> Floats:
    """The rows in their main directions, from the Gram matrix: there are fewer texts than words. -> (n, width)"""
    values, vectors = np.linalg.eigh(matrix @ matrix.T)
    kept = np.argsort(values)[::-1][:width]
    # The fourth root of an eigenvalue is half a singular value's weight: else the first topic drowns the others.
    components: Floats = vectors[:, kept] * np.maximum(values[kept], 0.0) ** 0.25
    return components


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower()):
        if word[0] < _FIRST_UNSPACED:
            yield word
        else:
            yield from (word[start : start + 2] for start in range(max(1, len(word) - 1)))
