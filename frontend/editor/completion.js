// What is offered while somebody writes: prefixes, classes, properties and things of the release.
import { contextAt, placeForPrefix } from "./context.js";

const MOST = 60;
const LOCAL_NAME = /^[\p{L}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?$/u;
const KEYWORDS = {
  start: ["PREFIX", "BASE", "SELECT", "SELECT DISTINCT", "ASK", "CONSTRUCT", "DESCRIBE"],
  subject: ["OPTIONAL", "FILTER", "BIND", "VALUES", "UNION", "MINUS", "GRAPH", "SELECT", "FILTER NOT EXISTS", "FILTER EXISTS"],
  other: ["WHERE", "ORDER BY", "GROUP BY", "HAVING", "LIMIT", "OFFSET", "DISTINCT", "COUNT", "AS", "DESC", "ASC", "LANG", "STR", "REGEX", "CONTAINS", "LCASE", "STRSTARTS", "BOUND", "IF", "COALESCE", "SAMPLE", "GROUP_CONCAT", "MIN", "MAX", "SUM", "AVG", "YEAR", "IN", "NOT IN"],
};

/** The short form of an IRI, and the prefix in it, if one fits. */
export function shorten(iri, declared, known) {
  let best = null;
  for (const [prefix, namespace] of [...declared, ...Object.entries(known)]) {
    const local = iri.startsWith(namespace) ? iri.slice(namespace.length) : "";
    if (LOCAL_NAME.test(local) && (best === null || namespace.length > best.namespace.length)) {
      best = { text: `${prefix}:${local}`, prefix, namespace };
    }
  }
  return best ?? { text: `<${iri}>`, prefix: null, namespace: null };
}

/** How well a term goes with what is written: 0 not at all. */
export function fit(word, name, label) {
  const wanted = word.toLowerCase();
  if (!wanted) return 1;
  const local = name.slice(name.indexOf(":") + 1).toLowerCase();
  const names = [name.toLowerCase(), local, label.toLowerCase()];
  if (names.some((text) => text.startsWith(wanted))) return 3;
  if (label.toLowerCase().split(/\P{L}+/u).some((part) => part.startsWith(wanted))) return 2;
  return wanted.length > 2 && names.some((text) => text.includes(wanted)) ? 1 : 0;
}

/** Inserts a text and, where it is missing, the declaration of its prefix. */
function inserting(text, prefix, namespace) {
  return (view, completion, from, to) => {
    const query = view.state.doc.toString();
    const changes = [{ from, to, insert: text }];
    const declared = contextAt(query, 0).prefixes;
    if (prefix !== null && !declared.has(prefix)) {
      const place = placeForPrefix(query);
      const onLine = place > 0 && query[place - 1] !== "\n" ? "\n" : "";
      changes.unshift({ from: place, insert: `${onLine}PREFIX ${prefix}: <${namespace}>\n` });
    }
    const shift = changes.length > 1 ? changes[0].insert.length : 0;
    view.dispatch({
      changes,
      selection: { anchor: from + shift + text.length },
      userEvent: "input.complete",
      scrollIntoView: true,
    });
  };
}

function termOption(term, kind, context, terms) {
  const { text, prefix, namespace } = shorten(term.iri, context.prefixes, terms.prefixes);
  const count = term.count.toLocaleString();
  return {
    label: text,
    detail: term.label,
    info: [term.definition, `${count} ×`].filter(Boolean).join(" — "),
    type: kind,
    apply: inserting(text, prefix, namespace),
    rank: fit(context.word, text, term.label),
  };
}

function ranked(options) {
  return options
    .filter((option) => option.rank > 0)
    .sort((a, b) => b.rank - a.rank) // in the order of use, where equally good
    .slice(0, MOST);
}

function prefixOptions(context, terms, { whole }) {
  const known = { ...terms.prefixes, ...Object.fromEntries(context.prefixes) };
  return ranked(Object.entries(known).map(([prefix, namespace]) => ({
    label: `${prefix}:`,
    detail: namespace,
    type: "namespace",
    apply: whole ? `${prefix}: <${namespace}>` : inserting(`${prefix}:`, prefix, namespace),
    rank: `${prefix}:`.startsWith(context.word.toLowerCase()) ? 1 : 0,
  })));
}

function propertyOptions(context, terms) {
  const known = terms.classes.filter((item) => context.classes.includes(item.iri) && item.properties);
  const fitting = new Set(known.flatMap((item) => item.properties));
  const offered = terms.properties.filter((_, place) => !known.length || fitting.has(place));
  const options = ranked(offered.map((term) => termOption(term, "property", context, terms)));
  const a = { label: "a", detail: "rdf:type", type: "keyword", rank: 1 };
  return "a".startsWith(context.word) ? [a, ...options] : options;
}

function wordOptions(words, context, type) {
  const wanted = context.word.toLowerCase();
  return words
    .filter((word) => word.toLowerCase().startsWith(wanted))
    .map((word) => ({ label: word, type }));
}

async function thingOptions(context, terms, findThings) {
  const asked = context.word.replace(/^.*:/, "").replace(/[_-]+/g, " ").trim();
  if (asked.length < 2) return [];
  const found = await findThings(asked);
  return found.map((thing) => {
    const { text, prefix, namespace } = shorten(thing.iri, context.prefixes, terms.prefixes);
    return {
      label: thing.label,
      detail: thing.kind,
      info: text,
      type: "entity",
      apply: inserting(text, prefix, namespace),
    };
  });
}

/** All that can be offered at a place of a query. */
export async function optionsFor(text, offset, terms, findThings) {
  const context = contextAt(text, offset);
  const { expects } = context;
  if (expects === null) return { from: offset, options: [] };
  const things = () => thingOptions(context, terms, findThings);
  const variables = wordOptions(context.variables, context, "variable");
  const prefixes = context.word ? prefixOptions(context, terms, { whole: expects === "prefix" }) : [];
  const words = wordOptions(KEYWORDS[expects] ?? [], context, "keyword");
  const classes = () => ranked(terms.classes.map((term) => termOption(term, "class", context, terms)));
  const make = {
    prefix: () => prefixOptions(context, terms, { whole: true }),
    class: () => [...classes(), ...prefixes, ...variables],
    verb: () => [...propertyOptions(context, terms), ...prefixes, ...variables],
    subject: async () => [...variables, ...words, ...prefixes, ...(await things())],
    object: async () => [...variables, ...prefixes, ...(await things())],
    start: () => words,
    other: () => [...variables, ...words, ...prefixes],
  };
  return { from: context.from, options: await make[expects]() };
}
