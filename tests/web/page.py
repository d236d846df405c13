"""HTML pages as the tests read them."""

from __future__ import annotations

from html.parser import HTMLParser

HTML = "text/html"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
OPTIONAL_END = {"p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody"}


class Page(HTMLParser):
    """An HTML page, whose tags must be balanced: its text, links, ids and inner scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.titles: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.language = ""
        self._open: list[str] = []
        self.declaration = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_decl(self, decl: str) -> None:
        self.declaration = decl.lower()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute stands twice in {self.get_starttag_text()}"
        assert not [name for name in values if name.startswith("on")]
        if tag != "script" or "src" not in values:
            self.tags.append(tag)
        self.links += [values[name] or "" for name in ("href", "src", "action") if name in values]
        if "id" in values:
            assert values["id"] not in self.ids, f"the id {values['id']} stands twice"
            self.ids.add(values["id"] or "")
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in OPTIONAL_END:
            self._open.pop()
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif self._open and self._open[-1] == "title":
            self.titles.append(data)
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())
