"""What can go wrong, as facts; each layer above translates them once."""

from __future__ import annotations


class MigkgError(Exception):
    """The base of every error that migkg raises on purpose; its text is one sentence for people."""


class BadSetting(MigkgError):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, value: str, why: str) -> None:
        super().__init__(f"{name} is {value!r}, but {why}.")


class BadFile(MigkgError):
    """A file of the project, or one given by name, cannot be read or understood."""


class BrokenFile(BadFile):
    """A file of the project is not written as it has to be; the text begins with its place."""


class BadDeclaration(BadFile):
    """A parameter of a stored query is declared wrongly; ``line`` and ``column`` start at 1."""

    def __init__(self, message: str, *, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class BadParameters(MigkgError):
    """A stored query was given what its parameters do not take.

    ``problems`` has one sentence for each parameter that is wrong, and ``available`` names those
    that there are, or the values that one of them takes.
    """

    def __init__(self, problems: dict[str, str], available: list[str] | None = None) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems
        self.available = available


class NoRelease(MigkgError):
    """There is no release to open, or the one there is damaged."""


class UnknownRelease(NoRelease):
    """No release that is kept has this id; ``available`` names those that are."""

    def __init__(self, available: list[str]) -> None:
        super().__init__("There is no such release.")
        self.available = available


class AmbiguousRelease(NoRelease):
    """Several releases have an id that begins so; ``available`` names them."""

    def __init__(self, available: list[str]) -> None:
        super().__init__("Several releases have an id that begins so.")
        self.available = available


class CitationsOff(MigkgError):
    """The settings allow no citation to be made."""

    def __init__(self) -> None:
        super().__init__("This service makes no citations.")


class CitationsFull(MigkgError):
    """There are as many citations as the settings allow."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} citations; no more are kept here.")


class CitationsUnavailable(MigkgError):
    """The folder of the citations cannot be written."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Citations cannot be written here: {why}.")


class NoIndex(MigkgError):
    """A release has no index for search, or it cannot be used."""


class SearchTimeout(MigkgError):
    """A search took longer than its deadline; ``seconds`` is that deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The search was given up after {seconds:g} seconds.")
        self.seconds = seconds


class BadSearch(MigkgError):
    """A search asks for what cannot be searched for; the text says why."""


class InvalidData(MigkgError):
    """The files were read, but break the rules; ``report`` says where."""

    def __init__(self, message: str, *, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class ShapeRefused(InvalidData):
    """A shape asks for what the compiler does not do, or is not well-formed; the text says what."""

    def __init__(self, shape: object, reason: str) -> None:
        super().__init__(f"The shape {shape} is not compiled: {reason}.")
        self.shape = shape
        self.reason = reason


class BadQuery(MigkgError):
    """The query text is not a SPARQL query; ``line`` and ``column`` start at 1."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class QueryRefused(BadQuery):
    """The query is well-formed, but asks for what the service does not do."""


class QueryTimeout(MigkgError):
    """The query was stopped at its deadline; ``seconds`` is that deadline, None if not known."""

    def __init__(self, seconds: float | None = None) -> None:
        after = (
            "by the endpoint, at its own limit" if seconds is None else f"after {seconds:g} seconds"
        )
        super().__init__(f"The query was stopped {after}.")
        self.seconds = seconds


class QueryCrashed(MigkgError):
    """The process that ran the query died: the query needed too much memory or nests too deep."""


class AnswerTooLarge(MigkgError):
    """The answer has more than ``limit`` of a unit, bytes or rows."""

    def __init__(self, limit: int, unit: str = "bytes") -> None:
        super().__init__(f"The answer has more than {limit} {unit}.")
        self.limit = limit
        self.unit = unit


class EngineBusy(MigkgError):
    """Nothing became free in time; try again after ``retry_after`` seconds."""

    def __init__(self, retry_after: int, text: str = "All query processes are busy.") -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TooManyRequests(EngineBusy):
    """The client has more queries waiting than anybody else, and the queue is full."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after, "Too many of your queries are waiting.")


class QueryQuarantined(EngineBusy):
    """The query ended processes before and is not run for ``retry_after`` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after, "This query ended the processes that ran it; it is not run.")


class EngineUnavailable(MigkgError):
    """The engine does not answer, or answered what is not a SPARQL result."""


class BadUpload(MigkgError):
    """An uploaded document cannot be read as RDF."""


class UploadTimeout(MigkgError):
    """Work on an uploaded document was stopped at its deadline."""


class WorkerEnded(MigkgError):
    """A process that shared the work ended before its task, most likely for want of memory."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"A process that worked on {subject} ended; it may need more memory than "
            "MIGKG_MEMORY_BUDGET allows."
        )


class PublishFailed(MigkgError):
    """A release could not be brought to a server; what was served there is served still."""
