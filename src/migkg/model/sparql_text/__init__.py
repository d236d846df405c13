"""What can be told of a SPARQL query from its tokens, before any engine sees it."""

from migkg.model.sparql_text.faults import find_fault
from migkg.model.sparql_text.layout import laid_out
from migkg.model.sparql_text.reading import Form, QueryText, read_query
from migkg.model.sparql_text.rows import limit_rows, limited
from migkg.model.sparql_text.solutions import solutions_behind
from migkg.model.sparql_text.tokens import Token, tokens

__all__ = [
    "Form",
    "QueryText",
    "Token",
    "find_fault",
    "laid_out",
    "limit_rows",
    "limited",
    "read_query",
    "solutions_behind",
    "tokens",
]
