"""When training starts: a setting that cron or the time zones do not know is named."""

import pytest

from s02_train_neucf.settings import TrainSettings
from shared.errors import ConfigurationError
from shared.settings import load_settings


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRAIN_CRON", "61 3 * * *", "expected a crontab line of five fields"),
        ("TRAIN_CRON", "0 3 * *", "expected a crontab line of five fields"),
        ("TRAIN_CRON", "0 3 * * 9", "weekday '9' is not in 0-7"),
        ("TRAIN_CRON", '"0 3 * * *"', "the quotes are part of the value; leave them out"),
        ("TRAIN_CRON", "0 3 31 2 *", "it would never be due"),
        ("TRAIN_CRON", "0 3 30 feb *", "it would never be due"),
        ("SCHEDULE_TIMEZONE", "Mars/Base", "expected the name of a time zone"),
    ],
)
def test_a_wrong_schedule_names_its_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(f"WARMLINE_{name}", value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(TrainSettings)
    assert str(refused.value).startswith(f"WARMLINE_{name}: got {value!r}, expected ")
    assert says in str(refused.value)
