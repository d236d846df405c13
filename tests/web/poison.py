"""Requests that no service should answer with 200, and what this one must say instead."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, quote_from_bytes, urlencode

from tests.web.client import DIRECT, FORM

REFUSED = frozenset((400,))
# A query without end may meet the deadline or, since the engine holds one side of every cross
# product, the limit of memory; which one comes first depends on the machine.
STOPPED = frozenset((504, 507))
# An answer without end may meet the deadline, the largest answer or the memory first.
ENDLESS = frozenset((413, 504, 507))


@dataclass(frozen=True)
class Poison:
    """A request, and the statuses of which its reply must have one."""

    name: str
    statuses: frozenset[int]
    path: str = "/sparql"
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": DIRECT})
    body: bytes | None = None


def _queries(statuses: frozenset[int], texts: dict[str, str]) -> list[Poison]:
    return [Poison(name, statuses, body=text.encode()) for name, text in texts.items()]


def _nested(opening: str, inner: str, closing: str, depth: int = 101) -> str:
    return opening * depth + inner + closing * depth


def _where(pattern: str) -> str:
    return f"SELECT * {{ {pattern} }}"


def _many(form: str, count: int, separator: str = " ") -> str:
    """``form`` with the numbers from 0 on in the place of ``#``."""
    return separator.join(form.replace("#", str(number)) for number in range(count))


TOO_DEEP = {
    "groups": _where(_nested("{", "", "}")),
    "parentheses": _where("FILTER(" + _nested("(", "1", ")") + ")"),
    "functions": _where("FILTER(" + _nested("CONCAT(", "''", ")", 949) + ")"),
    "conditions": _where("BIND(" + _nested("IF(true,1,", "1", ")") + " AS ?x)"),
    "alternatives": _where("BIND(" + _nested("COALESCE(1/0,", "1", ")") + " AS ?x)"),
    "lists of values": _where("FILTER(" + _nested("1 IN (", "1", ")") + ")"),
    "negations": _where("FILTER(" + _nested("!(", "true", ")") + ")"),
    "exists": _where(_nested("FILTER EXISTS {", "", "}", 872)),
    "not exists": _where(_nested("?s ?p ?o FILTER NOT EXISTS {", "", "}")),
    "sub-queries": _where(_nested("{SELECT * {", "", "}}", 1500)),
    "optional": _where(_nested("OPTIONAL {?s ?p ?o ", "", "}")),
    "minus": _where(_nested("?s ?p ?o MINUS {", "", "}")),
    "graphs": _where(_nested("GRAPH ?g {", "", "}")),
    "unions": _where(_nested("{{} UNION {", "", "}}")),
    "blank nodes": _where("?s ?p " + _nested("[?p ", "1", "]")),
    "collections": _where("?s ?p " + _nested("(", "1", ")")),
    "paths": _where("?s " + _nested("(", "a", ")*") + " ?o"),
    "annotations": _where("?s ?p ?o " + _nested("{| ?p ?o ", "", "|}")),
    "template": f"CONSTRUCT {{ ?s ?p {_nested('[?p ', '1', ']')} }} WHERE {{ ?s ?p ?o }}",
    "brackets without end": "SELECT * " + "{" * 200_000,
    "projections": "SELECT (" + _nested("(", "1", ")") + " AS ?x) {}",
    "orders": "SELECT * {} ORDER BY " + _nested("(", "1", ")"),
}
TOO_WIDE = {
    "star": _where("?s " + _many("<x:#> ?o#", 200, " ; ")),
    "star of objects": _where("?s <x:p> " + _many("?o#", 1000, " , ")),
    "star of sentences": _where(_many("?s ?p# ?o# .", 1000)),
    "chain": _where(_many("?x# <x:p> ?x1# .", 1000)),
    "star of blank nodes": _where("?s ?p 1 ; " + _many("<x:#> [ <x:q> ?o# ]", 100, " ; ")),
    "collection": _where("?s ?p (" + _many("?o#", 100) + ")"),
    "groups": _where(_many("{ ?s <x:#> ?o# }", 100)),
    "graphs": _where(_many("GRAPH ?g# { ?s <x:#> ?o# }", 100)),
    "optional": _where("?s ?p ?o " + _many("OPTIONAL { ?s <x:#> ?o# }", 100)),
    "sub-queries": _where(_many("{ SELECT * { ?s <x:#> ?o# } }", 1000)),
    "tables": _where(_many("VALUES ?t { <x:#> }", 200)),
    "minus": _where("?s ?p ?o " + _many("MINUS { ?s <x:#> ?o# }", 1000)),
    "unions joined": _where(_many("{ ?s <x:p> ?a# } UNION { ?s <x:q> ?a# }", 64)),
    "unions": _where(_many("{ ?s <x:#> ?o# }", 2000, " UNION ")),
    "exists": _where("?s ?p ?o " + _many("FILTER EXISTS { ?s <x:#> ?o# }", 1000)),
    "path": _where("?s " + _many("<x:#>", 500, "/") + " ?o"),
    "path, inverted": _where("?s ^(" + _many("<x:#>", 500, "/") + ") ?o"),
    "path of alternatives": _where("?s " + _many("(<x:#>|a)", 500, "/") + " ?o"),
    "path, alternatives": _where("?s " + _many("<x:#>", 2000, "|") + " ?o"),
    "path, negated": _where("?s !(" + _many("<x:#>", 2000, "|") + ") ?o"),
    "path in a blank node": _where("[ " + _many("<x:#>", 500, "/") + " ?o ] ?p 1"),
    "or": _where("?s a ?t FILTER(" + _many("?t=<x:#>", 5000, "||") + ")"),
    "and": _where("?s a ?t FILTER(" + _many("?t!=<x:#>", 5000, "&&") + ")"),
    "sum": _where("FILTER(0<" + "+".join("1" * 20_000) + ")"),
    "product": _where("FILTER(0<" + "*".join("1" * 20_000) + ")"),
    "not": _where("FILTER(" + "!" * 20_000 + "true)"),
    "filters": _where("?s ?p ?o " + _many("FILTER(?o != #)", 5000)),
    "bindings": _where(_many("BIND(# AS ?x#)", 5000)),
    "projections": "SELECT " + _many("(# AS ?x#)", 5000) + " {}",
    "aggregates": "SELECT " + _many("(COUNT(?s) AS ?x#)", 5000) + " { ?s ?p ?o }",
    "having": "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING " + _many("(COUNT(?o) > #)", 5000),
    "order": "SELECT * { ?s ?p ?o } ORDER BY " + _many("?x#", 20_000),
    "described": "DESCRIBE " + _many("<x:#>", 10_000),
    "rows of variables": _where("VALUES ?x { " + _many("?x#", 30_000) + " }"),
    "list": _where("FILTER(1 IN (" + _many("#", 20_000, ",") + "))"),
    "arguments": _where("BIND(CONCAT(" + _many("'#'", 20_000, ",") + ") AS ?x)"),
    "graph names": "SELECT * " + _many("FROM <x:#>", 10_000) + " {}",
    "prefixes": _many("PREFIX p#: <x:#>", 5000) + " SELECT * {}",
    "signs": "SELECT * { " + ". " * 100_000 + "}",
    "escapes": "SELECT * { " + "\\u0041" * 40_000 + "}",
}
FORBIDDEN = {
    "service": _where("SERVICE <http://127.0.0.1:9/> { ?s ?p ?o }"),
    "service, silent": _where("service silent <http://127.0.0.1:9/> {}"),
    "service, variable": _where("VALUES ?x { <http://127.0.0.1:9/> } SERVICE ?x {}"),
    "service, nested": _where(
        "{ SELECT * { FILTER EXISTS { SERVICE <http://127.0.0.1:9/> {} } } }"
    ),
    "service, escaped": _where("\\u0053ERVICE <http://127.0.0.1:9/> {}"),
    "service behind a quote": _where("?s ?p '\\u0027 . SERVICE <http://127.0.0.1:9/> {} ?s ?p '"),
    "service behind a comment": _where("# \\u000ASERVICE <http://127.0.0.1:9/> {}\n"),
    "service, fused": _where("?s ?p trueSERVICE<http://127.0.0.1:9/>{}"),
    "service, prefixed": "PREFIX e: <http://127.0.0.1:9/> SELECT * { SERVICEe:x {} }",
    "load": "LOAD <http://127.0.0.1:9/>",
    "load, escaped": "\\u004COAD <http://127.0.0.1:9/>",
    "load behind a query": "SELECT * {} ; LOAD <http://127.0.0.1:9/>",
    "insert": "INSERT DATA { <x:a> <x:a> <x:a> }",
    "clear": "PREFIX x: <x:> CLEAR ALL",
    "delete": "WITH <x:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "drop": "# SELECT\nDROP ALL",
}
NO_QUERY = {
    "empty": "",
    "noise": "\x01\x02\x03",
    "zero": "\0",
    "zero in a query": "SELECT * \0 { ?s ?p ?o }",
    "surrogate": _where("?s ?p '\\uD800'"),
    "surrogates": _where("?s ?p '\\uD83D\\uDC7E'"),
    "beyond Unicode": _where("?s ?p '\\U00110000'"),
    "string without end": _where("?s ?p '" + "x" * 200_000),
    "long string without end": _where('?s ?p """' + "\\\\" * 100_000),
    "IRI without end": _where("?s ?p <" + "x" * 200_000),
    "IRI with a space": _where("?s ?p <x: x>"),
    "offset": "SELECT * {} OFFSET " + "9" * 5000,
    "limit": "SELECT * {} LIMIT -1",
    "half a query": "SELECT * { ?s ?p",
    "two queries": "ASK {} ASK {}",
    "aggregate in a filter": _where("?s ?p ?o FILTER(COUNT(?s) > 1)"),
    "variable bound twice": _where("BIND(1 AS ?x) BIND(2 AS ?x)"),
    "JSON": '{"query": "ASK {}"}',
}
ALL = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
_LONG = "STRLEN(CONCAT(STR(?c), STR(?f), STR(?i), STR(?l)))"
_TABLES = " ".join(f"VALUES ?{name} {{ {_many('#', 500)} }}" for name in "abcdef")
WITHOUT_END = {
    "count": f"SELECT (COUNT(*) AS ?n) {{ {ALL} }}",
    "ask": f"ASK {{ {ALL} FILTER({_LONG} < 0) }}",
    "sum": f"SELECT (SUM({_LONG}) AS ?n) {{ {ALL} }}",
    "minimum": f"SELECT (MIN(?l) AS ?n) {{ {ALL} }}",
    "far row": f"SELECT * {{ {ALL} }} OFFSET 1000000000000 LIMIT 1",
    "sub-query": f"SELECT * {{ {{ SELECT (COUNT(*) AS ?n) {{ {ALL} }} }} }}",
    "tables": f"SELECT (COUNT(*) AS ?n) {{ {_TABLES} }}",
    "regular expression": f"ASK {{ {ALL} "
    "FILTER REGEX(CONCAT(STR(?c), STR(?l)), '(a|aa|aaa){20}~~$') }",
    "replacements": f"ASK {{ {ALL} FILTER(REPLACE(STR(?l), '.', STR(?c)) = 'no') }}",
    "digests": f"ASK {{ {ALL} FILTER(SHA512({_LONG}) = 'no') }}",
    "chance": f"ASK {{ {ALL} FILTER(RAND() + {_LONG} < 0) }}",
    "optional": f"SELECT (COUNT(*) AS ?n) {{ {{}} OPTIONAL {{ {ALL} }} }}",
    "unions": f"SELECT (COUNT(*) AS ?n) {{ {{ {ALL} }} UNION {{ {ALL} }} }}",
    "minus": f"SELECT (COUNT(*) AS ?n) {{ {ALL} MINUS {{ ?a ?e ?nowhere }} }}",
    "not exists": f"ASK {{ ?s ?p ?o FILTER NOT EXISTS {{ {ALL} FILTER({_LONG} < 0) }} }}",
    "deep exists": "ASK { ?s ?p ?o "
    + "".join(f"FILTER NOT EXISTS {{ ?a{n} ?b{n} ?c{n} " for n in range(9))
    + "FILTER(STRLEN(STR(?c8)) < 0)"
    + "}" * 10,
    "path closure of all": "SELECT (COUNT(*) AS ?n) { ?a (!<x:>|^!<x:>)* ?b . ?c (!<x:>)* ?d }",
    "closure of closures": "SELECT (COUNT(*) AS ?n) { ?a (((((!<x:>*)*)*)*)*)* ?b }",
    "graphs": "SELECT (COUNT(*) AS ?n) { "
    "GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } GRAPH ?i { ?k ?l ?m } }",
}
_DOUBLING = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}, ?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(20))
_REPLACING = " ".join(
    f"BIND(REPLACE(?x{n}, '.', 'yyyyyyyyyyyyyyyy') AS ?x{n + 1})" for n in range(9)
)
_ENCODING = " ".join(
    f"BIND(ENCODE_FOR_URI(CONCAT(?x{n}, '%%%', ?x{n})) AS ?x{n + 1})" for n in range(30)
)
HUNGRY = {
    "doubling": _where(f"BIND('xxxxxxxxxxxxxxxx' AS ?x0) {_DOUBLING}"),
    "replacing": _where(f"BIND('xxxxxxxxxxxxxxxx' AS ?x0) {_REPLACING}"),
    "encoding": _where(f"BIND('%%%%%%%%' AS ?x0) {_ENCODING}"),
    "one long text": f"SELECT (GROUP_CONCAT({'STR(?l)'}) AS ?n) {{ {ALL} }}",
    "long texts": f"SELECT ?a (GROUP_CONCAT(STR(?l)) AS ?n) {{ {ALL} }} GROUP BY ?a",
    "order": f"SELECT * {{ {ALL} }} ORDER BY ?l ?a",
    "distinct count": "SELECT (COUNT(DISTINCT CONCAT(STR(?a), STR(?f), STR(?l))) AS ?n) "
    f"{{ {ALL} }}",
    "groups": f"SELECT ?a ?f ?l (COUNT(*) AS ?n) {{ {ALL} }} GROUP BY ?a ?f ?l",
}
ANSWERS = {
    "distinct": f"SELECT DISTINCT * {{ {ALL} }}",
    "select": f"SELECT * {{ {ALL} }}",
    "construct": f"CONSTRUCT {{ ?a ?e ?i . ?d ?h ?l . ?g ?b ?c }} WHERE {{ {ALL} }}",
    "construct blank nodes": f"CONSTRUCT {{ [] ?e [ ?h ?l ] }} WHERE {{ {ALL} }}",
    "describe": f"DESCRIBE ?a ?d ?g WHERE {{ {ALL} }}",
}


def _form(body: bytes, name: str, status: int) -> Poison:
    return Poison(name, frozenset((status,)), headers={"Content-Type": FORM}, body=body)


def _get(query_string: str, name: str, status: int = 400, **headers: str) -> Poison:
    path = f"/sparql?{query_string}"
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Poison(name, frozenset((status,)), path, "GET", named)


def _typed(content_type: str, name: str, status: int = 415) -> Poison:
    headers = {"Content-Type": content_type}
    return Poison(name, frozenset((status,)), headers=headers, body=b"ASK {}")


_ASK = quote("ASK {}")
PROTOCOL = [
    _get("query=ASK%7B%7D%FF", "bad UTF-8"),
    _get("query=" + quote_from_bytes(b"ASK {} #\xed\xa0\x80"), "encoded surrogate"),
    _get("query=" + quote_from_bytes(b"ASK {} #\xc0\xaf"), "overlong UTF-8"),
    _get("query=ASK%7B%7D%", "broken escape at the end"),
    _get("query=ASK%7B%7D%zz", "broken escape"),
    _get(f"query={_ASK}&query={_ASK}", "twice the query"),
    _get("query=", "empty query"),
    _get("query", "query without value"),
    _get(f"update={_ASK}", "update"),
    _get(f"query={_ASK}&update={_ASK}", "query and update"),
    _get(f"query={_ASK}&default-graph-uri=relative", "relative graph"),
    _get(f"query={_ASK}&named-graph-uri=x:%20y", "graph with a space"),
    _get(f"query={_ASK}&default-graph-uri=x:%00", "graph with a zero"),
    _get(f"query={_ASK}", "image", 406, Accept="image/png"),
    _form(b"", "empty form", 400),
    _form(b"query=%ff", "bad UTF-8 in a form", 400),
    _form(b"query=ASK{}&query=ASK{}", "twice the query in a form", 400),
    _form(urlencode({"update": "CLEAR ALL"}).encode(), "update in a form", 400),
    _form(b"query=" + b"x" * 300_000, "long form", 413),
    _form(b"&" * 200_000, "form of nothing", 400),
    Poison("bad UTF-8 in a body", REFUSED, body=b"ASK {} #\xff"),
    Poison("UTF-16", REFUSED, body="ASK {}".encode("utf-16")),
    Poison("long body", frozenset((413,)), body=b"#" * 300_000),
    Poison("query in body and path", REFUSED, f"/sparql?query={_ASK}", body=b"ASK {}"),
    Poison(
        "compressed body",
        frozenset((415,)),
        headers={"Content-Type": DIRECT, "Content-Encoding": "gzip"},
        body=b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    ),
    _typed("text/plain", "plain text"),
    _typed("application/json", "JSON"),
    _typed("multipart/form-data; boundary=x", "multipart"),
    _typed("application/sparql-update", "update by type"),
    _typed(f"{DIRECT}; charset=utf-16", "charset"),
    _typed("", "no type"),
    *(
        Poison(f"method {method}", frozenset((405,)), method=method, headers={}, body=b"")
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "QUERY")
    ),
]

POISONS = [
    *_queries(REFUSED, {f"deep: {name}": text for name, text in TOO_DEEP.items()}),
    *_queries(REFUSED, {f"wide: {name}": text for name, text in TOO_WIDE.items()}),
    *_queries(REFUSED, {f"forbidden: {name}": text for name, text in FORBIDDEN.items()}),
    *_queries(REFUSED, {f"no query: {name}": text for name, text in NO_QUERY.items()}),
    *_queries(STOPPED, {f"without end: {name}": text for name, text in WITHOUT_END.items()}),
    *_queries(STOPPED, {f"hungry: {name}": text for name, text in HUNGRY.items()}),
    *_queries(ENDLESS, {f"answer: {name}": text for name, text in ANSWERS.items()}),
    *PROTOCOL,
]
