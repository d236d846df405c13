"""Parameters of stored queries: declared with a type, read as terms, bound into the query."""

from migkg.services.parameters.binding import Bound, bind, bound_defaults
from migkg.services.parameters.choices import Choice, Choices
from migkg.services.parameters.declarations import Parameter, Type

__all__ = ["Bound", "Choice", "Choices", "Parameter", "Type", "bind", "bound_defaults"]
