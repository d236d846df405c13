"""What a SPARQL endpoint can and cannot do, found out by asking it."""

from migkg.services.diagnosis.endpoint import Endpoint, Finding, Verdict
from migkg.services.diagnosis.questions import (
    HEAVY,
    QUESTIONS,
    Question,
    advice,
    diagnose,
    is_usable,
)

__all__ = [
    "HEAVY",
    "QUESTIONS",
    "Endpoint",
    "Finding",
    "Question",
    "Verdict",
    "advice",
    "diagnose",
    "is_usable",
]
