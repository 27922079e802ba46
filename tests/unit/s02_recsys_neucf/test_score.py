import numpy as np
import pytest
import torch

from s02_recsys_neucf import score
from s02_recsys_neucf.score import IndicesPerUser, RankedBlock, candidates_from, rank, users_from, with_serving_order
from shared.errors import ScoringRefused
from shared.neucf.config import NeuCFConfig
from shared.neucf.fast.fused import POSTS_AT_ONCE, USERS_AT_ONCE
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.features import NO_FEATURES, ContentVectors, PostFeatures
from shared.neucf.model import NeuCF, UserSide

CPU = torch.device("cpu")
N_USERS, N_POSTS = 5, 9


def indices(*per_user: list[int]) -> IndicesPerUser:
    return IndicesPerUser.of([np.array(each, dtype=np.int64) for each in per_user])


NOTHING = indices(*([] for _ in range(N_USERS)))


@pytest.fixture
def model() -> NeuCF:
    config = NeuCFConfig(gmf_width=4, mlp_width=2, tower=(3,), image_width=3)
    model = NeuCF(config, n_user_rows=N_USERS + 1, n_post_rows=N_POSTS + 1).eval()
    model.start(torch.Generator().manual_seed(0))
    return model


def some_users(model: NeuCF, liked: IndicesPerUser = NOTHING) -> UserSide:
    return users_from(model, np.arange(1, N_USERS + 1), liked, np.arange(1, N_POSTS + 1), NO_FEATURES, CPU)


def ranked(model: NeuCF, ineligible: IndicesPerUser = NOTHING, k: int = 4) -> list[RankedBlock]:
    return list(rank(model, some_users(model), candidates_from(model, np.arange(1, N_POSTS + 1), CPU), ineligible, k))


@torch.no_grad()
def test_lists_hold_the_best_posts_with_the_models_own_scores(model: NeuCF) -> None:
    (block,) = ranked(model)
    users, candidates = some_users(model), candidates_from(model, np.arange(1, N_POSTS + 1), CPU)
    whole = model.score_block(users, candidates).numpy()
    np.testing.assert_array_equal(block.indices, np.argsort(-whole, axis=1)[:, :4])
    np.testing.assert_allclose(block.scores, -np.sort(-whole, axis=1)[:, :4], rtol=1e-5)


@torch.no_grad()
def test_the_serving_order_adds_one_term_per_post_to_every_score(model: NeuCF) -> None:
    users, candidates = some_users(model), candidates_from(model, np.arange(1, N_POSTS + 1), CPU)
    added = np.linspace(-1, 1, N_POSTS).astype(np.float32)
    before, after = (
        model.score_block(users, posts).numpy() for posts in (candidates, with_serving_order(candidates, added))
    )
    np.testing.assert_allclose(after - before, np.tile(added, (N_USERS, 1)), atol=1e-5)


@torch.no_grad()
def test_the_serving_order_adds_the_same_term_to_a_post_that_nearness_ranks() -> None:
    config = NeuCFConfig(gmf_width=4, mlp_width=2, tower=(3,), image_width=3, nearness=8)
    model = NeuCF(config, n_user_rows=N_USERS + 1, n_post_rows=N_POSTS + 1).eval()
    model.start(torch.Generator().manual_seed(0))
    photos = np.random.default_rng(0).normal(size=(N_POSTS, 3)).astype(np.float32)
    features = PostFeatures(image=ContentVectors(photos, np.ones(N_POSTS, np.bool_)))
    assert model.nearness is not None
    model.nearness.fit(model.post_input(torch.arange(N_POSTS), features).image, None)
    model.nearness.weights.fill_(2.0)
    liked = indices([0, 1], [2], [3], [4, 5], [])
    users = users_from(model, np.arange(1, N_USERS + 1), liked, np.arange(1, N_POSTS + 1), features, CPU)
    assert users.near is not None
    assert users.near.kept.min() < 0.9  # scores of unseen posts are rescaled, but not the term
    rows, added = np.array([1, 2, 3, 4, 0, 0, 0, 0, 0]), np.linspace(-3, 3, N_POSTS).astype(np.float32)
    candidates = candidates_from(model, rows, CPU, features)
    before, after = (
        model.score_block(users, posts).numpy() for posts in (candidates, with_serving_order(candidates, added))
    )
    np.testing.assert_allclose(after - before, np.tile(added, (N_USERS, 1)), atol=1e-5)


def test_an_ineligible_post_is_not_ranked_for_that_user_and_stays_for_others(model: NeuCF) -> None:
    (before,) = ranked(model)
    best_of_second = int(before.indices[1, 0])
    (after,) = ranked(model, indices([], [best_of_second], [], [], []))
    np.testing.assert_array_equal(after.indices[1, :3], before.indices[1, 1:])
    np.testing.assert_array_equal(after.indices[[0, 2, 3, 4]], before.indices[[0, 2, 3, 4]])


def test_a_user_with_few_eligible_posts_gets_a_short_list(model: NeuCF) -> None:
    (block,) = ranked(model, indices([0, 1, 2, 3, 4, 5, 6, 8], [], [], [], []))
    assert block.indices[0].tolist() == [7, NO_POST, NO_POST, NO_POST]


def test_a_user_with_no_eligible_post_gets_an_empty_list(model: NeuCF) -> None:
    (block,) = ranked(model, indices(list(range(N_POSTS)), [], [], [], []))
    assert block.indices[0].tolist() == [NO_POST] * 4


def test_small_blocks_give_what_one_block_gives(model: NeuCF, monkeypatch: pytest.MonkeyPatch) -> None:
    ineligible = indices([1], [], [2, 3], [0], [5])
    (whole,) = ranked(model, ineligible)
    monkeypatch.setattr(score, "USERS_AT_ONCE", 2)
    parts = ranked(model, ineligible)
    assert [part.users for part in parts] == [slice(0, 2), slice(2, 4), slice(4, 5)]
    np.testing.assert_array_equal(np.concatenate([part.indices for part in parts]), whole.indices)


def test_no_candidates_give_no_blocks(model: NeuCF) -> None:
    assert list(rank(model, some_users(model), candidates_from(model, np.zeros(0, np.int64), CPU), NOTHING, 4)) == []


def test_a_score_that_is_no_number_is_refused(model: NeuCF) -> None:
    with torch.no_grad():
        model.post_bias[3] = torch.inf
    with pytest.raises(ScoringRefused, match="NaN or infinite"):
        ranked(model)


def test_ineligible_posts_of_other_users_are_refused(model: NeuCF) -> None:
    with pytest.raises(ScoringRefused, match="got 2 users, expected 5"):
        ranked(model, indices([], []))


def test_a_cold_post_is_scored_by_its_photo(model: NeuCF) -> None:
    photos = PostFeatures(image=ContentVectors(np.eye(2, 3, dtype=np.float32), np.array([True, False])))
    cold = candidates_from(model, np.zeros(2, np.int64), CPU, photos)
    assert not torch.allclose(cold.gmf[0], cold.gmf[1])


def test_what_someone_liked_moves_their_list(model: NeuCF) -> None:
    liking = some_users(model, indices([3, 4], [], [], [], []))
    assert not torch.allclose(liking.gmf[0], some_users(model).gmf[0])
    assert torch.allclose(liking.gmf[1:], some_users(model).gmf[1:])


@pytest.mark.parametrize("threads", [1, 2])
@torch.no_grad()
def test_many_users_and_posts_get_the_lists_of_the_plain_model(threads: int) -> None:
    """Blocks of users and of posts, a tower of several layers, and withheld posts: against score, mask, full sort."""
    chance, n_users, n_posts, k = np.random.default_rng(0), 3 * USERS_AT_ONCE + 5, POSTS_AT_ONCE + 100, 50
    config = NeuCFConfig(gmf_width=8, mlp_width=8, tower=(16, 8))
    model = NeuCF(config, n_user_rows=n_users + 1, n_post_rows=n_posts + 1).eval()
    with torch.no_grad():
        for weights in model.parameters():
            weights.normal_(0, 0.5, generator=torch.Generator().manual_seed(weights.numel()))
    users, posts = model.user_side(torch.arange(n_users)), candidates_from(model, np.arange(n_posts), CPU)
    ineligible = indices(*(chance.choice(n_posts, 30, replace=False).tolist() for _ in range(n_users)))
    plain = model.score_block(users, posts).numpy()
    for user in range(n_users):
        plain[user, ineligible.indices[ineligible.starts[user] : ineligible.starts[user + 1]]] = -np.inf
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        blocks = list(rank(model, users, posts, ineligible, k))
    finally:
        torch.set_num_threads(before)
    assert [block.users.start for block in blocks] == [0, 64, 128, 192]
    ranked = np.concatenate([block.indices for block in blocks])
    assert not np.isneginf(np.take_along_axis(plain, ranked, axis=1)).any()
    in_order = -np.sort(-plain, axis=1)[:, :k]  # two posts whose scores differ by rounding may change places
    np.testing.assert_allclose(np.take_along_axis(plain, ranked, axis=1), in_order, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([block.scores for block in blocks]), in_order, rtol=1e-4, atol=1e-4)
    assert all(len(set(mine)) == k for mine in ranked.tolist())
