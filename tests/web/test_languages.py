"""Pages in other languages: which one a request gets, and that no message is missing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from migkg.web import languages
from tests.conftest import ROOT, Service
from tests.web.client import ask
from tests.web.page import BROWSER, Page

OTHERS = [code for code in languages.LANGUAGES if code != languages.ENGLISH]
PAGES = ["/", "/queries", "/sparql", "/page/city/quito-ec", "/search?q=Quito", "/limits"]
CITY = "/page/city/quito-ec"


def words_of_the_interface() -> set[str]:
    """What the code and the templates say, as ``make messages`` finds it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]
    mappings = settings["mappings"]
    methods = [(item["pattern"], item["method"]) for item in mappings]
    options = {item["pattern"]: item for item in mappings}
    found = extract_from_dir(
        ROOT / "src/migkg", methods, options, {**DEFAULT_KEYWORDS, "translatable": None}
    )
    return {single(text) for _, _, text, _, _ in found}


def single(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def messages(code: str) -> Iterator[Message]:
    with (ROOT / f"src/migkg/web/locale/{code}.po").open("rb") as file:
        yield from (message for message in read_po(file, locale=code) if message.id)


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def parts(text: str) -> list[str]:
    """The tags and the placeholders of a message, in any order."""
    return sorted(re.findall(r"<[^>]*>|%\(\w+\)s|%", text))


# Catalogues


@pytest.mark.parametrize("code", [*OTHERS, "messages"])
def test_a_catalogue_has_every_message_and_no_other(code: str) -> None:
    if code == "messages":
        with (ROOT / "src/migkg/web/locale/messages.pot").open("rb") as file:
            known = {single(message.id) for message in read_po(file) if message.id}
    else:
        known = {single(message.id) for message in messages(code)}
    wanted = words_of_the_interface()
    assert len(wanted) > 150
    assert known == wanted, "bring the catalogues up to date with make messages"


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_with_its_tags_and_placeholders(code: str) -> None:
    for message in messages(code):
        assert not message.fuzzy, message.id
        english = forms(message.id)
        for text in forms(message.string):
            assert text.strip(), message.id
            assert any(parts(text) == parts(one) for one in english), message.id
            assert text.count('"') == english[0].count('"'), message.id  # it may be an attribute


def test_templates_have_no_words_outside_of_messages() -> None:
    """What is left of a template without its expressions and tags has no word but names."""
    names = {"migkg", "SPARQL", "BibTeX", "SHA-256", "VoID"}
    for path in sorted((ROOT / "src/migkg/web/templates").glob("*.html")):
        text = path.read_text("utf-8")
        text = re.sub(r"{% trans.*?endtrans %}", "", text, flags=re.DOTALL)
        text = re.sub(r"{{.*?}}|{%.*?%}|{#.*?#}", "", text, flags=re.DOTALL)
        shown = re.sub(r"<[^>]*>|&\w+;", " ", text)
        titled = " ".join(re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', text))
        found = set(re.findall(r"[A-Za-z][\w-]+", f"{shown} {titled}")) - names
        assert found == set(), path.name


# Which language


@pytest.mark.parametrize(
    ("accept", "query", "language"),
    [
        (None, "", "en"),
        ("fr", "", "fr"),
        ("fr-CA,fr;q=0.8,en;q=0.5", "", "fr"),
        ("de,es;q=0.4,en;q=0.2", "", "es"),
        ("de", "", "en"),
        ("en,fr;q=0.9", "", "en"),
        ("fr;q=0", "", "en"),
        ("fr", "?lang=es", "es"),
        ("fr", "?lang=en", "en"),
        ("fr", "?lang=xx", "fr"),
        (None, "?lang=FR", "fr"),
        ("fr," * 100, "", "fr"),
    ],
)
def test_a_page_is_in_the_language_that_is_asked_for(
    service: Service, accept: str | None, query: str, language: str
) -> None:
    headers = {"Accept": BROWSER, **({"Accept-Language": accept} if accept else {})}
    reply = ask(service, f"/queries{query}", headers=headers)
    assert reply.headers["Content-Language"] == Page(reply.text).language == language
    assert "Accept-Language" in reply.headers["Vary"]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_exists_in_every_language_and_its_links_keep_it(
    service: Service, path: str, code: str
) -> None:
    address = f"{path}{'&' if '?' in path else '?'}lang={code}"
    page = Page(ask(service, address, headers={"Accept": BROWSER}).text)
    assert page.language == code
    skip = languages.translations(code).gettext("To the content")
    assert skip in page.text
    assert "To the content" not in page.text
    of_pages = [
        link
        for link in page.links
        if re.match(r"/(page|browse|queries|ontology|quality|releases|docs|limits|dumps/)", link)
        and not re.match(r"/queries/.*format=|/dumps/[^?]", link)
        and urlsplit(link).path != urlsplit(path).path  # the same page in other languages
    ]
    assert len(of_pages) > 5
    for link in of_pages:
        assert parse_qs(urlsplit(link).query)["lang"] == [code], link


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/page/country/ECU", "Équateur"),
        ("/browse/Country", "Équateur"),
        ("/search?q=Ecuador", "Équateur"),
        ("/sdg", "Parvenir à l’égalité des sexes et autonomiser toutes les femmes et les filles"),
        ("/page/document/2", "Équateur"),
    ],
)
def test_things_are_named_in_the_language_where_the_data_has_a_name(
    service: Service, path: str, name: str
) -> None:
    text = ask(service, path, headers={"Accept": BROWSER, "Accept-Language": "fr"}).text
    assert f"<bdi>{name}</bdi>" in text
    assert ' lang="en">' in text  # what is English says so
    assert f"<bdi>{name}</bdi>" not in ask(service, path, headers={"Accept": BROWSER}).text


def test_kept_answers_do_not_mix_languages(service: Service) -> None:
    seen = {}
    for _ in range(2):
        for accept in ("en", "fr", "es", "fr-CH, fr;q=0.9", ""):
            headers = {"Accept": BROWSER, "Accept-Language": accept}
            reply = ask(service, CITY, headers=headers)
            language = reply.headers["Content-Language"]
            assert language == (accept[:2] or "en")
            assert seen.setdefault(language, reply.headers["ETag"]) == reply.headers["ETag"]
            assert Page(reply.text).language == language
    assert len(set(seen.values())) == 3
    given = {"Accept": BROWSER, "If-None-Match": seen["en"]}
    assert ask(service, CITY, headers={**given, "Accept-Language": "en"}).status == 304
    assert ask(service, CITY, headers={**given, "Accept-Language": "fr"}).status == 200


def test_numbers_and_dates_are_written_as_the_language_does() -> None:
    def shown(code: str) -> tuple[str, ...]:
        locale = languages.Language(code).locale
        days = ("2016-10-17", "2016-10-17T08:00:00Z", "2016-10", "2016", "some day")
        return (languages.number(62172, locale), *(languages.day(text, locale) for text in days))

    rest = ("2016", "some day")
    assert shown("en") == ("62,172", *["17 October 2016"] * 2, "October 2016", *rest)
    assert shown("fr") == ("62\u202f172", *["17 octobre 2016"] * 2, "octobre 2016", *rest)
    assert shown("es") == ("62.172", *["17 de octubre de 2016"] * 2, "octubre de 2016", *rest)


def test_problems_and_data_are_the_same_in_all_languages(service: Service) -> None:
    for path in ("/page/city/quit", "/data/city/quito-ec.ttl"):
        english, french = (
            ask(service, path, headers={"Accept-Language": code}) for code in ("en", "fr")
        )
        assert french.body == english.body
        assert french.headers["Content-Language"] is None
