// What a query says up to a place, and what can stand there.
import { tokens } from "./tokens.js";

export const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const TERMS = new Set(["iri", "string", "variable", "blank", "name", "number"]);
const GROUP_WORDS = new Set(["OPTIONAL", "UNION", "MINUS", "WHERE", "EXISTS", "NOT", "GRAPH"]);
const CLAUSES = new Set(["SELECT", "DESCRIBE", "ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET", "FROM"]);
const EXPRESSIONS = new Set(["FILTER", "BIND"]);
const JOINS = new Set(["/", "|"]);
const CLOSES = new Set(["}", ")", "]"]);
const NEXT = { ".": "subject", ";": "verb", ",": "object" };

/** Follows the triple patterns of a query, token by token. */
class Reading {
  constructor() {
    this.prefixes = new Map();
    this.triples = [];
    this.stack = [];
    this.frame = { state: "prologue" };
    this.last = "";
    this.named = "";
  }

  read(token) {
    const word = token.kind === "word" ? token.text.toUpperCase() : "";
    if (this.last === "PREFIX" && token.kind === "name") this.named = token.text.slice(0, -1);
    else if (this.named !== "" || this.last === ":") this.declare(token);
    else if (word === "A" && this.frame.state === "verb") this.term(`<${RDF_TYPE}>`);
    else if (word) this.word(word);
    else if (TERMS.has(token.kind)) this.term(token.text);
    else if (token.kind === "sign") this.sign(token.text);
    if (this.last === "PREFIX" && token.text === ":") this.last = ":";
    else this.last = word;
  }

  declare(token) {
    if (token.kind === "iri") this.prefixes.set(this.named, token.text.slice(1, -1));
    this.named = "";
  }

  word(word) {
    const { frame } = this;
    if (word === "PREFIX" || word === "BASE") frame.state = "prologue";
    else if (CLAUSES.has(word)) frame.state = "clause";
    else if (EXPRESSIONS.has(word)) frame.state = "expression";
    else if (word === "VALUES") frame.state = "values";
    else if (word === "GRAPH") frame.state = "graph";
    else if (GROUP_WORDS.has(word) && frame.state !== "arguments") frame.state = "subject";
    else if (word === "CONSTRUCT" || word === "ASK") frame.state = "subject";
  }

  term(text) {
    const { frame } = this;
    if (frame.state === "subject") Object.assign(frame, { subject: text, state: "verb" });
    else if (frame.state === "verb") Object.assign(frame, { verb: text, state: "object" });
    else if (frame.state === "object") {
      this.triples.push({ subject: frame.subject, verb: frame.verb, object: text });
      frame.state = "after";
    }
  }

  sign(text) {
    const { frame } = this;
    if (text === "{" || text === "(" || text === "[") this.open(text);
    else if (CLOSES.has(text)) this.close();
    else if (text in NEXT && ["verb", "object", "after", "subject"].includes(frame.state)) {
      frame.state = NEXT[text];
    } else if (JOINS.has(text) && frame.state === "object") {
      Object.assign(frame, { state: "verb", path: true });
    }
  }

  open(text) {
    const { state } = this.frame;
    let inside = "arguments";
    if (text === "{") inside = state === "values" ? "data" : "subject";
    else if (text === "[") inside = "verb";
    else if (state === "verb") inside = "verb";
    else if (state === "object" || state === "subject") inside = "data";
    else if (state === "clause") inside = "arguments";
    this.stack.push(this.frame);
    this.frame = { state: inside, subject: text === "[" ? `[${this.stack.length}` : this.frame.subject };
    if (text === "(" && state === "verb") this.frame.nested = true;
  }

  close() {
    const { nested } = this.frame;
    const closed = this.frame;
    this.frame = this.stack.pop() ?? { state: "clause" };
    const { frame } = this;
    if (nested) Object.assign(frame, { verb: closed.verb, state: "object" });
    else if (frame.state === "subject" && closed.state !== "data" && closed.subject?.startsWith("[")) {
      this.term(closed.subject);
    } else if (frame.state === "object") this.term("[]");
    else if (["expression", "values", "graph", "after"].includes(frame.state)) frame.state = "subject";
    else if (this.stack.length === 0 && frame.state !== "arguments") frame.state = "clause";
  }
}

function readingOf(found) {
  const reading = new Reading();
  for (const token of found) if (token.kind !== "comment") reading.read(token);
  return reading;
}

/** The IRI that a term stands for; the term itself if it is no name or its prefix is unknown. */
export function expand(term, prefixes) {
  if (term.startsWith("<")) return term.slice(1, -1);
  const end = term.indexOf(":");
  const namespace = end < 0 ? undefined : prefixes.get(term.slice(0, end));
  return namespace === undefined ? term : namespace + term.slice(end + 1);
}

/** The classes that the patterns of a query give to a term. */
function classesOf(term, { triples, prefixes }) {
  return triples
    .filter((triple) => triple.subject === term && triple.verb)
    .filter((triple) => expand(triple.verb, prefixes) === RDF_TYPE)
    .map((triple) => expand(triple.object, prefixes))
    .filter((iri) => !iri.startsWith("?"));
}

/**
 * What can stand at an offset: `expects` is "prefix", "subject", "verb", "class", "object",
 * "other" or null inside a string or a comment; `word` is what is written of it from `from`.
 * `classes` are those of the subject, as far as the query tells.
 */
export function contextAt(text, offset) {
  const found = tokens(text);
  const before = found.filter((token) => token.end <= offset);
  const inside = found.find((token) => token.start < offset && offset < token.end);
  const last = before.at(-1);
  if (inside && ["string", "comment", "iri"].includes(inside.kind)) return nothing(offset);
  if (last?.end === offset && (last.kind === "comment" || isOpenString(last))) return nothing(offset);
  const touching = inside ?? (last?.end === offset ? last : undefined);
  const partial = touching && ["word", "name", "variable"].includes(touching.kind) ? touching : null;
  const from = partial?.start ?? offset;
  const here = readingOf(before.filter((token) => token.start < from));
  const whole = readingOf(found);
  const { state, subject, verb } = here.frame;
  const isType = state === "object" && verb && expand(verb, whole.prefixes) === RDF_TYPE;
  return {
    expects: here.last === "PREFIX" ? "prefix" : isType ? "class" : EXPECTED[state] ?? "other",
    from,
    word: text.slice(from, offset),
    classes: state === "verb" && subject && !here.frame.path ? classesOf(subject, whole) : [],
    prefixes: whole.prefixes,
    variables: [...new Set(found.filter((t) => t.kind === "variable" && t !== partial).map((t) => t.text))],
    state,
  };
}

const EXPECTED = { subject: "subject", verb: "verb", object: "object", data: "object", prologue: "start" };

function isOpenString({ kind, text }) {
  if (kind !== "string") return false;
  const quote = text.startsWith(text[0].repeat(3)) ? text[0].repeat(3) : text[0];
  return text.length < 2 * quote.length || !text.endsWith(quote);
}

function nothing(offset) {
  return { expects: null, from: offset, word: "", classes: [], prefixes: new Map(), variables: [] };
}

/** Where a declaration of a prefix goes: behind the others, or behind the opening comments. */
export function placeForPrefix(text) {
  let place = 0;
  let declared = false;
  for (const token of tokens(text)) {
    const word = token.kind === "word" ? token.text.toUpperCase() : "";
    if (token.kind === "comment" && !declared) place = behindLine(text, token.end);
    else if (token.kind === "iri") place = behindLine(text, token.end);
    else if (token.kind === "name" || token.text === ":" || token.kind === "comment") continue;
    else if (word === "PREFIX" || word === "BASE") declared = true;
    else break;
  }
  return place;
}

function behindLine(text, offset) {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}
