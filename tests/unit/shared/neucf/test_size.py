"""What a model's file is foreseen to take, against what it takes."""

import torch

from shared.neucf.config import NeuCFConfig
from shared.neucf.merge import config_of_merged
from shared.neucf.model import NeuCF
from shared.neucf.size import ID_HASH, OTHER_BYTES, model_bytes

USERS, POSTS = 300, 500


def test_the_bytes_of_a_model_are_those_of_its_rows_and_what_is_allowed_for_the_rest() -> None:
    for members in (1, 3):
        config = config_of_merged(NeuCFConfig(image_width=1280, caption_width=384), members)
        with torch.device("meta"):
            model = NeuCF(config, n_user_rows=USERS + 1, n_post_rows=POSTS + 1)
        sizes = {name: each.numel() * each.element_size() for name, each in model.state_dict().items()}
        rows = sum(sizes.pop(name) for name in ("user_table.weight", "post_table.weight", "post_bias", "content_share"))
        foreseen = model_bytes(users=USERS, posts=POSTS, members=members) - OTHER_BYTES
        assert foreseen == rows + ID_HASH * (USERS + POSTS + 2)
        assert sum(sizes.values()) < OTHER_BYTES / 2  # a manifest has at most a fourth of it
