import numpy as np

from s02_train_neucf.evaluation.user_groups import by_group, user_groups


def test_cold_users_are_a_group_and_the_others_stand_in_quarters() -> None:
    groups = user_groups(np.array([0, 2, 3, 4, 5, 6]), cold_below=3)
    assert {name: np.flatnonzero(mask).tolist() for name, mask in groups.items()} == {
        "cold users (below 3 likes)": [0, 1],
        "quarter 1 (3 to 3 likes)": [2],
        "quarter 2 (4 to 4 likes)": [3],
        "quarter 3 (5 to 5 likes)": [4],
        "quarter 4 (6 to 6 likes)": [5],
    }


def test_users_with_equally_many_likes_are_in_one_quarter() -> None:
    groups = user_groups(np.array([3, 3, 3, 3, 9]), cold_below=3)
    assert [mask.tolist() for mask in groups.values()] == [[True] * 4 + [False], [False] * 4 + [True]]


def test_every_user_is_in_one_group() -> None:
    groups = user_groups(np.random.default_rng(1).integers(0, 40, 500), cold_below=3)
    assert (np.sum(list(groups.values()), axis=0) == 1).all()


def test_a_groups_figure_is_the_mean_of_its_users() -> None:
    groups = {"a": np.array([True, True, False]), "nobody": np.zeros(3, np.bool_)}
    got = by_group({"hr@1": np.array([1.0, 0.0, 1.0])}, groups, np.random.default_rng(0))
    assert {group: figures["hr@1"].mean for group, figures in got.items()} == {"a": 0.5}
