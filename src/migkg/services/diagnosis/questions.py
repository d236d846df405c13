"""The questions to an endpoint, and what each answer means for the service in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from migkg.engine.rdf_server import Addresses, known_kind
from migkg.engine.remote.trials import TRIALS, Trial
from migkg.errors import EngineUnavailable
from migkg.model import formats
from migkg.model.formats import Format
from migkg.services.diagnosis import values
from migkg.services.diagnosis.endpoint import FORM, Endpoint, Finding, Verdict, unclear

Asker = Callable[[Endpoint], Finding]
_SILENT = "it did not answer"
_WAYS = 3  # in which the first questions are sent: GET, a form, the query itself
_NOWHERE = "urn:x-migkg:none"
_ROWS = 20_001  # one more than what some servers give at most
_MANY = f"SELECT ?s WHERE {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }} LIMIT {_ROWS}"
_LONG_TEXT = 64 * 1024
_LONG_URL = 7000
_TRIPLES = "CONSTRUCT { <urn:a> <urn:b> ?o } WHERE { VALUES ?o { 1 'two' } }"
_NUMBERS = " ".join(map(str, range(30)))
_PARTS = " ".join(f"VALUES ?{name} {{ {_NUMBERS} }}" for name in "abcdefghij")
_HEAVY = f"SELECT (COUNT(*) AS ?n) WHERE {{ {_PARTS} }}"  # 30 to the 10th rows to count


_ADDRESS = (
    "Give the address that answers queries, such as …/query, …/sparql or …/repositories/NAME."
)
_MENDED = {  # by what is seen of the first query
    f"{_SILENT} in time": "Give it more --seconds, if that is the right address.",
    _SILENT: "Look at host and port, whether it runs, and whether this machine may reach it.",
    "status 30": "Give the address that it redirects to.",
    "status 401": "Set MIGKG_ENGINE_CREDENTIALS.",
    "status 403": "Set MIGKG_ENGINE_CREDENTIALS.",
    "status 404": _ADDRESS,
    "status 405": _ADDRESS,
    "not JSON": _ADDRESS,
}


@dataclass(frozen=True)
class Question:
    """A question; ``needed`` if the service cannot do without a yes.

    ``wanted`` is the answer that is well. ``otherwise`` says what the service does with another.
    """

    group: str
    text: str
    ask: Asker
    otherwise: str
    needed: bool = False
    wanted: Verdict = Verdict.YES

    def consequence(self, finding: Finding) -> str:
        """What the service will do; empty where nothing is special."""
        return "" if finding.verdict is self.wanted else self.otherwise


def diagnose(
    endpoint: Endpoint, questions: Iterable[Question]
) -> Iterator[tuple[Question, Finding]]:
    """Each question with its answer, one after the other.

    Where nobody answers the first ones, however they are sent, no others are asked.
    """
    silent = 0
    for number, question in enumerate(questions, 1):
        try:
            finding = question.ask(endpoint)
        except EngineUnavailable as error:
            finding = Finding.of(False, _short(error, endpoint))
            silent += finding.seen.startswith(_SILENT)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            finding = unclear(f"cannot be read: {type(error).__name__}")
        yield question, finding
        if silent == number == _WAYS:
            return


def is_usable(found: Iterable[tuple[Question, Finding]]) -> bool:
    """True if every question that is needed has the answer that is wanted."""
    return all(f.verdict is question.wanted for question, f in found if question.needed)


def advice(found: Iterable[tuple[Question, Finding]]) -> str:
    """What to do where no query is answered at all; empty where one is, or nothing is known."""
    seen = next((f.seen for q, f in found if q.ask is _by_form and f.verdict is Verdict.NO), "")
    for beginning, what in _MENDED.items():
        if seen.startswith(beginning):
            return what
    return ""


def _short(error: EngineUnavailable, endpoint: Endpoint) -> str:
    return str(error).replace(endpoint.url, "it").rstrip(".")


def _status(method: str, *, accept: str = formats.JSON.media_type) -> Asker:
    def ask(endpoint: Endpoint) -> Finding:
        pairs = [("query", "ASK {}")]
        reply = endpoint.send(method, pairs, headers={"Accept": accept})
        return Finding.of(reply.status == 200, f"status {reply.status}")

    return ask


def _by_form(endpoint: Endpoint) -> Finding:
    return Finding.of(bool(endpoint.rows("SELECT (1 AS ?x) WHERE {}")))


def _directly(endpoint: Endpoint) -> Finding:
    headers = {"Content-Type": "application/sparql-query", "Accept": formats.JSON.media_type}
    reply = endpoint.send("POST", body=b"SELECT (1 AS ?x) WHERE {}", headers=headers)
    return Finding.of(reply.status == 200, f"status {reply.status}")


def _options(endpoint: Endpoint) -> Finding:
    headers = {"Origin": "https://origin.example", "Accept": formats.JSON.media_type}
    reply = endpoint.send("GET", [("query", "ASK {}")], headers=headers)
    allowed = reply.headers.get("access-control-allow-origin", "")
    return Finding.of(bool(allowed), allowed or "no field")


def _compressed(endpoint: Endpoint) -> Finding:
    text = f"SELECT ?a ?b WHERE {{ VALUES ?a {{ {_NUMBERS} }} VALUES ?b {{ {_NUMBERS} }} }}"
    headers = {"Accept-Encoding": "gzip", "Accept": formats.JSON.media_type}
    coding = endpoint.send("GET", [("query", text)], headers=headers).headers.get(
        "content-encoding", ""
    )
    return Finding.of(bool(coding), coding or "not compressed")


def _refuses(*pairs: tuple[str, str], accept: str = formats.JSON.media_type) -> Asker:
    def ask(endpoint: Endpoint) -> Finding:
        reply = endpoint.send("GET", pairs, headers={"Accept": accept})
        return Finding.of(400 <= reply.status < 500, f"status {reply.status}")

    return ask


def _takes_update(name: str) -> Asker:
    """An update that changes nothing: it removes from a graph that there is not."""
    text = f"DELETE DATA {{ GRAPH <{_NOWHERE}> {{ <urn:a> <urn:b> <urn:c> }} }}"

    def ask(endpoint: Endpoint) -> Finding:
        body = urlencode([(name, text)]).encode()
        reply = endpoint.send("POST", body=body, headers={"Content-Type": FORM})
        return Finding.of(200 <= reply.status < 300, f"status {reply.status}")

    return ask


def _long_text(endpoint: Endpoint) -> Finding:
    text = f"SELECT (STRLEN('{'a' * _LONG_TEXT}') AS ?n) WHERE {{}}"
    return Finding.of(endpoint.number(text) == _LONG_TEXT, f"{_LONG_TEXT // 1024} KiB")


def _long_url(endpoint: Endpoint) -> Finding:
    pairs = [("query", f"ASK {{ FILTER('{'a' * _LONG_URL}' = '') }}")]
    reply = endpoint.send("GET", pairs, headers={"Accept": formats.JSON.media_type})
    return Finding.of(reply.status == 200, f"status {reply.status}, {_LONG_URL} characters")


def _describes_itself(endpoint: Endpoint) -> Finding:
    reply = endpoint.send("GET", headers={"Accept": formats.TURTLE.media_type})
    known = reply.status == 200 and "sparql-service-description" in reply.text
    return Finding.of(known, f"status {reply.status}, {reply.media_type or 'no type'}")


def _gives(text: str, wanted: Format) -> Asker:
    def ask(endpoint: Endpoint) -> Finding:
        reply = endpoint.ask(text, wanted)
        return Finding.of(reply.media_type in wanted.media_types, reply.media_type)

    return ask


def _is_true(pattern: str) -> Asker:
    def ask(endpoint: Endpoint) -> Finding:
        found = values.truth(endpoint.ask(f"ASK {{ {pattern} }}"))
        return Finding.of(found is True, "" if found else f"answered {found}")

    return ask


def _counts(text: str, expected: int) -> Asker:
    def ask(endpoint: Endpoint) -> Finding:
        found = endpoint.number(text)
        return Finding.of(
            found == expected, "" if found == expected else f"not {expected}: {found}"
        )

    return ask


def _tried(trial: Trial) -> Asker:
    def ask(endpoint: Endpoint) -> Finding:
        found = values.truth(endpoint.ask(trial.ask))
        if not found and not values.truth(endpoint.ask(trial.given)):
            return unclear("the default graph is empty")
        return Finding.of(found is True, "" if found else f"answered {found}")

    return ask


def _union_of_values(endpoint: Endpoint) -> Finding:
    text = "SELECT ?x WHERE { { VALUES ?x { 1 } } UNION { VALUES ?x { 2 } } }"
    found = endpoint.rows(text)
    return Finding.of(len(found) == 2, f"{len(found)} rows of 2")


def _no_rows(endpoint: Endpoint) -> Finding:
    found = endpoint.rows("SELECT ?x WHERE { VALUES ?x { 1 } FILTER(false) }")
    return Finding.of(found == [], f"{len(found)} rows")


def _ordered(endpoint: Endpoint) -> Finding:
    rows = endpoint.rows("SELECT ?x WHERE { VALUES ?x { 3 1 2 } } ORDER BY ?x LIMIT 2 OFFSET 1")
    found = [row["x"]["value"] for row in rows]
    return Finding.of(found == ["2", "3"], " ".join(found))


def _described(endpoint: Endpoint) -> Finding:
    reply = endpoint.ask(f"DESCRIBE <{_NOWHERE}>", formats.NTRIPLES)
    return Finding.of(True, reply.media_type)


def _many_rows(endpoint: Endpoint) -> Finding:
    there = endpoint.number(f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ {_MANY} }} }}")
    if there < _ROWS:
        return unclear(f"it has {there} triples only")
    found = len(endpoint.rows(_MANY))
    return Finding.of(found == _ROWS, f"{found} rows of {_ROWS}")


def _store(endpoint: Endpoint) -> Finding:
    """Where servers of its kind have it; a 404 is about a graph that there is not."""
    kind = known_kind(endpoint.send("GET", [("query", "ASK {}")]))
    if kind is None:
        return unclear("it does not say what it is")
    url = Addresses.of(endpoint.url.partition("?")[0], kind).store
    address = f"{url}?graph={quote(_NOWHERE, safe='')}"
    store = Endpoint(address, endpoint.seconds, endpoint.settings)
    status = store.send("GET", headers={"Accept": formats.NTRIPLES.media_type}).status
    return Finding.of(status in (200, 204, 401, 404), f"status {status} of {kind.store}")


def _slow(endpoint: Endpoint) -> Finding:
    """A query that cannot end in time: an error, or a part of the answer that says that it is."""
    reply = endpoint.send(
        "POST",
        body=urlencode([("query", _HEAVY)]).encode(),
        headers={"Content-Type": FORM, "Accept": formats.JSON.media_type},
    )
    return Finding.of(reply.status != 200, f"status {reply.status}")


def _others(endpoint: Endpoint) -> Finding:
    """Somebody else is answered, whatever the query before left behind."""
    return Finding.of(values.truth(endpoint.ask("ASK {}")) is True)


def _parameter(*dataset: tuple[str, str], text: str) -> Asker:
    """The dataset of the request counts: of a graph that there is not, nothing is seen."""

    def ask(endpoint: Endpoint) -> Finding:
        found = endpoint.number(text, dataset)
        return Finding.of(found == 0, f"{found} triples of a graph that is not there")

    return ask


_COUNT = "SELECT (COUNT(*) AS ?n) WHERE { { SELECT * WHERE { %s } LIMIT 5 } }"
_COUNT_ALL = _COUNT % "?s ?p ?o"
_COUNT_NAMED = _COUNT % "GRAPH ?g { ?s ?p ?o }"
_ONE_NAMED = "SELECT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } FILTER(isIRI(?s)) } LIMIT 1"
_COUNT_FROM = "SELECT (COUNT(*) AS ?n) FROM <urn:x-migkg:none> WHERE { ?s ?p ?o }"


def _is_union(endpoint: Endpoint) -> Finding:
    if not endpoint.number(_COUNT_NAMED):
        return unclear("there are no named graphs")
    # One triple is enough: looking at all could take the whole time.
    rows = endpoint.rows(_ONE_NAMED)
    if not rows:
        return unclear("there are only blank nodes")
    subject, predicate = rows[0]["s"]["value"], rows[0]["p"]["value"]
    found = values.truth(endpoint.ask(f"ASK {{ <{subject}> <{predicate}> ?o }}"))
    return Finding.of(found is True)


_SEND = "queries are sent as a form, as always where it is Virtuoso or Neptune"
_NEED = "it cannot be used"
_REWRITE = "the service writes this format itself, from JSON or N-Triples"
_FAIL = "queries that need it fail or are wrong; nothing can be done in front"
_TRIED = "queries with it are refused"
_VALUES = "answers differ from those of the project's own engine"
_NOTHING = "nothing: the service does this itself"

QUESTIONS = (
    Question("requests", "answers GET", _status("GET"), "nothing: queries go by POST"),
    Question("requests", "answers POST of a form", _by_form, _NEED, needed=True),
    Question("requests", "answers POST of the query itself", _directly, _SEND),
    Question("requests", "answers HEAD", _status("HEAD"), _NOTHING),
    Question("requests", "allows other origins (CORS)", _options, _NOTHING),
    Question("requests", "compresses", _compressed, "nothing: answers are larger on the way"),
    Question(
        "requests",
        "takes a query of 64 KiB",
        _long_text,
        "longer ones fail: lower MIGKG_QUERY_TEXT",
    ),
    Question("requests", "takes an address of 7 KB", _long_url, "nothing: queries go by POST"),
    Question("requests", "describes itself", _describes_itself, _NOTHING),
    Question(
        "requests",
        "has a graph store where its kind has it",
        _store,
        "'migkg publish' needs --store",
    ),
    Question(
        "errors",
        "a wrong query is 4xx",
        _refuses(("query", "SELECT WHERE {")),
        "wrong queries are 502 instead of 400",
    ),
    Question(
        "errors",
        "an unknown format is 4xx",
        _refuses(("query", "ASK {}"), accept="application/x-none"),
        _NOTHING,
    ),
    Question(
        "errors",
        "two queries at once are 4xx",
        _refuses(("query", "ASK {}"), ("query", "ASK {}")),
        _NOTHING,
    ),
    Question(
        "errors",
        "takes updates from anybody (query=)",
        _takes_update("query"),
        "updates are refused here, but it is open to others: close it",
        wanted=Verdict.NO,
    ),
    Question(
        "errors",
        "takes updates from anybody (update=)",
        _takes_update("update"),
        "updates are refused here, but it is open to others: close it",
        wanted=Verdict.NO,
    ),
    Question("forms", "SELECT", _by_form, _NEED, needed=True),
    Question("forms", "ASK", _is_true(""), _NEED, needed=True),
    Question("forms", "CONSTRUCT", _gives(_TRIPLES, formats.NTRIPLES), _NEED, needed=True),
    Question("forms", "DESCRIBE", _described, _FAIL),
    Question(
        "results", "JSON", _gives("SELECT (1 AS ?x) WHERE {}", formats.JSON), _NEED, needed=True
    ),
    *(
        Question(
            "results",
            item.label.rpartition(", ")[2],
            _gives("SELECT (1 AS ?x) WHERE {}", item),
            _REWRITE,
        )
        for item in (formats.XML, formats.CSV, formats.TSV)
    ),
    *(
        Question("triples", item.label, _gives(_TRIPLES, item), _REWRITE)
        for item in (formats.TURTLE, formats.NTRIPLES, formats.RDFXML, formats.JSONLD)
    ),
    Question(
        "SPARQL 1.1",
        "NOT EXISTS",
        _is_true("FILTER NOT EXISTS { VALUES ?x { 1 } FILTER(false) }"),
        _FAIL,
        needed=True,
    ),
    Question(
        "SPARQL 1.1",
        "MINUS",
        _counts("SELECT (COUNT(*) AS ?n) WHERE { VALUES ?x { 1 2 } MINUS { VALUES ?x { 2 } } }", 1),
        _FAIL,
    ),
    Question(
        "SPARQL 1.1",
        "property paths",
        _counts(
            f"SELECT (COUNT(*) AS ?n) WHERE {{ <{_NOWHERE}> (<urn:p>/<urn:q>)|^<urn:r> ?x }}", 0
        ),
        _FAIL,
    ),
    Question(
        "SPARQL 1.1",
        "aggregates",
        _counts("SELECT (SUM(?x) AS ?n) WHERE { VALUES ?x { 1 2 } }", 3),
        _FAIL,
        needed=True,
    ),
    Question(
        "SPARQL 1.1",
        "subqueries",
        _counts("SELECT ?n WHERE { { SELECT (MAX(?x) AS ?n) WHERE { VALUES ?x { 1 2 } } } }", 2),
        _FAIL,
        needed=True,
    ),
    Question(
        "SPARQL 1.1",
        "BIND and functions",
        _counts("SELECT ?n WHERE { BIND(STRLEN(REPLACE('abc', 'b', '')) AS ?n) }", 2),
        _FAIL,
    ),
    Question("SPARQL 1.1", "ORDER BY, LIMIT, OFFSET", _ordered, _FAIL, needed=True),
    Question("SPARQL 1.1", "no rows are no rows", _no_rows, _FAIL, needed=True),
    *(Question("SPARQL 1.1", trial.what, _tried(trial), _TRIED) for trial in TRIALS),
    Question(
        "SPARQL 1.1",
        "UNION of nothing but VALUES",
        _union_of_values,
        "queries with it get a filter that is always true, where it is Virtuoso",
    ),
    Question(
        "SPARQL 1.1",
        "a quotient of integers",
        _is_true("VALUES ?x { 1 } FILTER(?x / 2 = 0.5)"),
        _FAIL,
    ),
    Question(
        "SPARQL 1.1",
        "a string with a language is another one",
        _is_true("VALUES ?x { 'a'@en } FILTER(?x != 'a')"),
        _FAIL,
    ),
    Question(
        "SPARQL 1.2",
        "triple terms",
        _is_true("FILTER(isTRIPLE(TRIPLE(<urn:a>, <urn:b>, 1)))"),
        "nothing: SPARQL 1.1 is promised",
    ),
    Question(
        "datasets",
        "default-graph-uri",
        _parameter(("default-graph-uri", _NOWHERE), text=_COUNT_ALL),
        "releases published beside each other cannot be told apart",
        needed=True,
    ),
    Question(
        "datasets",
        "named-graph-uri",
        _parameter(
            ("default-graph-uri", _NOWHERE), ("named-graph-uri", _NOWHERE), text=_COUNT_NAMED
        ),
        "queries with GRAPH see other releases too",
    ),
    Question(
        "datasets", "FROM", _counts(_COUNT_FROM, 0), "nothing: the dataset goes with the request"
    ),
    Question(
        "datasets",
        "the default graph is the union",
        _is_union,
        "nothing, if 'migkg publish' brought the release; else queries see less",
    ),
    Question("values", "language tags", values.language, _VALUES),
    Question("values", "datatypes", values.datatypes, _VALUES),
    Question("values", "integers of 30 figures", values.large_integer, _VALUES),
    Question("values", "dates with time, as written", values.moments, _VALUES),
    Question("values", "decimals", values.decimals, _VALUES),
    Question("values", "all of Unicode", values.unicode_text, _VALUES, needed=True),
    Question("values", "blank nodes", values.blank_nodes, _VALUES),
    Question(
        "limits",
        "20,001 rows, all of them",
        _many_rows,
        "answers that are cut are 413; raise its limit of rows",
    ),
)
# These keep a server busy that cannot stop a query, even when the client has left.
HEAVY = (
    Question(
        "limits",
        "a query that takes too long ends as an error",
        _slow,
        "it is given up at MIGKG_QUERY_DEADLINE, and may go on there",
    ),
    Question("limits", "others are answered meanwhile", _others, "give it processors, or replicas"),
)
