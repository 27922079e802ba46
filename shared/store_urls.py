"""Parses the URLs of PostgreSQL and Redis as people write them, and writes them so that every client reads the same.

Passwords often hold characters that should have been percent-encoded (`#`, `/`, `@`, `?`): everything up to the last
`@` before the host is user and password. No message repeats a part of a URL: any part may hold a misplaced secret.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlencode

MAX_PORT = 65_535
POSTGRESQL = ("postgresql", "postgres")
# The options that redis-py accepts in a URL and that are safe: options that would change how answers are decoded, or
# select another database, are left out.
REDIS_OPTIONS = {"client_name", "username", "password"}
TLS_OPTIONS = {
    "ssl_ca_certs", "ssl_ca_data", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile",
    "ssl_password",
}  # fmt: skip
TLS_VALUES = {"ssl_cert_reqs": ("none", "optional", "required"), "ssl_check_hostname": ("true", "false")}
_HOST = re.compile(r"[A-Za-z0-9_.%~-]+|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host of a URL."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUrl:
    """The parts of a URL, percent-decoded."""

    scheme: str
    user: str | None = None
    password: str | None = None
    hosts: Sequence[Host] = ()
    path: str = ""  # without the first slash; a database
    options: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The URL, percent-encoded where necessary."""
        user = "" if self.user is None else quote(self.user, safe="")
        password = "" if self.password is None else f":{quote(self.password, safe='')}"
        at = "@" if user or password else ""
        query = f"?{urlencode(self.options, quote_via=quote)}" if self.options else ""
        path = f"/{quote(self.path)}" if self.path or self.scheme == "unix" else ""
        return f"{self.scheme}://{user}{password}{at}{','.join(map(str, self.hosts))}{path}{query}"


def postgresql_url(text: str) -> StoreUrl:
    """Parse a URL of PostgreSQL, with one host or several.

    Raises:
        ValueError: says what is expected, without quoting the text.
    """
    scheme, _, _ = text.partition("://")
    if scheme.partition("+")[0] not in POSTGRESQL or "://" not in text:
        raise ValueError("a URL that starts with postgresql://")
    url = _split(text)
    if url.options.get("client_encoding", "utf8").lower().replace("-", "") not in ("utf8", "unicode", "auto"):
        raise ValueError("no client_encoding but utf8")
    if "replication" in url.options:
        raise ValueError("an ordinary connection, without the option replication")
    return url


def redis_url(text: str) -> StoreUrl:
    """Parse a URL of Redis.

    Raises:
        ValueError: says what is expected, without quoting the text.
    """
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("a URL that starts with redis://, rediss:// or unix://")
    if text.startswith("unix://"):
        return _unix_url(text)
    url = _split(text)
    if len(url.hosts) > 1:
        raise ValueError("one host (Redis' clients know no second one)")
    if url.path and not re.fullmatch(r"[0-9]{1,5}", url.path):
        raise ValueError("a database number, or nothing, after the host, as in redis://host:6379/0")
    _refuse_options(url.options, REDIS_OPTIONS | (TLS_OPTIONS if url.scheme == "rediss" else set()))
    return url


def _unix_url(text: str) -> StoreUrl:
    url = _split(text)
    if url.hosts or not url.path:
        raise ValueError("a path after unix://, as in unix:///run/redis.sock?db=0")
    _refuse_options(url.options, REDIS_OPTIONS | {"db"})
    if not re.fullmatch(r"[0-9]{1,5}", url.options.get("db", "0")):
        raise ValueError("a number for the option db")
    return url


def _refuse_options(options: Mapping[str, str], known: set[str]) -> None:
    """Refuse unknown options: some would make every page fail, others would change how answers are decoded."""
    unknown = len(set(options) - known)
    if unknown:
        some = "option" if unknown == 1 else "options"
        raise ValueError(f"no other {some} than {', '.join(sorted(known))} after the ?, got {unknown} that it is not")
    for name, values in TLS_VALUES.items():
        if name in options and options[name].lower() not in values:
            raise ValueError(f"{name} as one of {', '.join(values)}")


def _split(text: str) -> StoreUrl:
    if not text.isprintable() or text != text.strip():  # a lone surrogate stands for a byte that is not UTF-8
        raise ValueError("a URL without line ends, control characters, and bytes that are not UTF-8")
    scheme, _, rest = text.partition("://")
    user, password, rest = _credentials(rest)
    location, mark, query = rest.partition("?")
    hosts, _, path = location.partition("/")
    if "#" in location:
        raise ValueError("no # but in the password (write %23 elsewhere)")
    return StoreUrl(
        scheme=scheme,
        user=user,
        password=password,
        hosts=tuple(_host(each) for each in hosts.split(",")) if hosts else (),
        path=unquote(path),
        options=_options(query) if mark else {},
    )


def _credentials(rest: str) -> tuple[str | None, str | None, str]:
    """User, password and the rest. They end at the last @ before the options, else at the last @ of all."""
    before, mark, after = rest.partition("?")
    if "@" in before:
        given, _, location = before.rpartition("@")
        rest = location + mark + after
    elif ":" in before and "@" in after and not re.match(r"(\[[^\]]*\]|[^:/]*):\d*(/|$)", before):
        given, _, rest = rest.rpartition("@")  # a password with a question mark
    else:
        return None, None, rest
    user, mark, password = given.partition(":")
    return unquote(user) or None, unquote(password) if mark else None, rest


def _host(text: str) -> Host:
    name, port = text, ""
    if not text.endswith("]"):
        name, _, port = text.rpartition(":") if ":" in text else (text, "", "")
    if not _HOST.fullmatch(name):
        raise ValueError(
            "a URL with a host, as in scheme://user:password@host:port/database (write %40 for an @ in it)"
        )
    if port and not (port.isascii() and port.isdigit() and 1 <= int(port) <= MAX_PORT):
        raise ValueError(f"a URL whose port is a number from 1 to {MAX_PORT}")
    return Host(name=name, port=int(port) if port else None)


def _options(query: str) -> dict[str, str]:
    pairs = [option.partition("=") for option in query.split("&")]
    if not all(name and mark for name, mark, _ in pairs):
        raise ValueError("options as ?name=value&name=value")
    options = {unquote(name): unquote(value) for name, _, value in pairs}
    if len(options) != len(pairs):
        raise ValueError("each option once")
    return options
