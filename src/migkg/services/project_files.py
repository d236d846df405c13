"""The project's RDF files, read: one named graph a file, but for files that name graphs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from rdflib import Graph

from migkg.engine import rdf_io
from migkg.engine.scratch import lost_in_store
from migkg.engine.sources import Source, bare_name, kind_of
from migkg.errors import BadFile
from migkg.model.formats import NOT_XML
from migkg.model.namespaces import COMMON_PREFIXES, Vocabulary
from migkg.model.report import Finding, Report
from migkg.resources import Project
from migkg.services.inputs import other_files


@dataclass(frozen=True)
class GraphFile:
    """One file and the name of the graph that it holds."""

    content: rdf_io.RdfFile
    folder: str
    graph_iri: str
    name: str


class ProjectFiles:
    """Every Turtle file of a project, parsed."""

    def __init__(self, project: Project, vocabulary: Vocabulary) -> None:
        self.project = project
        self.vocabulary = vocabulary
        self.files = [self._read(path) for path in project.turtle_files()]
        self.files += [file for path in other_files(project) for file in self._read_other(path)]
        if not self.files:
            raise BadFile(f"{project.root} holds no RDF files.")

    def _read(self, path: Path) -> GraphFile:
        folder = path.parent.name
        name = path.relative_to(self.project.root).as_posix()
        return GraphFile(
            rdf_io.read_turtle(path), folder, self.vocabulary.graph_iri(folder, path.stem), name
        )

    def _read_other(self, path: Path) -> Iterator[GraphFile]:
        """A file of ``data/`` in another format, packed, or in a folder below."""
        name = path.relative_to(self.project.root / "data").as_posix()
        graph_iri = self.vocabulary.graph_iri("data", quote(bare_name(name)))
        source = Source(path, *kind_of(path), graph_iri, graph_iri)
        for graph, content in rdf_io.read_graph_file(source).items():
            yield GraphFile(content, "data", graph, f"data/{name}")

    def quads(self) -> list[rdf_io.Quad]:
        """Every triple in the graph of its file."""
        return [
            rdf_io.Quad(t.subject, t.predicate, t.object, rdf_io.NamedNode(file.graph_iri))
            for file in self.files
            for t in file.content.triples
        ]

    def triples(self, *folders: str) -> list[rdf_io.Triple]:
        """The triples of the files in these folders."""
        return [t for file in self.files if file.folder in folders for t in file.content.triples]

    def graph(self, *folders: str) -> Graph:
        """The same as an rdflib graph."""
        return rdf_io.to_rdflib(self.triples(*folders))

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that the project declares, and those that every project shares."""
        declared = rdf_io.declared_prefixes(self.triples("ontology", "shapes"))
        return dict(sorted({**COMMON_PREFIXES, **declared}.items()))

    @cached_property
    def places(self) -> dict[str, str]:
        """Subject IRI to the name of the file that describes it; data before the rest."""
        places: dict[str, str] = {}
        for file in reversed(self.files):
            for triple in file.content.triples:
                if isinstance(triple.subject, rdf_io.NamedNode):
                    places[triple.subject.value] = file.name
        return places

    def check_one_place(self) -> Report:
        """Finds triples that stand in more than one file.

        Each fact has one place; besides, an engine that joins graphs would count it twice.
        """
        homes: dict[rdf_io.Triple, set[str]] = defaultdict(set)
        for file in self.files:
            for triple in file.content.triples:
                if not any(
                    isinstance(t, rdf_io.BlankNode) for t in (triple.subject, triple.object)
                ):
                    homes[triple].add(file.name)
        return Report(tuple(_doubles(homes)))

    def check_literals(self) -> Report:
        """Finds literals that would be given back in another form or datatype, or could not be.

        What is served must be what the files say, to the letter.
        """
        triples = [triple for file in self.files for triple in file.content.triples]
        changed = [
            self._literal(
                triple,
                "The engine would change the form of this literal.",
                "Write its canonical form, in a primitive datatype or xsd:integer.",
            )
            for triple in lost_in_store(triples)
        ]
        not_xml = [
            self._literal(
                triple,
                "The literal holds a character that XML cannot hold, so many answers could not.",
                "Take the character out.",
            )
            for triple in triples
            if isinstance(triple.object, rdf_io.Literal) and NOT_XML.search(triple.object.value)
        ]
        return Report((*changed, *not_xml))

    def _literal(self, triple: rdf_io.Triple, message: str, advice: str) -> Finding:
        subject = str(getattr(triple.subject, "value", ""))
        return Finding(
            file=self.places.get(subject, ""),
            focus=subject,
            path=triple.predicate.value,
            value=str(triple.object),
            message=message,
            advice=advice,
        )


def _doubles(homes: dict[rdf_io.Triple, set[str]]) -> Iterator[Finding]:
    for triple, names in homes.items():
        if len(names) > 1:
            yield Finding(
                file=", ".join(sorted(names)),
                focus=str(getattr(triple.subject, "value", "")),
                path=triple.predicate.value,
                value=str(getattr(triple.object, "value", "")),
                message="The same triple stands in more than one file.",
                advice="Keep it in the file that describes its subject.",
            )
