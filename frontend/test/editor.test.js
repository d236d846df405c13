// What the editor knows about a query, without a browser: node --test frontend/test
import assert from "node:assert/strict";
import { test } from "node:test";
import { optionsFor } from "../editor/completion.js";
import { contextAt, placeForPrefix } from "../editor/context.js";

/** The context at the sign | of a text. */
function at(marked) {
  const offset = marked.indexOf("|");
  return contextAt(marked.replace("|", ""), offset);
}

for (const [text, expects] of [
  ["|", "start"],
  ["PREFIX m|", "prefix"],
  ["SELECT ?x |", "other"],
  ["SELECT * { | }", "subject"],
  ["SELECT * { ?s | }", "verb"],
  ["SELECT * { ?s a | }", "class"],
  ["PREFIX r: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> SELECT * { ?s r:type | }", "class"],
  ["SELECT * { ?s e:p | }", "object"],
  ["SELECT * { ?s e:p ?o ; | }", "verb"],
  ["SELECT * { ?s e:p ?o , | }", "object"],
  ["SELECT * { ?s e:p ?o . | }", "subject"],
  ["SELECT * { ?s e:p/| }", "verb"],
  ["SELECT * { ?s (e:p/e:q)+ | }", "object"],
  ["SELECT * { ?s e:p [ | ] }", "verb"],
  ["SELECT * { ?s e:p [ e:q 1 ] ; | }", "verb"],
  ["SELECT * { ?s e:p (1 2) . | }", "subject"],
  ["SELECT * { ?s e:p ?o FILTER(?o > 1) | }", "subject"],
  ["SELECT * { OPTIONAL { ?s e:p ?o } | }", "subject"],
  ["SELECT * { FILTER(| ) }", "other"],
  ["SELECT * { ?s ?p ?o } | ", "other"],
  ["SELECT * { VALUES ?x { | } }", "object"],
  ["SELECT * { { SELECT ?s { ?s a e:C } } ?s | }", "verb"],
  ["SELECT * { # | ", null],
  ['SELECT * { ?s ?p "| ', null],
]) {
  test(`expects ${expects}: ${text}`, () => assert.equal(at(text).expects, expects));
}

test("the classes of a subject are found wherever the query says them", () => {
  const text = "PREFIX e: <http://e/> SELECT * { ?s e:p ?o . ?s e:| ?x . ?s a e:C ; e:q 1 . ?o a e:D }";
  assert.deepEqual(at(text).classes, ["http://e/C"]);
  assert.equal(at(text).word, "e:");
});

test("a declaration goes behind the others, or behind the opening comments", () => {
  assert.equal(placeForPrefix("SELECT * {}"), 0);
  assert.equal(placeForPrefix("# Who?\nSELECT * {}"), 7);
  assert.equal(placeForPrefix("# Who?\nPREFIX a: <http://a/>\nPREFIX : <b>\nSELECT * { <x> ?p ?o }"), 42);
});

const TERMS = {
  prefixes: { e: "http://e/", "e.id": "http://e/id/" },
  classes: [
    { iri: "http://e/City", label: "city", definition: "", count: 3, properties: [0] },
    { iri: "http://e/Town", label: "small place", definition: "", count: 2, properties: null },
  ],
  properties: [
    { iri: "http://e/mayor", label: "mayor", definition: "", count: 3 },
    { iri: "http://e/author", label: "author", definition: "", count: 2 },
  ],
};
const things = async () => [{ iri: "http://e/id/quito", label: "Quito", kind: "city" }];

async function offered(marked) {
  const offset = marked.indexOf("|");
  const { options } = await optionsFor(marked.replace("|", ""), offset, TERMS, things);
  return options.map((option) => option.label);
}

test("classes are found by name and by label", async () => {
  assert.deepEqual((await offered("SELECT * { ?x a |}")).slice(0, 2), ["e:City", "e:Town"]);
  assert.deepEqual(await offered("SELECT * { ?s a pla|}"), ["e:Town"]);
});

test("only properties that things of the class have are offered", async () => {
  assert.deepEqual(await offered("PREFIX e: <http://e/> SELECT * { ?s a e:City ; e:|}"), ["e:mayor", "e:"]);
  assert.deepEqual((await offered("SELECT * { ?s e:|}")).slice(0, 2), ["e:mayor", "e:author"]);
});

test("things are found by their names", async () => {
  assert.deepEqual(await offered("SELECT * { ?s e:p qui|}"), ["Quito"]);
  assert.deepEqual(await offered("SELECT * { ?s e:p q|}"), []);
});
