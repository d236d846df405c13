// N-Triples as rows of subject, predicate and object. https://www.w3.org/TR/n-triples/

const NODE = String.raw`<([^>]*)>|(_:[^\s<]+)`;
const LITERAL = String.raw`"((?:[^"\\\n\r]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?`;
const LINE = new RegExp(String.raw`^\s*(?:${NODE})\s*<([^>]*)>\s*(?:${NODE}|${LITERAL})\s*\.\s*$`);
const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g;
const CHARACTERS = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };

const unescaped = (text) =>
  text.replace(ESCAPE, (_, four, eight, one) => (one ? CHARACTERS[one] ?? one : String.fromCodePoint(Number.parseInt(four ?? eight, 16))));

const iri = (value) => ({ type: "uri", value: unescaped(value) });
const node = (found, blank) => (blank ? { type: "bnode", value: blank.slice(2) } : iri(found));

function literal(text, language, datatype) {
  const term = { type: "literal", value: unescaped(text) };
  if (language) term["xml:lang"] = language;
  if (datatype) term.datatype = unescaped(datatype);
  return term;
}

/** SPARQL results with the triples of a text; null for a text that is not N-Triples. */
export function readTriples(text) {
  const bindings = [];
  for (const line of text.split("\n")) {
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    const match = LINE.exec(line);
    if (!match) return null;
    const [, subject, blank, predicate, object, blankObject, words, language, datatype] = match;
    bindings.push({
      subject: node(subject, blank),
      predicate: iri(predicate),
      object: words === undefined ? node(object, blankObject) : literal(words, language, datatype),
    });
  }
  return { head: { vars: ["subject", "predicate", "object"] }, results: { bindings } };
}
