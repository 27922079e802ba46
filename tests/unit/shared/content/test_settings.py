"""The settings of the content package."""

from datetime import timedelta

import pytest

from shared.content.settings import ContentSettings
from shared.errors import ConfigurationError
from shared.settings import load_settings


def test_hosts_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_IMAGE_HOSTS", "CDN.example.org, *.photos.test:9000 ,")
    assert load_settings(ContentSettings).image_hosts == ("cdn.example.org", "*.photos.test:9000")


@pytest.mark.parametrize("hosts", ["https://cdn.test", "*", "cdn.test/path", "*.", "a b"])
def test_what_is_no_host_is_refused(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("WARMLINE_IMAGE_HOSTS", hosts)
    with pytest.raises(ConfigurationError, match="WARMLINE_IMAGE_HOSTS: got"):
        load_settings(ContentSettings)


def test_no_host_is_allowed_by_default() -> None:
    assert load_settings(ContentSettings).image_hosts == ()


def test_megabytes_become_bytes() -> None:
    assert load_settings(ContentSettings, image_max_megabytes=0.5).fetch_limits.max_bytes == 500_000


def test_the_retry_settings_reach_the_backoff() -> None:
    backoff = load_settings(ContentSettings, image_retry_minutes=10, image_retry_cap_hours=1).backoff
    assert [backoff.after(attempts) for attempts in (1, 2, 9)] == [timedelta(minutes=m) for m in (10, 20, 60)]


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in ContentSettings.model_fields.items() if not field.description] == []
