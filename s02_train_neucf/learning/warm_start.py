"""Initial values of a new model from a trained one: table rows by id hash, and the layers that fit.

Model rows differ between models, so they are mapped through both vocabularies. New users and posts start from the
unknown row; those that are no longer in the training data, such as erased users, are not in the new model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from s02_train_neucf.data.dataset import TrainingSet
from shared.logs import log_event
from shared.neucf.config import NeuCFConfig
from shared.neucf.content import ContentLayer
from shared.neucf.merge import split_members
from shared.neucf.model import NeuCF
from shared.neucf.vocab import UNKNOWN_ROW, Vocab

SetInitialValues = Callable[[NeuCF], None]  # sets a new model's initial values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predecessor:
    """A trained model that a training may start from."""

    name: str  # for the record, such as "model 12"
    model: NeuCF
    users: Vocab
    posts: Vocab
    same_image: bool = True  # whether its image encoder is the current one
    same_caption: bool = True

    def members(self, config: NeuCFConfig) -> tuple[NeuCF, ...]:
        """Its members if they have this shape, else none."""
        return tuple(member.cpu() for member in split_members(self.model, config))


def initial_values(before: Predecessor, data: TrainingSet, config: NeuCFConfig) -> tuple[SetInitialValues, ...]:
    """Functions that set initial values, one per member of the predecessor; logs what is transferred."""
    members = before.members(config)
    users, posts = _rows_before(before.users, data.users), _rows_before(before.posts, data.posts)
    log_event(
        "train.warm_start",
        before=before.name,
        members=len(members),
        users_kept=int(users.count_nonzero()) if members else 0,
        users=data.users.n_rows - 1,
        posts_kept=int(posts.count_nonzero()) if members else 0,
        posts=data.posts.n_rows - 1,
        anew=", ".join(_not_transferable(before, config)) if members else "all: another shape",
    )
    return tuple(partial(_copy_values, before, member, users, posts) for member in members)


@torch.no_grad()
def _copy_values(before: Predecessor, member: NeuCF, users: Tensor, posts: Tensor, model: NeuCF) -> None:
    """Overwrite the initial values of a model of the member's shape, whose content layers are fitted."""
    model.user_table.weight.copy_(member.user_table.weight[users])
    model.post_table.weight.copy_(member.post_table.weight[posts])
    model.post_bias.copy_(member.post_bias[posts])
    model.gmf_weights.copy_(member.gmf_weights)
    model.user_hidden.load_state_dict(member.user_hidden.state_dict())
    model.post_hidden.load_state_dict(member.post_hidden.state_dict())
    model.tower.load_state_dict(member.tower.state_dict())
    if model.recent_likes is not None and member.recent_likes is not None:
        model.recent_likes.load_state_dict(member.recent_likes.state_dict())
    not_transferable = _not_transferable(before, model.config)
    for name, layer, old in (("image", model.image, member.image), ("caption", model.caption, member.caption)):
        if layer is not None and old is not None and name not in not_transferable:
            _copy_content(model, layer, old)


def _not_transferable(before: Predecessor, config: NeuCFConfig) -> list[str]:
    """Content layers that keep random values, because the encoder or the number of components has changed."""
    old = before.model.config
    fits = {
        "image": before.same_image and old.image_width == config.image_width,
        "caption": before.same_caption and old.caption_width == config.caption_width,
    }
    wanted = {"image": config.image_width, "caption": config.caption_width}
    same_size = old.content_width == config.content_width
    return [name for name, fit in fits.items() if wanted[name] and not (fit and same_size)]


def _rows_before(before: Vocab, now: Vocab) -> Tensor:
    """The old model row for each new one; the unknown row for itself and for new ids. -> (n_rows,)"""
    return torch.from_numpy(np.r_[UNKNOWN_ROW, before.model_rows(now.id_hashes)])


def _copy_content(model: NeuCF, layer: ContentLayer, old: ContentLayer) -> None:
    """Copy a content projection, expressed in the new model's components.

    Centre and components are computed anew from today's posts, so that one training with few posts has no lasting
    effect. With projection W, components C and centre c: W' = W·C·C'⁺. The shift of the centre would add W·C·(c' − c)
    to every vector: it goes into the posts' rows, and is subtracted from the vector of missing content.
    """
    projection = old.projection.weight @ old.components  # (width, vector_width)
    layer.projection.weight.copy_(projection @ torch.linalg.pinv(layer.components))
    shift = projection @ (layer.center - old.center)  # (width,)
    layer.missing.copy_(old.missing - shift)
    share = 1.0 if model.content_share is None else model.content_share[:, None]
    model.post_table.weight.add_(shift * share)
