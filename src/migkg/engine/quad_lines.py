"""What a line of canonical N-Quads says, read without a parser.

The lines are those that the engine writes: one blank between two terms and before the dot at the
end, and no triple terms. Neither an IRI nor a blank node label holds a blank or a quotation mark.
Source: RDF 1.1 N-Quads, https://www.w3.org/TR/n-quads/.
"""

from __future__ import annotations

END = b" ."


def split_line(line: bytes) -> tuple[bytes, bytes]:
    """(the triple without an end, its graph); the graph is empty for the default graph."""
    content = line[:-2]
    head, _, last = content.rpartition(b" ")
    named = b'"' not in last if b'"' in line else content.count(b" ") == 3
    return (head, last) if named else (content, b"")


def subject_of(line: bytes) -> bytes:
    """The subject of a line."""
    return line[: line.index(b" ")]


def in_graph(line: bytes, graph: bytes) -> bytes:
    """The line, put into a graph if it is in none."""
    return line if split_line(line)[1] else b"%s %s ." % (line[:-2], graph)


def has_blank_node(line: bytes) -> bool:
    """True if a term of the line is a blank node."""
    if b"_:" not in line:
        return False
    triple, graph = split_line(line)
    subject, _, value = triple.split(b" ", 2)
    return any(term.startswith(b"_:") for term in (subject, value, graph))


def rename_blank_nodes(line: bytes, prefix: bytes) -> bytes:
    """The line with ``prefix`` before each label of a blank node."""
    triple, graph = split_line(line)
    subject, predicate, value = triple.split(b" ", 2)
    terms = (subject, predicate, value, graph) if graph else (subject, predicate, value)
    return b" ".join(b"_:%s%s" % (prefix, t[2:]) if t[:2] == b"_:" else t for t in terms) + END
