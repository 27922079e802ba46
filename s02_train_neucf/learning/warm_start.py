"""A new model's first values, taken from one that was trained before: its rows by id, its layers where they fit.

A row number means nothing beyond its own model, so rows go through both vocabularies. Who is new starts from the
unknown row; who is no longer in the training's data, an erased user for example, is not in the new model at all.
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

SetInitialValues = Callable[[NeuCF], None]  # sets a new model's first values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predecessor:
    """A trained model that others may start from."""

    name: str  # for the record, such as "model 12"
    model: NeuCF
    users: Vocab
    posts: Vocab
    same_image: bool = True  # whether its image vectors are of the encoder in force
    same_caption: bool = True

    def members(self, config: NeuCFConfig) -> tuple[NeuCF, ...]:
        """Its members where they have this shape; none where they have another."""
        return tuple(member.cpu() for member in split_members(self.model, config))


def initial_values(before: Predecessor, data: TrainingSet, config: NeuCFConfig) -> tuple[SetInitialValues, ...]:
    """What sets the first values of each new member, one for each of the predecessor; says on the log what is kept."""
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
        anew=", ".join(_anew(before, config)) if members else "all: another shape",
    )
    return tuple(partial(_begin, before, member, users, posts) for member in members)


@torch.no_grad()
def _begin(before: Predecessor, member: NeuCF, users: Tensor, posts: Tensor, model: NeuCF) -> None:
    """Overwrite the first values of a model of the member's shape, whose content layers are fitted."""
    model.user_table.weight.copy_(member.user_table.weight[users])
    model.post_table.weight.copy_(member.post_table.weight[posts])
    model.post_bias.copy_(member.post_bias[posts])
    model.gmf_weights.copy_(member.gmf_weights)
    model.user_hidden.load_state_dict(member.user_hidden.state_dict())
    model.post_hidden.load_state_dict(member.post_hidden.state_dict())
    model.tower.load_state_dict(member.tower.state_dict())
    anew = _anew(before, model.config)
    for name, mine, theirs in (("image", model.image, member.image), ("caption", model.caption, member.caption)):
        if mine is not None and theirs is not None and name not in anew:
            _take_content(model, mine, theirs)


def _anew(before: Predecessor, config: NeuCFConfig) -> list[str]:
    """The content that starts by chance: the encoder, or the number of its components, is another."""
    theirs = before.model.config
    fits = {
        "image": before.same_image and theirs.image_width == config.image_width,
        "caption": before.same_caption and theirs.caption_width == config.caption_width,
    }
    wanted = {"image": config.image_width, "caption": config.caption_width}
    same_size = theirs.content_width == config.content_width
    return [name for name, fit in fits.items() if wanted[name] and not (fit and same_size)]


def _rows_before(before: Vocab, now: Vocab) -> Tensor:
    """The row that each of the new rows had; the unknown one stays so, and is what the new ones get. -> (n_rows,)"""
    return torch.from_numpy(np.r_[UNKNOWN_ROW, before.model_rows(now.id_hashes)])


def _take_content(model: NeuCF, mine: ContentLayer, theirs: ContentLayer) -> None:
    """Take a content projection, said again in the new model's components.

    The new centre and components are those of today's posts, so that a night with few posts does not decide for ever.
    With projection W, components C and centre c: W' = W·C·C'⁺, and what the shift of the centre adds to every vector,
    W·C·(c' − c), goes into the rows, and is taken off again where a post has no vector.
    """
    whole = theirs.projection.weight @ theirs.components  # (width, vector_width)
    mine.projection.weight.copy_(whole @ torch.linalg.pinv(mine.components))
    shift = whole @ (mine.center - theirs.center)  # (width,)
    mine.missing.copy_(theirs.missing - shift)
    model.post_table.weight.add_(shift)
