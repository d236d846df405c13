"""All settings of the service: one frozen object, made from the environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from migkg.errors import BadSetting

PREFIX = "MIGKG_"
MIB = 1024 * 1024


def _setting(default: Any, text: str) -> Any:  # noqa: ANN401 - a field of any type
    return field(default=default, metadata={"help": text})


def _default_releases() -> Path:
    data_home = os.environ.get("XDG_DATA_HOME")
    try:
        folder = Path(data_home) if data_home else Path.home() / ".local" / "share"
    except RuntimeError:  # a user without a home, as in some containers
        folder = Path(tempfile.gettempdir())
    return folder / "migkg" / "releases"


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _default_workers() -> int:
    return max(1, _processors() // 2)


def _default_processes() -> int:
    return max(4, 2 * _processors())


def _default_slow_queries() -> int:
    return max(2, _processors() // 2)


def _default_page_processes() -> int:
    return _default_processes() // 2


class Secret:
    """A text that nothing prints."""

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the one who needs it."""
        return self._text

    def __str__(self) -> str:
        return "set" if self._text else ""

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the text of one query may hold at most; the defaults are those of the settings."""

    depth: int = 100
    patterns: int = 64
    operators: int = 1000
    tokens: int = 10_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings; each is read from ``MIGKG_`` and its name in capitals."""

    base_iri: str = _setting(
        "https://w3id.org/migkg/",
        "What every identifier in the data starts with; ends with '/' or '#'.",
    )
    public_url: str = _setting(
        "", "Where clients reach the service, for links and redirects; empty: relative links."
    )
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.")
    project: Path | None = _setting(
        None,
        "Folder with ontology/, shapes/, queries/ and data/; empty: the checkout or the files "
        "inside the installed package.",
    )
    releases: Path = field(
        default_factory=_default_releases,
        metadata={
            "help": "Folder of the releases; empty: migkg/releases under XDG_DATA_HOME "
            "(~/.local/share)."
        },
    )
    engine_url: str = _setting(
        "",
        "SPARQL 1.1 endpoint that answers queries, or several that hold the same, each with its "
        "role (query=, standby= or publish=); empty: the embedded engine.",
    )
    engine_kind: str = _setting(
        "auto",
        "Engine behind the endpoint: oxigraph, virtuoso, fuseki, graphdb, qlever, neptune, "
        "generic; auto: found out.",
    )
    engine_credentials: Secret = _setting(
        Secret(), "'user:password' or 'Bearer TOKEN' for the endpoint."
    )
    engine_credentials_file: Path | None = _setting(
        None, "File that holds what MIGKG_ENGINE_CREDENTIALS would."
    )
    engine_ca_file: Path | None = _setting(
        None, "Certificates that those of the endpoint are verified with; empty: the system's."
    )
    engine_connect_deadline: float = _setting(
        1.0, "Seconds in which a connection to an endpoint must be there."
    )
    engine_patience: float = _setting(
        1.0, "Seconds after which another endpoint is asked too, where there are several."
    )
    engine_revision: str = _setting(
        "",
        "Query whose first value names the state of the data; of several endpoints those that "
        "lag behind are left out. Empty: they are taken to be the same. Not used for what was "
        "published to them.",
    )
    workers: int = field(
        default_factory=_default_workers,
        metadata={"help": "Front processes that share the port; empty: half the processors."},
    )
    proxy_hops: int = _setting(
        0, "Proxies in front, each of which adds to X-Forwarded-For; 0: the header is not believed."
    )
    build_processes: int = field(
        default_factory=_processors,
        metadata={"help": "Processes that make a release; empty: the processors."},
    )
    memory_budget: int = _setting(
        4096 * MIB, "Bytes that the data may take in memory; more is read from disk by each query."
    )
    cache_bytes: int = _setting(128 * MIB, "Bytes of answers kept for repeats.")
    query_deadline: float = _setting(10.0, "Seconds after which a query is stopped.")
    query_wait: float = _setting(5.0, "Seconds that a query may wait for a free process.")
    query_queue: int = _setting(256, "Queries that may wait for a free process.")
    slow_after: float = _setting(
        0.25, "Seconds after which a query is slow: it then goes behind all that are quick."
    )
    slow_queries: int = field(
        default_factory=_default_slow_queries,
        metadata={
            "help": "Slow queries that run at the same time; empty: half the processors, "
            "at least 2."
        },
    )
    quarantine: float = _setting(
        300.0, "Seconds for which a query that ended two processes is not run."
    )
    query_processes: int = field(
        default_factory=_default_processes,
        metadata={"help": "Query processes; empty: twice the processors, at least 4."},
    )
    page_processes: int = field(
        default_factory=_default_page_processes,
        metadata={"help": "Processes for pages; empty: half the query processes."},
    )
    query_memory: int = _setting(1024 * MIB, "Bytes that one query may take beside the data.")
    query_text: int = _setting(256 * 1024, "Bytes of the longest query text.")
    query_depth: int = _setting(Limits.depth, "Deepest nesting of brackets in a query.")
    query_patterns: int = _setting(
        Limits.patterns, "Triple patterns and path steps that a query joins in one group."
    )
    query_operators: int = _setting(
        Limits.operators, "Operators, clauses and selected things in a query."
    )
    query_tokens: int = _setting(
        Limits.tokens, "Words, terms and signs in a query, outside the rows of VALUES."
    )
    answer_rows: int = _setting(1_000_000, "Rows of the largest answer.")
    answer_bytes: int = _setting(256 * MIB, "Bytes of the largest answer.")
    answer_memory: int = _setting(MIB, "Bytes of an answer held in memory; the rest is spooled.")
    spool_bytes: int = _setting(4096 * MIB, "Bytes of answers in temporary files at the same time.")
    keep_releases: int = _setting(
        5, "Releases that a build leaves, the current one and the newest before it."
    )
    open_releases: int = _setting(2, "Older releases that answer ?release= at the same time.")
    release_idle: float = _setting(
        120.0, "Seconds after which an older release that nobody asks for is closed."
    )
    release_poll: float = _setting(1.0, "Seconds between two looks for a new release.")
    citations: int = _setting(10_000, "Citations that are kept; 0: none can be made.")
    citations_folder: Path | None = _setting(
        None, "Folder of the citations; empty: citations/ in the folder of the releases."
    )
    citation_bytes: int = _setting(16 * 1024, "Bytes of the query and the rest of one citation.")
    citation_rate: int = _setting(10, "Citations that one client may make in a minute.")
    connections: int = _setting(2000, "Connections at the same time.")
    request_deadline: float = _setting(
        30.0, "Seconds in which a request must have arrived, from its first byte to its last."
    )
    stall_deadline: float = _setting(
        30.0, "Seconds after which a connection is closed whose client takes next to nothing."
    )
    downloads: int = _setting(64, "Dumps that are sent at the same time.")
    upload_bytes: int = _setting(8 * MIB, "Bytes of the largest upload to /validate.")
    validate_deadline: float = _setting(30.0, "Seconds after which a validation is stopped.")
    validate_processes: int = _setting(2, "Validations that run at the same time.")
    search_text: int = _setting(200, "Characters of the longest text to search for.")
    search_deadline: float = _setting(2.0, "Seconds after which a search is given up.")
    searches: int = _setting(8, "Searches that run at the same time.")
    log: str = _setting("text", "How the log is written: text, or json.")
    log_requests: str = _setting(
        "failures", "Requests that the log tells of: off, failures (status 500 and more), or all."
    )
    log_query: int = _setting(
        0, "Characters of a query that the log shows; 0: only its digest (SHA-256)."
    )
    otlp_endpoint: str = _setting(
        "", "Address of a collector that takes traces (OTLP over HTTP); empty: none are made."
    )
    metrics: str = _setting(
        "loopback",
        "Who may read /metrics: loopback (clients of this machine that come through no proxy), "
        "all, or off.",
    )
    page_facts: int = _setting(200, "Links to a thing on one page of its document.")

    def __post_init__(self) -> None:
        if not self.base_iri.endswith(("/", "#")):
            raise BadSetting(PREFIX + "BASE_IRI", self.base_iri, "it must end with '/' or '#'")
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                known = f"it must be one of {', '.join(words)}"
                raise BadSetting(PREFIX + name.upper(), getattr(self, name), known)
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                raise BadSetting(
                    PREFIX + name.upper(), str(getattr(self, name)), "it must be more than 0"
                )

    def older(self) -> Settings:
        """The settings of an older release beside the current one: a quarter of what is shared."""
        return replace(self, **{name: -(-getattr(self, name) // 4) for name in _SHARED})

    def share(self) -> Settings:
        """The settings of one front process: what all share is divided by their number."""
        return replace(self, **{name: -(-getattr(self, name) // self.workers) for name in _SHARED})

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **overrides: object
    ) -> Settings:
        """The settings of an environment; ``overrides`` that are not None win over it."""
        values: dict[str, Any] = {}
        source = os.environ if environment is None else environment
        for item in fields(cls):
            name = PREFIX + item.name.upper()
            if source.get(name, ""):
                values[item.name] = _parse(name, source[name], str(item.type))
        values.update({key: value for key, value in overrides.items() if value is not None})
        return cls(**values)

    @cached_property
    def query_limits(self) -> Limits:
        """The limits on the text of a query."""
        return Limits(
            depth=self.query_depth,
            patterns=self.query_patterns,
            operators=self.query_operators,
            tokens=self.query_tokens,
        )

    def describe(self) -> list[tuple[str, str, str]]:
        """(environment variable, value in force, help) of every setting."""
        return [
            (PREFIX + item.name.upper(), str(getattr(self, item.name)), item.metadata["help"])
            for item in fields(self)
        ]


_SHARED = (
    "query_processes",
    "page_processes",
    "slow_queries",
    "query_queue",
    "cache_bytes",
    "spool_bytes",
    "connections",
    "downloads",
    "validate_processes",
    "searches",
)
_WORDS = {
    "log": ("text", "json"),
    "log_requests": ("off", "failures", "all"),
    "metrics": ("loopback", "all", "off"),
}
_POSITIVE = (
    *_SHARED,
    "workers",
    "build_processes",
    "keep_releases",
    "citation_bytes",
    "citation_rate",
    "release_idle",
    "release_poll",
    "query_deadline",
    "validate_deadline",
    "search_text",
    "search_deadline",
    "request_deadline",
    "stall_deadline",
    "answer_bytes",
    "answer_rows",
    "engine_connect_deadline",
    "engine_patience",
)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):  # no timer runs for so long
        raise ValueError(text)
    return number


def _parse(name: str, text: str, type_name: str) -> object:
    try:
        if type_name == "int":
            return int(text)
        if type_name == "float":
            return _finite(text)
    except ValueError:
        raise BadSetting(name, text, "it must be a number") from None
    if type_name == "Secret":
        return Secret(text)
    return Path(text).expanduser() if "Path" in type_name else text
