"""Every path of the service: what answers it, and how it is documented."""

from __future__ import annotations

from migkg.model import formats
from migkg.model.formats import Kind
from migkg.services.profiles import PROFILES
from migkg.services.views import choosing
from migkg.web import (
    citations,
    crawlers,
    descriptions,
    dumps,
    editing,
    graph_store,
    health,
    limits,
    linked_data,
    listings,
    metrics,
    overviews,
    releases,
    search,
    sparql,
    stored_queries,
    validation,
    views,
    vocabularies,
)
from migkg.web.negotiation import HTML, JSON
from migkg.web.routing import READ, WRITE, Parameter, Route

_TEXT = "text/plain"
_MAP = "application/xml"
_RDF = tuple(item.media_type for item in formats.GRAPH_FORMATS)
_GRAPH = tuple(item.media_type for item in formats.GRAPH_FORMATS if item.kind is Kind.GRAPH)
_ROWS = tuple(item.media_type for item in formats.RESULT_FORMATS)
_QUERY = Parameter("query", "SPARQL 1.1 query.", required=True, example="ASK { ?s ?p ?o }")
_DATASET = (
    Parameter("default-graph-uri", "IRI of a graph of the default graph."),
    Parameter("named-graph-uri", "IRI of a named graph."),
)
_OUTPUT = (
    Parameter("format", "Short name or media type of the answer; else Accept decides."),
    Parameter(
        "truncate", "Rows after which a SELECT may end although there are more.", type="integer"
    ),
)
_OPTIONAL_QUERY = Parameter(
    "query", "SPARQL 1.1 query; without it, the service description.", example=_QUERY.example
)
_VIEW = Parameter(
    "view",
    "What is drawn beside the table, if it fits; else what fits best.",
    values=choosing.VIEWS,
)
_GRAPH_PARAMETERS = (
    Parameter("graph", "IRI of a graph."),
    Parameter("default", "Present: the union of all graphs."),
)
_CITED = (
    _QUERY,
    Parameter("release", "Id of a release, or its beginning; without it, the current one."),
    *_DATASET,
)
_IRI = Parameter(
    "iri", "Any IRI.", required=True, example="http://www.w3.org/2004/02/skos/core#Concept"
)
_PROFILE = Parameter(
    "profile",
    "Name or IRI of what the document holds; else Accept-Profile decides.",
    values=tuple(item.name for item in PROFILES),
)
_PAGE = Parameter("page", "Number of the page of what points to the thing.", type="integer")
_FORMAT = Parameter(
    "format", "Format of the answer.", values=tuple(item.name for item in formats.FORMATS)
)
_SEARCH = (
    Parameter("q", "Words to search for.", required=True, example="Quito"),
    Parameter("kind", "Only things of this class, such as City; any other facet alike."),
    Parameter("lang", "Language of the labels; else Accept-Language decides."),
    Parameter("limit", "Results on a page, at most 100."),
    Parameter("page", "Which page, from 1."),
)

ROUTES = (
    Route("/", overviews.home, "Start page; the catalogue as RDF.", media_types=(HTML, *_RDF)),
    Route(
        "/sparql",
        sparql.endpoint,
        "SPARQL 1.1 Protocol, query.",
        (*READ, "POST"),
        parameters=(_OPTIONAL_QUERY, *_DATASET, *_OUTPUT, _VIEW),
        media_types=(HTML, *_ROWS, *_RDF),
        body=((sparql.FORM, (_QUERY, *_DATASET, *_OUTPUT, _VIEW)), (sparql.DIRECT, ())),
    ),
    Route(
        "/views",
        views.views,
        "Which views fit SPARQL results, one of them drawn, and names of the things in them.",
        ("POST",),
        parameters=(_VIEW,),
        media_types=(JSON,),
        body=((formats.JSON.media_type, ()),),
    ),
    Route(
        "/sparql/check",
        editing.check,
        "Whether a query can be run, and if not, where it is wrong.",
        ("POST",),
        media_types=(JSON,),
        body=((sparql.DIRECT, ()), (sparql.FORM, (_QUERY,))),
    ),
    Route(
        "/sparql/format",
        editing.layout,
        "The same query with lines and indents that show its structure.",
        ("POST",),
        media_types=(sparql.DIRECT,),
        body=((sparql.DIRECT, ()), (sparql.FORM, (_QUERY,))),
    ),
    Route(
        "/sparql/terms",
        editing.terms,
        "Prefixes, classes and properties of the release, for completion.",
        media_types=(JSON,),
    ),
    Route("/update", sparql.update, "403: the service is read-only.", ("POST",)),
    Route(
        "/rdf-graph-store",
        graph_store.indirect,
        "Graph Store Protocol, reading: ?graph= or ?default.",
        refused=WRITE,
        parameters=_GRAPH_PARAMETERS,
        media_types=_GRAPH,
    ),
    Route(
        "/graph/{path:path}",
        graph_store.direct,
        "One of our own graphs, by its own address.",
        refused=WRITE,
        media_types=_GRAPH,
    ),
    Route(
        "/id/{path:path}",
        linked_data.thing,
        "303 to the page or the data of a thing.",
        redirects=True,
    ),
    Route(
        "/page/{path:path}",
        linked_data.page,
        "Page of a thing.",
        parameters=(_PAGE,),
        media_types=(HTML,),
    ),
    Route(
        "/data/{path:path}",
        linked_data.data,
        "Data of a thing, negotiated or by extension.",
        parameters=(_PROFILE, _PAGE),
        media_types=_RDF,
    ),
    Route(
        "/describe",
        linked_data.describe,
        "Description of any IRI, ?iri=.",
        parameters=(_IRI, _PROFILE, _PAGE),
        media_types=(HTML, *_RDF),
    ),
    Route(
        "/search",
        search.search,
        "Full-text search, ranked, with facets.",
        parameters=_SEARCH,
        media_types=(HTML, JSON),
    ),
    Route(
        "/search/suggestions",
        search.suggestions,
        "Things whose names go on as the words begin.",
        parameters=(_SEARCH[0], _SEARCH[2]),
        media_types=(JSON,),
    ),
    Route("/browse/{name}", listings.browse, "All things of a class.", media_types=(HTML,)),
    Route(
        "/profile/{name}",
        linked_data.profile,
        "303 to what a profile of a document holds.",
        redirects=True,
        example="plain",
    ),
    Route("/ontology", vocabularies.vocabulary, "The ontology.", media_types=(HTML, *_RDF)),
    Route(
        "/ontology.{extension}",
        vocabularies.vocabulary,
        "The ontology in one format.",
        media_types=_RDF,
        example="ttl",
    ),
    Route(
        "/ontology/{version}",
        vocabularies.vocabulary,
        "One version of the ontology.",
        media_types=(HTML, *_RDF),
    ),
    Route("/shapes", vocabularies.vocabulary, "The SHACL shapes.", media_types=(HTML, *_RDF)),
    Route(
        "/shapes.{extension}",
        vocabularies.vocabulary,
        "The SHACL shapes in one format.",
        media_types=_RDF,
        example="ttl",
    ),
    Route(
        "/context.jsonld",
        vocabularies.context,
        "The JSON-LD context as it is now.",
        media_types=(formats.JSONLD.media_type,),
    ),
    Route(
        "/context/{name}",
        vocabularies.context_version,
        "One version of the context.",
        media_types=(formats.JSONLD.media_type,),
        example="0123456789abcdef.jsonld",
        redirects=True,
    ),
    Route(
        "/sdg",
        overviews.outline,
        "Goals, and what addresses them.",
        media_types=(HTML,),
    ),
    Route("/disagreements", overviews.differences, "Where statements differ.", media_types=(HTML,)),
    Route("/quality", listings.quality, "How the graph covers its documents.", media_types=(HTML,)),
    Route(
        "/queries",
        stored_queries.index,
        "The stored queries, and their parameters.",
        parameters=(Parameter("q", "Only those that have these words.", example="city"),),
        media_types=(HTML, JSON),
    ),
    Route(
        "/queries/{name}",
        stored_queries.one,
        "The answer to a stored query; its own parameters are described at its own path.",
        parameters=(_FORMAT, _VIEW),
        media_types=(HTML, *_ROWS, *_RDF),
    ),
    Route(
        "/limits", limits.limits, "Every limit that a client can meet.", media_types=(HTML, JSON)
    ),
    Route("/.well-known/void", descriptions.void, "The dataset in VoID.", media_types=_RDF),
    Route("/catalog", descriptions.catalogue, "The catalogue in DCAT 3.", media_types=_RDF),
    Route(
        "/releases",
        releases.index,
        "The releases that are kept, with what each changed.",
        media_types=(JSON, HTML, *_RDF),
    ),
    Route("/releases/{id}", releases.one, "One of them.", media_types=(JSON, HTML, *_RDF)),
    Route(
        "/q",
        citations.make,
        "Makes the answer to a query citable.",
        ("POST",),
        media_types=(JSON, HTML),
        body=((sparql.FORM, _CITED), (JSON, _CITED)),
        status="201",
    ),
    Route(
        "/q/{id}",
        citations.show,
        "A citable answer, always from the same release.",
        parameters=(
            _FORMAT,
            Parameter("cite", "How to cite it, instead of the answer.", values=citations.FORMS),
        ),
        media_types=(HTML, *_ROWS, *_RDF, citations.BIBTEX, citations.CSL, "text/plain"),
    ),
    Route("/dumps", dumps.index, "Index of the dumps.", media_types=(HTML,)),
    Route("/dumps/", dumps.index, "The same.", media_types=(HTML,)),
    Route(
        "/dumps/class/{name}",
        graph_store.of_class,
        "All that is said of the things of one class.",
        media_types=_GRAPH,
        example="City",
    ),
    Route(
        "/dumps/{name}",
        dumps.dump,
        "A dump, or SHA256SUMS.",
        media_types=(
            *_RDF,
            "application/gzip",
            "application/zstd",
            "application/zip",
            "text/plain",
        ),
        example="migkg.ttl.gz",
    ),
    Route("/robots.txt", crawlers.robots, "What crawlers leave alone.", media_types=(_TEXT,)),
    Route("/sitemap.xml", crawlers.sitemap, "All pages of things.", media_types=(_MAP,)),
    Route(
        "/sitemap/{name}",
        crawlers.part,
        "One of several sitemaps.",
        media_types=(_MAP,),
        example="1.xml",
    ),
    Route(
        "/validate",
        validation.validate,
        "RDF in, SHACL report out.",
        ("POST",),
        media_types=_RDF,
        body=tuple((name, ()) for name in _RDF),
    ),
    Route("/livez", health.live, "The process answers.", media_types=(JSON,)),
    Route("/metrics", metrics.metrics, "Counters for Prometheus.", media_types=(_TEXT,)),
    Route("/readyz", health.ready, "The engine answers.", media_types=(JSON,)),
)
