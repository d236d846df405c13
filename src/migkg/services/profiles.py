"""What a document about a thing holds: one of several selections, each with an IRI of its own.

Source: Content Negotiation by Profile, https://www.w3.org/TR/dx-prof-conneg/.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One selection."""

    name: str
    summary: str

    def iri(self, base_iri: str) -> str:
        """What names it."""
        return f"{base_iri}profile/{self.name}"


EVIDENCE = Profile(
    "evidence", "The facts, the claims about them, the words behind each, and what points here."
)
PLAIN = Profile("plain", "The facts alone, with the labels of what they lead to.")
SCHEMA_ORG = Profile("schema", "The facts in the terms of schema.org, as far as it has them.")
PROFILES = (EVIDENCE, PLAIN, SCHEMA_ORG)  # the first is what is sent to who asks for none
