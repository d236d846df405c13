"""A citation in the forms that reference managers and archives read.

Sources: BibTeX as biblatex has it (``@dataset``), CSL-JSON
(https://github.com/citation-style-language/schema) and RO-Crate 1.1
(https://www.researchobject.org/ro-crate/specification/1.1/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from migkg.services.citations import Citation

_CRATE = "https://w3id.org/ro/crate/1.1"
_SPECIAL = re.compile(r"([&%$#_{}])")
_REPLACED = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


@dataclass(frozen=True)
class Cited:
    """What a citation says: the answer at ``url``, of the release whose page is ``release_url``."""

    citation: Citation
    url: str
    release_url: str
    dataset: str
    creator: str
    licence: str

    @property
    def title(self) -> str:
        """The question that is answered."""
        return self.citation.request.title

    @property
    def _day(self) -> str:
        return self.citation.made[:10]

    def text(self) -> str:
        """One sentence for a list of references."""
        creator = f"{self.creator} " if self.creator else ""
        end = "" if self.title.endswith((".", "?", "!", "…")) else "."
        return (
            f"{creator}({self._day[:4]}). {self.title}{end} Answer from {self.dataset}, "
            f"release {self.citation.request.release}. {self.url}"
        )

    def bibtex(self) -> str:
        """An entry for BibTeX."""
        fields = {
            "author": f"{{{_escape(self.creator)}}}" if self.creator else "",
            "title": f"{{{_escape(self.title)}}}",
            "publisher": _escape(self.dataset),
            "version": self.citation.request.release,
            "date": self._day,
            "year": self._day[:4],
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
        return f"@dataset{{migkg-{self.citation.id},\n{''.join(lines)}}}\n"

    def csl(self) -> list[dict[str, Any]]:
        """A list of one item in CSL-JSON."""
        item: dict[str, Any] = {
            "id": f"migkg-{self.citation.id}",
            "type": "dataset",
            "title": self.title,
            "container-title": self.dataset,
            "version": self.citation.request.release,
            "issued": {"date-parts": [[int(part) for part in self._day.split("-")]]},
            "URL": self.url,
        }
        if self.creator:
            item["author"] = [{"literal": self.creator}]
        return [item]

    def ro_crate(self) -> dict[str, Any]:
        """The metadata file of a crate whose data are the answer, on the web."""
        request = self.citation.request
        root: dict[str, Any] = {
            "@id": "./",
            "@type": "Dataset",
            "name": self.title,
            "description": f"The answer to one query of {self.dataset}, and the query.",
            "datePublished": self.citation.made,
            "license": {"@id": self.licence},
            "identifier": self.url,
            "hasPart": [{"@id": self.url}],
            "mainEntity": {"@id": self.url},
        }
        if not self.licence:
            del root["license"]
        return {
            "@context": f"{_CRATE}/context",
            "@graph": [
                {
                    "@id": "ro-crate-metadata.json",
                    "@type": "CreativeWork",
                    "conformsTo": {"@id": _CRATE},
                    "about": {"@id": "./"},
                },
                root,
                {
                    "@id": self.url,
                    "@type": "File",
                    "name": f"Answer, release {request.release}",
                    "sha256": self.citation.sha256,
                    "isBasedOn": {"@id": self.release_url},
                },
                {
                    "@id": "#query",
                    "@type": "SoftwareSourceCode",
                    "name": "Query",
                    "programmingLanguage": "SPARQL 1.1",
                    "text": request.query,
                },
                {
                    "@id": "#answering",
                    "@type": "CreateAction",
                    "instrument": {"@id": "#query"},
                    "object": {"@id": self.release_url},
                    "result": {"@id": self.url},
                    "endTime": self.citation.made,
                },
                {"@id": self.release_url, "@type": "Dataset", "version": request.release},
            ],
        }


def _escape(text: str) -> str:
    plain = _SPECIAL.sub(r"\\\1", text.replace("\\", "\0"))
    plain = plain.replace("~", _REPLACED["~"]).replace("^", _REPLACED["^"])
    return plain.replace("\0", _REPLACED["\\"])
