"""`dev` admits every reader; from other machines only if a second setting allows it."""

import pytest

from shared.errors import ConfigurationError
from shared.settings import load_settings
from timeline.settings import TimelineSettings

pytestmark = pytest.mark.usefixtures("no_env_file")


def refusal(monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    for name, value in values.items():
        monkeypatch.setenv(f"WARMLINE_{name}", value)
    try:
        load_settings(TimelineSettings)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "[::]", "10.0.0.5", "192.168.1.2", "169.254.1.1", "::ffff:10.0.0.5", "myhost",
     "localhost.evil.org", "127.0.0.1.nip.io", "0", "127.1"],
)  # fmt: skip
def test_dev_beyond_loopback_is_refused_and_the_settings_are_named(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    said = refusal(monkeypatch, ENV="dev", HOST=host)
    assert said.startswith(f"WARMLINE_HOST: got {host!r} with WARMLINE_ENV=dev")
    assert "WARMLINE_DEV_OPEN_TO_NETWORK=true" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST", ""])
def test_dev_on_this_machine_needs_no_other_setting(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert refusal(monkeypatch, ENV="dev", HOST=host) == ""


def test_dev_beyond_loopback_is_possible_with_the_second_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, ENV="dev", HOST="0.0.0.0", DEV_OPEN_TO_NETWORK="true") == ""


def test_production_listens_on_any_host(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"ADMIN_TOKEN": "a" * 16, "API_KEY": "k" * 16, "JWT_KEY": "j" * 32}
    assert refusal(monkeypatch, ENV="production", HOST="0.0.0.0", **secrets) == ""


def test_the_second_setting_alone_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not set, expected secrets" in refusal(monkeypatch, HOST="0.0.0.0", DEV_OPEN_TO_NETWORK="true")
