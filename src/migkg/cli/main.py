"""The ``migkg`` command: arguments, then one function a command.

Exit status: 0 when it held, 1 when a check failed, 2 when the command was called wrongly.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from migkg import __version__
from migkg.cli import bench
from migkg.errors import (
    BadFile,
    BadParameters,
    BadQuery,
    BadSearch,
    BadSetting,
    BrokenFile,
    MigkgError,
)
from migkg.settings import Settings

if TYPE_CHECKING:
    Parts = argparse._SubParsersAction[argparse.ArgumentParser]

_CALLED_WRONGLY = (
    BadSetting,
    BadFile,
    BadQuery,
    BadSearch,
    BadParameters,
    OSError,
    UnicodeDecodeError,
)
Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    parser = _parser()
    options, more = parser.parse_known_args(arguments)
    options.more = more
    command: Command = options.command
    if more and not getattr(options, "takes_more", False):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    try:
        return command(options, _settings(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except BrokenFile as error:
        return _fail(str(error), 1)
    except _CALLED_WRONGLY as error:
        return _fail(_sentence(error), 2)
    except MigkgError as error:
        return _fail(str(error), 1)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'}: {error.strerror or error}."
    if isinstance(error, UnicodeDecodeError):
        return f"The text is not UTF-8 at byte {error.start}."
    line = getattr(error, "line", None)
    return f"line {line}, column {getattr(error, 'column', '?')}: {error}" if line else str(error)


def _fail(text: str, status: int) -> int:
    sys.stderr.write(f"migkg: {text}\n")
    return status


def _settings(options: argparse.Namespace) -> Settings:
    names = ("project", "releases", "host", "port", "workers", "engine_url")
    return Settings.from_environment(**{name: getattr(options, name, None) for name in names})


def _later(module: str, name: str) -> Command:
    """A command of a module that is imported when it is run: the imports take most of a second."""

    def run(options: argparse.Namespace, settings: Settings) -> int:
        command: Command = getattr(import_module(f"migkg.cli.{module}"), name)
        return command(options, settings)

    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="migkg",
        description="A knowledge graph about migration and cities: make it, ask it, serve it.",
    )
    parser.add_argument("--version", action="version", version=f"migkg {__version__}")
    parts = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in _COMMANDS:
        add(parts)
    return parser


def _add(
    parts: Parts,
    name: str,
    command: Command,
    text: str,
    epilog: str = "",
    *,
    own_help: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parts.add_parser(
        name,
        help=text,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=epilog,
        add_help=not own_help,
        allow_abbrev=not own_help,
    )
    parser.set_defaults(command=command)
    parser.add_argument("--project", type=Path, metavar="DIR", help="folder of the project's files")
    parser.add_argument("--releases", type=Path, metavar="DIR", help="folder of the releases")
    return parser


def _serve(parts: Parts) -> None:
    rows = Settings().describe()
    table = "\n".join(f"  {name}={value}\n      {text}" for name, value, text in rows)
    parser = _add(
        parts,
        "serve",
        _later("serving", "serve"),
        "Build the release if the files changed, and serve it; or serve a given release.",
        epilog=f"settings (environment):\n{table}",
    )
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port to listen on")
    parser.add_argument("--workers", type=int, help="front processes that share the port")
    parser.add_argument("--engine-url", metavar="URL", help="remote SPARQL endpoint as the engine")
    _add_release(parser)


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--release", metavar="ID", help="this release as it is; current: whichever is in service"
    )


def _build(parts: Parts) -> None:
    _add(
        parts,
        "build",
        _later("commands", "build"),
        "Check the files and compile them into a release.",
    )


def _load(parts: Parts) -> None:
    parser = _add(
        parts,
        "load",
        _later("loading", "load"),
        "Make a release of any RDF files; 'migkg serve --release ID' serves it.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        help="RDF files (ttl nt nq trig rdf jsonld, also .gz .bz2 .zst), or folders of such",
    )
    parser.add_argument(
        "--graph", metavar="IRI", help="named graph of triples that a file puts into none"
    )
    parser.add_argument("--base", metavar="IRI", help="what relative IRIs start from")
    parser.add_argument(
        "--skip-errors", action="store_true", help="leave out lines of nt and nq that are wrong"
    )
    parser.add_argument(
        "--shapes", type=Path, action="append", default=[], help="SHACL file; may be repeated"
    )
    parser.add_argument(
        "--formats", default="", metavar="NAMES", help="dumps to write, such as ttl,nt; none: all"
    )
    parser.add_argument("--current", action="store_true", help="also put it into service")


def _diff(parts: Parts) -> None:
    parser = _add(
        parts,
        "diff",
        _later("loading", "diff"),
        "Show what differs between two releases or RDF files.",
    )
    parser.add_argument("old", help="id or folder of a release, current, or an RDF file or folder")
    parser.add_argument("new", help="the same")
    parser.add_argument(
        "--format", choices=["text", "turtle", "rdf-patch"], default="text", help="default: text"
    )
    parser.add_argument("--triples", action="store_true", help="do not look at named graphs")
    parser.add_argument("--summary", action="store_true", help="of the text only the counts")


def _check(parts: Parts) -> None:
    parser = _add(
        parts,
        "check",
        _later("commands", "check"),
        "Check the files: syntax, shapes, queries, one place each.",
    )
    parser.add_argument("--report", action="store_true", help="also say how well they cover")
    _add_timings(parser)
    parser.add_argument(
        "--sources", type=Path, metavar="DIR", help="with --report: list uncovered sentences"
    )


def _validate(parts: Parts) -> None:
    parser = _add(
        parts,
        "validate",
        _later("commands", "validate"),
        "Hold RDF files against SHACL shapes; exit 1 if they do not conform.",
    )
    parser.add_argument("files", nargs="+", type=Path, help="RDF files: ttl nt rdf jsonld trig nq")
    parser.add_argument(
        "--shapes",
        type=Path,
        required=True,
        action="append",
        help="file of shapes; may be repeated",
    )
    parser.add_argument(
        "--format", choices=["text", "turtle", "json"], default="text", help="default: text"
    )
    _add_timings(parser)


def _add_timings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timings", action="store_true", help="say on stderr which constraints took longest"
    )


def _format(parts: Parts) -> None:
    parser = _add(
        parts, "format", _later("commands", "format_files"), "Write Turtle files in canonical form."
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if one differs"
    )
    parser.add_argument("files", nargs="*", type=Path, help="files; none: the project's")


def _query(parts: Parts) -> None:
    parser = _add(
        parts,
        "query",
        _later("commands", "query"),
        "Run a SPARQL query, or a stored one with '--PARAMETER VALUE' for each of its parameters.",
        epilog="'migkg query NAME --help' tells the parameters of a stored query.",
        own_help=True,
    )
    parser.set_defaults(takes_more=True)
    parser.add_argument(
        "query", help="query text, a file, the name of a stored query, or - for input"
    )
    parser.add_argument(
        "-h", "--help", action=_QueryHelp, nargs=0, help="show this, and the parameters of a query"
    )
    parser.add_argument(
        "--format", help="result format: json xml csv tsv ttl jsonld nt rdf trig nq"
    )
    parser.add_argument(
        "--endpoint", metavar="URL", help="ask this endpoint, not the local release"
    )
    _add_release(parser)


class _QueryHelp(argparse.Action):
    """Shows the help of the command and, behind the name of a stored query, its parameters."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,  # noqa: ARG002 - given by the parser
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        parser.print_help()
        if namespace.query:
            from migkg.cli import stored  # slow to import

            try:
                sys.stdout.write(stored.described(namespace.query, _settings(namespace)))
            except MigkgError as error:
                parser.error(str(error))
        parser.exit()


def _search(parts: Parts) -> None:
    parser = _add(
        parts,
        "search",
        _later("commands", "search"),
        "Search the release for words; exit 1 if nothing is found.",
    )
    parser.add_argument("words", nargs="+", help="words; typing errors are forgiven")
    parser.add_argument("--kind", metavar="CLASS", help="only things of this class, such as City")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="results (default: 20)")
    parser.add_argument("--json", action="store_true", help="write JSON")


def _export(parts: Parts) -> None:
    parser = _add(
        parts,
        "export",
        _later("commands", "export"),
        "Write the release, one graph of it, or what an endpoint holds, as RDF.",
    )
    parser.add_argument("--format", default="ttl", help="ttl jsonld nt rdf trig nq (default: ttl)")
    parser.add_argument("--graph", metavar="IRI", help="only this named graph")
    _add_release(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write; none: output")
    parser.add_argument(
        "--endpoint", metavar="URL", help="what this endpoint holds, not the local release"
    )
    parser.add_argument("--store", metavar="URL", help="its graph store, to read graphs from")


def _publish(parts: Parts) -> None:
    parser = _add(
        parts,
        "publish",
        _later("publishing", "publish"),
        "Bring a release to another engine, verify it there, and put it into service.",
        epilog="Credentials: MIGKG_PUBLISH_USER and MIGKG_PUBLISH_PASSWORD, or\n"
        "MIGKG_PUBLISH_TOKEN, or the same with _FILE, which names a file that holds them.",
    )
    parser.add_argument(
        "--to",
        metavar="URL",
        help="address of the server; none: each that MIGKG_ENGINE_URL names with publish=",
    )
    parser.add_argument(
        "--kind", metavar="NAME", help="oxigraph, virtuoso, fuseki, graphdb or generic"
    )
    parser.add_argument("--update", default="", metavar="URL", help="where it takes updates")
    parser.add_argument("--store", default="", metavar="URL", help="its graph store")
    parser.add_argument("--release", metavar="ID", help="release to bring; none: the current one")
    parser.add_argument(
        "--keep", type=int, default=2, metavar="N", help="releases that stay there (default: 2)"
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=15.0,
        metavar="SECONDS",
        help="time that readers of a release have before it is removed (default: 15)",
    )
    parser.add_argument(
        "--verify",
        choices=["digest", "counts"],
        default="digest",
        help="read all back and compare digests, or compare counts (default: digest)",
    )
    parser.add_argument(
        "--accept-rounding",
        action="store_true",
        help="also put into service what has geometries in single precision, as Virtuoso keeps",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--list", action="store_true", help="only say what the server holds")


def _doctor(parts: Parts) -> None:
    parser = _add(
        parts,
        "doctor",
        _later("doctor", "doctor"),
        "Find out what a SPARQL endpoint can and cannot; exit 1 if it cannot be served from.",
    )
    parser.add_argument("url", help="address of the endpoint")
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="N", help="time for a question (default: 5)"
    )
    parser.add_argument(
        "--heavy", action="store_true", help="also ask what keeps it busy; not where others use it"
    )
    parser.add_argument(
        "--format", choices=["text", "markdown", "json"], default="text", help="default: text"
    )


def _evidence(parts: Parts) -> None:
    parser = _add(
        parts, "evidence", _later("commands", "evidence"), "Work with the words behind the facts."
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="hold every piece of evidence against its document")
    verify.add_argument("--sources", type=Path, required=True, metavar="DIR")
    verify.set_defaults(command=_later("commands", "verify_evidence"))
    cite = actions.add_parser("cite", help="print the evidence for a phrase of a document")
    cite.add_argument("--sources", type=Path, required=True, metavar="DIR")
    cite.add_argument("document", help="IRI of the source document")
    cite.add_argument("phrase", help="words as they stand in the document, at most twelve")
    cite.set_defaults(command=_later("commands", "cite_evidence"))


def _document(parts: Parts) -> None:
    parser = _add(
        parts,
        "document",
        _later("commands", "document"),
        "Write the documentation of the ontology as Markdown.",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write; none: output")


def _import(parts: Parts) -> None:
    parser = _add(
        parts,
        "import",
        _later("commands", "import_file"),
        "Bring statements about the project's own things from a file into a graph of their own.",
    )
    parser.add_argument("name", help="what is imported: imports/NAME.rq says how")
    parser.add_argument("file", type=Path, help="an RDF file: ttl nt rdf jsonld trig nq")


def _add_fact(parts: Parts) -> None:
    parser = _add(
        parts,
        "add",
        _later("commands", "add_fact"),
        "Add a fact with its claim and its evidence, check the project, and show the change.",
    )
    parser.add_argument("subject", help="Turtle term, such as city:quito-ec")
    parser.add_argument("predicate", help="Turtle term, such as mig:inCountry")
    parser.add_argument("object", help="Turtle term, such as country:ECU or '\"Quito\"@en'")
    parser.add_argument("--document", required=True, help="source document, such as document:2")
    parser.add_argument("--phrase", required=True, help="words of the document, at most twelve")
    parser.add_argument("--sources", type=Path, required=True, metavar="DIR")
    parser.add_argument("--occurrence", type=int, help="which place of the phrase, from 1")
    parser.add_argument(
        "--modality",
        default="reported",
        choices=["reported", "planned", "recommended", "hoped-for"],
    )
    parser.add_argument("--dry-run", action="store_true", help="only show the change")


def _bench(parts: Parts) -> None:
    parser = _add(
        parts, "bench", bench.bench, "Measure this checkout against other systems, on loopback."
    )
    parser.add_argument("--quick", action="store_true", help="small data, one round, two minutes")
    parser.add_argument("--install", action="store_true", help="download the other systems first")
    parser.add_argument("--write-docs", action="store_true", help="renew docs/performance.md")
    parser.add_argument(
        "--triples", type=bench.positive, metavar="N", help="size of the generated graph"
    )
    parser.add_argument(
        "--sizes", type=bench.numbers, metavar="N,N", help="sizes to show the growth with"
    )
    parser.add_argument(
        "--rounds", type=bench.positive, metavar="N", help="times that each is measured"
    )
    parser.add_argument("--seconds", type=bench.positive, metavar="N", help="length of one run")
    parser.add_argument("--systems", type=bench.words, metavar="NAME,NAME", help="only these")
    parser.add_argument(
        "--hostile-seconds", type=int, metavar="N", help="length of the hostile mix; 0: none"
    )
    parser.add_argument(
        "--same-address", action="store_true", help="hostile clients share the others' address"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder of data and results (build/bench)"
    )


_COMMANDS = (
    _serve,
    _build,
    _load,
    _diff,
    _check,
    _validate,
    _format,
    _query,
    _search,
    _export,
    _publish,
    _doctor,
    _evidence,
    _add_fact,
    _import,
    _document,
    _bench,
)
