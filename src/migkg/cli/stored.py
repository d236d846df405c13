"""Queries on the command line: stored ones with their parameters, and where each is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migkg.engine.embedded import OwnEngine
from migkg.engine.protocol import Query
from migkg.engine.release import Release
from migkg.errors import BadFile, BadQuery
from migkg.model import formats
from migkg.model.sparql_text import QueryText, find_fault, read_query
from migkg.resources import find_project
from migkg.services import stored_queries
from migkg.services.parameters import Choices, Parameter
from migkg.services.stored_queries import StoredQuery
from migkg.settings import Settings


def given(arguments: Sequence[str]) -> dict[str, str]:
    """What ``--name value`` or ``--name=value`` says, each name once."""
    found: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or not name:
            raise BadFile(f"{argument!r} is no parameter; give '--name value' behind the query.")
        if name in found:
            raise BadFile(f"The parameter --{name} is given twice; give it once.")
        text = value if equals else next(rest, None)
        if text is None:
            raise BadFile(f"The parameter --{name} needs a value.")
        found[name] = text
    return found


def described(name: str, settings: Settings) -> str:
    """The question and the parameters of a stored query; empty if there is none of the name."""
    query = stored_queries.find(find_project(settings), name)
    if query is None:
        return ""
    lines = [f"\n{name}: {query.question}\n"]
    for item in query.parameters:
        lines.append(f"  --{item.name} {item.type.value.upper()}\n      {_told(item)}\n")
    if not query.parameters:
        lines.append("  It has no parameters.\n")
    return "".join(lines)


def _told(parameter: Parameter) -> str:
    parts = [parameter.label]
    if parameter.minimum is not None:
        parts.append(f"from {parameter.minimum}")
    if parameter.maximum is not None:
        parts.append(f"up to {parameter.maximum}")
    if parameter.source:
        parts.append("by IRI, name with prefix, or English name")
    if parameter.required:
        parts.append(f"required, such as {parameter.default}")
    elif parameter.optional:
        parts.append("default: any")
    else:
        parts.append(f"default: {parameter.default or 'empty'}")
    return "; ".join(parts)


async def ask_release(
    release: Release,
    query: QueryText | StoredQuery,
    parameters: Mapping[str, str],
    chosen: formats.Format,
    settings: Settings,
) -> bytes:
    """The answer from a local release; a wrong query is told in plain words where there are any."""
    engine = OwnEngine(release, settings)
    await engine.start()
    try:
        choices = Choices.of_engine(engine, release.prefixes)
        text = await _bound(query, parameters, choices, settings)
        return (await engine.answer(Query.of(text, chosen))).read()
    except BadQuery as error:
        raise find_fault(query.text, release.prefixes) or error from None
    finally:
        await engine.close()


async def ask_endpoint(
    url: str,
    query: QueryText | StoredQuery,
    parameters: Mapping[str, str],
    chosen: formats.Format,
    settings: Settings,
) -> bytes:
    """The answer from any endpoint, which also tells what the parameters can be."""
    from migkg.cli import remote_query  # slow to import

    async def ask(text: str) -> bytes:
        return remote_query.ask_endpoint(url, read_query(text), formats.JSON)

    text = await _bound(query, parameters, Choices(ask, {}), settings)
    return remote_query.ask_endpoint(url, text, chosen)


async def _bound(
    query: QueryText | StoredQuery,
    parameters: Mapping[str, str],
    choices: Choices,
    settings: Settings,
) -> QueryText:
    if isinstance(query, QueryText):
        return query
    bound = await query.bound(parameters, choices)
    return read_query(bound.text, settings.query_limits)
