"""`WARMLINE_CORS_ORIGINS`: exactly what browsers send, and no wildcard."""

import pytest

from shared.errors import ConfigurationError
from shared.settings import load_settings
from timeline.settings import TimelineSettings

pytestmark = pytest.mark.usefixtures("no_env_file")


def loaded(monkeypatch: pytest.MonkeyPatch, origins: str) -> tuple[str, ...]:
    monkeypatch.setenv("WARMLINE_ENV", "dev")
    monkeypatch.setenv("WARMLINE_CORS_ORIGINS", origins)
    return load_settings(TimelineSettings).cors_origins


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://app.example.org", ("https://app.example.org",)),
        (" https://a.example , http://localhost:5173,", ("https://a.example", "http://localhost:5173")),
        ("http://127.0.0.1:8080,http://[::1]:3000", ("http://127.0.0.1:8080", "http://[::1]:3000")),
        ("https://xn--bcher-kva.example", ("https://xn--bcher-kva.example",)),
    ],
)
def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]) -> None:
    assert loaded(monkeypatch, text) == origins


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example.org", "app.example.org", "https://app.example.org/", "https://app.example.org/x",
     "https://App.example.org", "https://app.example.org:443", "http://app.example.org:80", "ftp://app.example.org",
     "https://user@app.example.org", "https://bücher.example", "https://", "capacitor://localhost", "https://a b",
     "https://app.example.org:0", "https://app.example.org.\r\nx"],
)  # fmt: skip
def test_what_no_browser_sends_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    with pytest.raises(ConfigurationError, match="WARMLINE_CORS_ORIGINS"):
        loaded(monkeypatch, f"https://good.example,{origin}")
