import json

import pytest

from shared.errors import ArtefactError, ConfigurationError
from shared.neucf.config import NeuCFConfig


def test_a_config_survives_json() -> None:
    config = NeuCFConfig(tower=(24, 12, 6), image_width=5, history=False)
    assert NeuCFConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gmf_width", 0),
        ("mlp_width", 10**9),
        ("image_width", -1),
        ("content_width", 0),
        ("content_half_likes", -1),
        ("nearness", 1.5),
        ("tower", ()),
        ("dropout", 1.0),
        ("id_dropout", -0.1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        NeuCFConfig(**{name: value})  # type: ignore[arg-type]


def test_an_unknown_name_in_json_is_refused() -> None:
    with pytest.raises(ArtefactError, match="layers"):
        NeuCFConfig.from_json({**NeuCFConfig().to_json(), "layers": [8]})


def test_a_name_missing_in_json_is_refused() -> None:
    values = NeuCFConfig().to_json()
    del values["tower"]
    with pytest.raises(ArtefactError, match=r"lacks.*tower"):
        NeuCFConfig.from_json(values)


def test_a_model_from_before_the_order_of_likes_counted_reads_none() -> None:
    config = NeuCFConfig.from_json(NeuCFConfig(recent=0).to_json())
    assert (config.recent, config.members, config.gmf_width) == (0, 1, NeuCFConfig().gmf_width)


def test_a_model_that_reads_no_order_can_be_read_by_the_version_before() -> None:
    assert not {"recent", "recent_hidden", "recent_dropout", "members"} & NeuCFConfig(recent=0).to_json().keys()
    whole = NeuCFConfig(gmf_width=6, mlp_width=3, recent=20, recent_hidden=5, members=3)
    assert NeuCFConfig.from_json(whole.to_json()) == whole


def test_a_model_with_content_from_before_it_made_room_for_likes_counts_it_whole_and_knows_no_nearness() -> None:
    values = NeuCFConfig(image_width=5, content_half_likes=0, nearness=0).to_json()
    assert not {"content_half_likes", "nearness"} & values.keys()
    config = NeuCFConfig.from_json(values)
    assert (config.content_half_likes, config.nearness, config.nearness_widths) == (0, 0, {})


@pytest.mark.parametrize("change", [{"content_half_likes": 0}, {"nearness": 0}, {}])
def test_how_content_counts_survives_json(change: dict[str, int]) -> None:
    config = NeuCFConfig(image_width=5, **change)  # type: ignore[arg-type]
    assert NeuCFConfig.from_json(config.to_json()) == config


def test_a_model_without_content_can_be_read_by_the_version_before() -> None:
    assert not {"content_half_likes", "nearness"} & NeuCFConfig(recent=0).to_json().keys()


def test_members_share_the_widths_evenly() -> None:
    with pytest.raises(ConfigurationError, match="members"):
        NeuCFConfig(gmf_width=9, mlp_width=4, members=2)


def test_a_wrong_type_in_json_is_refused() -> None:
    with pytest.raises(ArtefactError, match="gmf_width"):
        NeuCFConfig.from_json({**NeuCFConfig().to_json(), "gmf_width": "128"})
