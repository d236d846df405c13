"""Content negotiation: which of the formats on offer a client gets.

Source: RFC 9110, section 12.5.1, https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

HTML = "text/html"
JSON = "application/json"
# What the type was called before; rdflib still asks for N-Triples so, and for anything besides.
_FORMER_NAMES = {"application/n-triples": ("text", "plain")}
_REMEMBERED = 4096
_LONGEST = 500  # characters of an Accept that is worth remembering
_RANGES = 200


@dataclass(frozen=True)
class _Range:
    type: str
    subtype: str
    quality: float
    parameters: bool

    def matches(self, media_type: str) -> bool:
        main, _, sub = media_type.partition("/")
        return self.type in ("*", main) and self.subtype in ("*", sub)

    @property
    def precedence(self) -> tuple[int, bool]:
        """What is offered has no parameters, so a range without them fits it better."""
        return (self.type != "*") + (self.subtype != "*"), not self.parameters


def choose(accept: Iterable[str], offers: Iterable[str]) -> str | None:
    """The offered media type that the client likes best, or None if it accepts none.

    ``accept`` holds the values of all ``Accept`` lines; none at all means anything. Among types
    that the client likes equally, one that it calls by a former name wins, else the first on offer.
    Of very many ranges the first count.
    """
    line = ",".join(accept)
    find = _remembered if len(line) <= _LONGEST else _choose
    return find(line, tuple(offers))


def languages(accept: Iterable[str]) -> tuple[str, ...]:
    """The languages of ``Accept-Language`` without their regions, best first (section 12.5.4)."""
    qualities: dict[str, float] = {}
    for part in ",".join(accept)[:_LONGEST].split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.partition("=")
        quality = _number(value) if key.strip() == "q" else 1.0
        language = name.strip().partition("-")[0].lower()
        if language.isalpha() and quality > 0:
            qualities[language] = max(quality, qualities.get(language, 0.0))
    return tuple(sorted(qualities, key=lambda language: -qualities[language]))


def _choose(accept: str, offers: tuple[str, ...]) -> str | None:
    parts = accept.split(",", _RANGES)[:_RANGES]
    ranges = [r for part in parts if (r := _parse(part))]
    if not ranges:
        return offers[0] if offers else None
    best: tuple[float, str] | None = None
    named = {(r.type, r.subtype) for r in ranges}
    for offer in sorted(offers, key=lambda offer: _FORMER_NAMES.get(offer) not in named):
        quality = _quality(ranges, offer)
        if quality > 0 and (best is None or quality > best[0]):
            best = (quality, offer)
    return best[1] if best else None


_remembered = lru_cache(maxsize=_REMEMBERED)(_choose)


def _quality(ranges: Iterable[_Range], offer: str) -> float:
    """The quality that the most specific range gives to a type."""
    matching = [r for r in ranges if r.matches(offer)]
    return max(matching, key=lambda r: r.precedence).quality if matching else 0.0


def _parse(part: str) -> _Range | None:
    fields = [field.strip() for field in part.split(";")]
    main, slash, sub = fields[0].lower().partition("/")
    if not slash or (main == "*" and sub != "*"):
        return None
    names = [field.partition("=")[0].strip().lower() for field in fields[1:] if field]
    parameters = any(name != "q" for name in names)
    return _Range(main, sub, quality_of(part), parameters)


def quality_of(parameters: str) -> float:
    """The ``q`` among the parameters of a range, such as ``;q=0.5``; 1 without one."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return _number(value)
    return 1.0


def _number(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
