"""Merges several models of one shape into one whose score is exactly the mean of theirs.

Members that start from other random values make different errors; the mean of three ranks better than each of them
(EXPERIMENTS.md). Every part of the model is a sum or a block, so the mean is a NeuCF too: vectors are put side by side,
hidden layers become blocks on a diagonal, and serving need not know about members.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from shared.neucf.config import NeuCFConfig
from shared.neucf.model import NeuCF

Weights = dict[str, Tensor]
OF_POSTS = ("content_share", "nearness.")  # computed from the posts of the training, so equal in all members


def merge_members(members: Sequence[NeuCF]) -> NeuCF:
    """The mean of models that were trained on the same rows and content.

    Args:
        members: at least one, of one config.
    """
    first = members[0]
    if len(members) == 1:
        return first
    config, n = first.config, len(members)
    weights = [member.state_dict() for member in members]
    whole = NeuCF(
        config_of_merged(config, n),
        n_user_rows=first.user_table.num_embeddings,
        n_post_rows=first.post_table.num_embeddings,
    )
    whole.load_state_dict({name: _joined(name, weights, config) for name in weights[0]}, strict=True)
    return whole.to(first.gmf_weights.device).eval()


def split_members(whole: NeuCF, config: NeuCFConfig) -> tuple[NeuCF, ...]:
    """The members of a merged model; none if they have another shape than `config`.

    Exact except for the two biases that were averaged: each member gets the mean, so the merged score is unchanged.
    """
    n = whole.config.gmf_width // config.gmf_width
    if n < 1 or shape_of(whole.config) != shape_of(config_of_merged(config, n)):
        return ()
    weights = whole.state_dict()
    members = []
    for index in range(n):
        member_config = replace(
            whole.config, gmf_width=config.gmf_width, mlp_width=config.mlp_width, tower=config.tower, members=1
        )
        member = NeuCF(
            member_config, n_user_rows=whole.user_table.num_embeddings, n_post_rows=whole.post_table.num_embeddings
        )
        member.load_state_dict(
            {name: _part(name, tensor, member_config, index, n) for name, tensor in weights.items()}, strict=True
        )
        members.append(member.to(whole.gmf_weights.device).eval())
    return tuple(members)


def shape_of(config: NeuCFConfig) -> tuple[object, ...]:
    """What two models must share so that one can start from the layers and rows of the other."""
    recent = (config.recent_hidden, config.recent_full) if config.recent else ()
    return (config.gmf_width, config.mlp_width, config.tower, *recent)


def config_of_merged(config: NeuCFConfig, n: int) -> NeuCFConfig:
    """The config of n merged members."""
    tower = tuple(width * n for width in config.tower)
    members = n if config.recent else 1  # without latest likes, a wider model is all that merging makes
    return replace(config, gmf_width=config.gmf_width * n, mlp_width=config.mlp_width * n, tower=tower, members=members)


def _joined(name: str, weights: Sequence[Weights], config: NeuCFConfig) -> Tensor:
    parts, n = [each[name] for each in weights], len(weights)
    if name.endswith((".center", ".components")) or name.startswith(OF_POSTS):  # not learned
        return parts[0]
    if name.startswith("recent_likes."):  # one part for each member
        return torch.cat(parts)
    if name in ("user_table.weight", "post_table.weight") or name.endswith(".missing"):
        return _side_by_side(parts, config)
    if name.endswith(".projection.weight"):
        return _side_by_side([part.T for part in parts], config).T.contiguous()
    if name == "gmf_weights":
        return torch.cat(parts) / n
    if name == "user_hidden.bias":
        return torch.cat(parts)
    if name in ("user_hidden.weight", "post_hidden.weight"):
        return _diagonal(parts)
    if name == "post_bias" or name == f"tower.{len(config.tower) - 1}.bias":
        return torch.stack(parts).mean(dim=0)
    if name == f"tower.{len(config.tower) - 1}.weight":
        return torch.cat(parts, dim=1) / n
    return _diagonal(parts) if name.endswith(".weight") else torch.cat(parts)  # inner layers of the tower


def _part(name: str, whole: Tensor, config: NeuCFConfig, index: int, n: int) -> Tensor:
    """The part of a merged tensor that came from the member at this index; undoes `_joined`."""
    last = f"tower.{len(config.tower) - 1}"
    if name.endswith((".center", ".components")) or name.startswith(OF_POSTS):
        return whole
    if name in ("post_bias", f"{last}.bias"):
        return whole
    if name.startswith("recent_likes."):
        return whole[index : index + 1]
    if name in ("user_table.weight", "post_table.weight") or name.endswith(".missing"):
        return _columns(whole, config, index, n)
    if name.endswith(".projection.weight"):
        return _columns(whole.T, config, index, n).T.contiguous()
    if name == "gmf_weights":
        return whole.chunk(n)[index] * n
    if name == f"{last}.weight":
        return whole.chunk(n, dim=1)[index] * n
    rows = whole.chunk(n)[index]
    return rows.chunk(n, dim=1)[index] if name.endswith(".weight") else rows  # of a block on the diagonal


def _columns(whole: Tensor, config: NeuCFConfig, index: int, n: int) -> Tensor:
    """One member's vectors; undoes `_side_by_side`."""
    gmf, mlp = whole[..., : n * config.gmf_width], whole[..., n * config.gmf_width :]
    return torch.cat([gmf.chunk(n, dim=-1)[index], mlp.chunk(n, dim=-1)[index]], dim=-1)


def _diagonal(parts: Sequence[Tensor]) -> Tensor:
    whole: Tensor = torch.block_diag(*parts)
    return whole


def _side_by_side(parts: Sequence[Tensor], config: NeuCFConfig) -> Tensor:
    """Joins vectors of (…, width): first the GMF parts of all members, then their MLP parts."""
    width = config.gmf_width
    return torch.cat([*(part[..., :width] for part in parts), *(part[..., width:] for part in parts)], dim=-1)
