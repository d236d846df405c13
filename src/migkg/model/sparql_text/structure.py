"""How much work a query makes for the planner of an engine, counted from its tokens.

An engine orders the triple patterns of a group by trying, and the time grows with about the fourth
power of their number; it nests operators and clauses in one another, and the time grows with the
square. The counts are those of a query that is well-formed. A text that is not may be counted
wrongly; the engine then says what is wrong with it.
"""

from __future__ import annotations

from migkg.settings import Limits

# What is expected next inside a bracket. The first four are the places in a triple pattern.
_SUBJECT, _VERB, _OBJECT, _AFTER = range(4)
_ITEM = 4  # inside a collection
_PATH = 5  # inside the parentheses of a path
_EXPRESSION = 6  # in a group, before the bracket that belongs to FILTER, BIND, GRAPH ...
_ARGUMENTS = 7  # inside the brackets of an expression
_CLAUSE = 8  # outside the group of a (sub)query: what is selected, grouped and ordered by
_VALUES = 9  # between VALUES and its rows
_ROWS = 10  # inside the rows of VALUES
_CONSTRUCT = 11  # before a template
_TEMPLATE = 12  # inside a template
_PROLOGUE = 13

_STATE_AFTER = {
    "SELECT": _CLAUSE,
    "DESCRIBE": _CLAUSE,
    "ASK": _CLAUSE,
    "WHERE": _CLAUSE,
    "CONSTRUCT": _CONSTRUCT,
    "FILTER": _EXPRESSION,
    "BIND": _EXPRESSION,
    "OPTIONAL": _EXPRESSION,
    "MINUS": _EXPRESSION,
    "UNION": _EXPRESSION,
    "GRAPH": _EXPRESSION,
    "VALUES": _VALUES,
}
_COUNTED = frozenset(("FILTER", "AS", "OPTIONAL", "MINUS", "UNION", "GRAPH", "VALUES", "EXISTS"))
_SEPARATE = frozenset(("OPTIONAL", "UNION", "MINUS", "EXISTS"))
_TERMS = frozenset(("A", "TRUE", "FALSE"))
_INSIDE_PARENTHESES = {
    _SUBJECT: _ITEM,
    _OBJECT: _ITEM,
    _ITEM: _ITEM,
    _VERB: _PATH,
    _PATH: _PATH,
    _VALUES: _ROWS,
    _ROWS: _ROWS,
    _TEMPLATE: _TEMPLATE,
}


class TooMuch(Exception):
    """The query is beyond a limit; the text says which."""


class _Bracket:
    """A bracket that is open, or the query as a whole."""

    __slots__ = ("group", "joined", "patterns", "separate", "state")

    def __init__(self, state: int, group: _Bracket | None = None, *, separate: bool = True) -> None:
        self.state = state
        self.group = group or self  # where triple patterns are counted
        self.separate = separate  # not planned together with the group around it
        self.patterns = 0
        self.joined = 0  # the patterns of the last group inside, as they were added here


class Structure:
    """Follows the brackets, triple patterns and clauses of a query.

    Every method raises :class:`TooMuch` beyond a limit.
    """

    def __init__(self, limits: Limits) -> None:
        self.makes_blank_nodes = False
        self._limits = limits
        self._operators = 0
        self._separate = False
        self._triple = False
        self._short_construct = False
        self._top = _Bracket(_PROLOGUE)
        self._around: list[_Bracket] = []

    @property
    def depth(self) -> int:
        """How many brackets are open."""
        return len(self._around)

    def term(self, _: object = None) -> None:
        """Takes an IRI, a variable, a literal or a blank node."""
        top = self._top
        if top.state <= _OBJECT:
            top.state += 1
            if top.state == _AFTER:
                self._add_patterns(1)
        elif top.state == _ITEM:
            self._add_patterns(2)  # rdf:first and rdf:rest
        elif top.state == _CLAUSE:
            self._add_operator()

    def blank(self, _: object = None) -> None:
        """Takes a blank node with a label."""
        self._note_blank_node()
        self.term()

    def word(self, word: str) -> None:
        """Takes a keyword in capitals."""
        if word in _TERMS:
            self.term()
            return
        if word in _COUNTED:
            self._add_operator()
        if word in _STATE_AFTER:
            self._short_construct |= word == "WHERE" and self._top.state == _CONSTRUCT
            self._top.state = _STATE_AFTER[word]
        if word in _SEPARATE:
            self._separate = True
            if word == "UNION":  # what stands before it is planned for itself too
                self._top.patterns -= self._top.joined - 1
                self._top.joined = 1

    def separator(self, sign: str) -> None:
        """Takes a full stop, a semicolon or a comma."""
        if self._top.state <= _AFTER:
            self._top.state = {".": _SUBJECT, ";": _VERB, ",": _OBJECT}[sign]

    def operator(self, sign: str) -> None:
        """Takes an operator of an expression or a path, or a sign of RDF 1.2."""
        top = self._top
        if sign == "^^" or top.state in (_ROWS, _TEMPLATE):
            return
        self._add_operator()
        if sign == "/" and top.state in (_VERB, _OBJECT, _PATH):
            self._add_patterns(1)  # a step of a path is planned like a pattern of its own
        if top.state == _OBJECT and sign in "/|^!":
            top.state = _VERB
        elif top.state <= _AFTER and sign in ("<", ">>"):
            self._triple_term(opens=sign == "<")

    def _triple_term(self, *, opens: bool) -> None:
        """A triple inside a triple: ``<< :s :p :o >>`` or ``<<( :s :p :o )>>`` (SPARQL 1.2)."""
        self._triple = opens
        if not opens:
            self._top.state = _VERB
            self._add_patterns(1)

    def open(self, sign: str) -> None:
        """Takes an opening bracket."""
        if len(self._around) >= self._limits.depth:
            raise TooMuch(f"Brackets are nested deeper than {self._limits.depth}.")
        inside = {"{": self._open_group, "(": self._open_parenthesis}.get(sign, self._open_node)()
        self._around.append(self._top)
        self._top = inside

    def close(self, _: object = None) -> None:
        """Takes a closing bracket."""
        if not self._around:
            return
        closed, self._top = self._top, self._around.pop()
        if closed.group is not closed:
            return
        self._check_patterns(closed)
        # What is planned for itself is one thing to its surroundings, other groups are part of it.
        alone = closed.separate or closed.state == _CLAUSE
        joined = 1 if alone else max(1, closed.patterns)
        self._top.group.patterns += joined
        self._top.joined = joined

    def _open_group(self) -> _Bracket:
        top, separate = self._top, self._separate
        self._separate = False
        if top.state in (_CONSTRUCT, _TEMPLATE):
            top.state = _CLAUSE
            return _Bracket(_TEMPLATE, top.group)
        if top.state in (_VALUES, _ROWS):
            top.state = _CLAUSE if not self._around else _SUBJECT
            top.patterns += 1
            return _Bracket(_ROWS, top.group)
        if top.state in (_CLAUSE, _ARGUMENTS, _PROLOGUE):
            return _Bracket(_SUBJECT)
        top.state = _SUBJECT
        return _Bracket(_SUBJECT, separate=separate or top.group is not top)

    def _open_parenthesis(self) -> _Bracket:
        top = self._top
        inside = _INSIDE_PARENTHESES.get(top.state, _ARGUMENTS)
        if self._triple and inside == _ITEM:
            self._triple = False
            return _Bracket(_SUBJECT, top.group)
        if inside in (_ITEM, _TEMPLATE):
            self._note_blank_node()
        if top.state == _EXPRESSION:
            top.state = _SUBJECT
        else:
            self.term()
        return _Bracket(inside, top.group)

    def _open_node(self) -> _Bracket:
        """A blank node property list, or an annotation (RDF 1.2)."""
        self._note_blank_node()
        top = self._top
        self.term()
        inside = _VERB if top.state <= _ITEM else top.state
        return _Bracket(inside, top.group)

    def _note_blank_node(self) -> None:
        """A blank node in a template is a new one in every answer."""
        self.makes_blank_nodes |= self._short_construct or self._top.state == _TEMPLATE

    def _add_operator(self) -> None:
        self._operators += 1
        if self._operators > self._limits.operators:
            raise TooMuch(
                f"The query has more than {self._limits.operators} operators, clauses and selected "
                "things. Give lists of values with VALUES or IN."
            )

    def _add_patterns(self, count: int) -> None:
        group = self._top.group
        group.patterns += count
        self._check_patterns(group)

    def _check_patterns(self, group: _Bracket) -> None:
        if group.patterns > self._limits.patterns:
            raise TooMuch(
                f"More than {self._limits.patterns} triple patterns and path steps are joined in "
                "one group. Ask in several queries, or put parts into sub-queries."
            )
