"""The languages of the pages: their catalogues of messages, and which one a request is answered in.

A catalogue is one file ``locale/LANGUAGE.po``; English, which the templates are written in, has
none. The language is that of ``?lang=``, else the best of ``Accept-Language`` (RFC 9110, section
12.5.4), else English.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from urllib.parse import parse_qs, parse_qsl, urlencode

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from starlette.types import Scope

from migkg.web import negotiation

ENGLISH = "en"
CATALOGUES = files("migkg.web") / "locale"
LANGUAGES = (
    ENGLISH,
    *sorted(p.name.removesuffix(".po") for p in CATALOGUES.iterdir() if p.name.endswith(".po")),
)
_LOCALES = {ENGLISH: "en_GB"}  # English writes the day before the month, as the data does
_PARAMETER = "lang"
_LONGEST = 200  # bytes of Accept-Language worth remembering
_SCOPE: ContextVar[Scope | None] = ContextVar("scope", default=None)


@dataclass(frozen=True)
class Language:
    """The language of an answer; ``asked`` if the address names it, so that links must keep it."""

    code: str
    asked: bool = False

    @property
    def locale(self) -> Locale:
        """How it writes numbers and dates."""
        return _locale(self.code)


def answering(scope: Scope) -> None:
    """From here on, this context answers that request."""
    _SCOPE.set(scope)


def current() -> Language:
    """The language of the request that is being answered; English outside of one."""
    scope = _SCOPE.get()
    return language_of(scope) if scope else Language(ENGLISH)


def language_of(scope: Scope) -> Language:
    """The language of the pages that answer a request."""
    query = scope["query_string"]
    if b"lang=" in query:
        named = parse_qs(query.decode("latin-1")).get(_PARAMETER, [""])[0].lower()
        if named in LANGUAGES:
            return Language(named, asked=True)
    return _negotiated(accepted(scope))


def accepted(scope: Scope) -> bytes:
    """All that ``Accept-Language`` says; empty without one."""
    return b",".join(value for name, value in scope["headers"] if name == b"accept-language")


def _negotiated(accept: bytes) -> Language:
    return _remembered(accept) if len(accept) <= _LONGEST else _best(accept)


def _best(accept: bytes) -> Language:
    wanted = negotiation.languages([accept.decode("latin-1")])
    return Language(next((code for code in wanted if code in LANGUAGES), ENGLISH))


_remembered = lru_cache(maxsize=1024)(_best)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(_LOCALES.get(code, code))


@cache
def own_name(code: str) -> str:
    """What those who speak a language call it."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[0].upper() + name[1:]


@cache
def translations(code: str) -> NullTranslations:
    """The messages of a language, compiled from its catalogue."""
    if code == ENGLISH:
        return NullTranslations()
    with (CATALOGUES / f"{code}.po").open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def number(value: float, locale: Locale) -> str:
    """A number as a language writes it."""
    return format_decimal(value, locale=locale)


def day(text: str, locale: Locale) -> str:
    """A year, a month or a day of ISO 8601 as a language writes it; anything else stays."""
    parts = text.partition("T")[0].split("-")
    try:
        if len(parts) == 3:
            return format_date(date.fromisoformat("-".join(parts)), "long", locale=locale)
        if len(parts) == 2:
            return format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=locale)
    except ValueError:
        pass
    return text


def addresses(public_url: str) -> list[tuple[str, str, str]]:
    """Each language, its own name, and the address in it of what is being answered.

    None for what was not asked for by its address alone.
    """
    scope = _SCOPE.get()
    if scope is None or scope["method"] not in ("GET", "HEAD"):
        return []
    path = public_url + scope["raw_path"].decode("latin-1")
    pairs = [
        pair
        for pair in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if pair[0] != _PARAMETER
    ]
    return [
        (code, own_name(code), f"{path}?{urlencode([*pairs, (_PARAMETER, code)])}")
        for code in LANGUAGES
    ]
