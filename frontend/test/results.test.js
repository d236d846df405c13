import assert from "node:assert/strict";
import { test } from "node:test";
import { ordered } from "../results/order.js";
import { readTriples } from "../results/triples.js";

const XSD = "http://www.w3.org/2001/XMLSchema#";

test("N-Triples become rows", () => {
  const text = [
    "<https://x.example/a> <https://x.example/p> _:b0 .",
    String.raw`_:b0 <https://x.example/p> "a \"b\"\n\u00e9\U0001F600"@en-GB .`,
    `<https://x.example/a> <https://x.example/p> "1"^^<${XSD}integer> .`,
    "# a comment",
    "",
  ].join("\n");
  const { head, results } = readTriples(text);
  assert.deepEqual(head.vars, ["subject", "predicate", "object"]);
  const predicate = { type: "uri", value: "https://x.example/p" };
  const a = { type: "uri", value: "https://x.example/a" };
  assert.deepEqual(results.bindings, [
    { subject: a, predicate, object: { type: "bnode", value: "b0" } },
    { subject: { type: "bnode", value: "b0" }, predicate, object: { type: "literal", value: 'a "b"\né😀', "xml:lang": "en-GB" } },
    { subject: a, predicate, object: { type: "literal", value: "1", datatype: `${XSD}integer` } },
  ]);
});

test("what is not N-Triples is none", () => {
  for (const text of ["@prefix a: <https://x.example/> .", "a b c .", "<a> <b> <c>", '<a> <b> "c" . <d>']) {
    assert.equal(readTriples(text), null, text);
  }
  assert.deepEqual(readTriples("").results.bindings, []);
});

test("a long line takes no long time to be refused", () => {
  assert.equal(readTriples(`<a> <b> "${"\\\\".repeat(100_000)}`), null);
});

test("numbers stand as numbers, texts as people sort them, what is empty last", () => {
  const order = (texts, options) => ordered(texts, options).map((place) => texts[place]);
  assert.deepEqual(order(["10", "9", "", "-1.5", "1e3"], { numbers: true }), ["-1.5", "9", "10", "1e3", ""]);
  assert.deepEqual(order(["10", "9", "", "-1.5"], { numbers: true, descending: true }), ["10", "9", "-1.5", ""]);
  assert.deepEqual(order(["zebra", "Äpfel", "apple 10", "apple 9", ""]), ["Äpfel", "apple 9", "apple 10", "zebra", ""]);
});

test("what is equal stays as it was", () => {
  assert.deepEqual(ordered(["b", "a", "b", "a"]), [1, 3, 0, 2]);
  assert.deepEqual(ordered(["b", "a", "b", "a"], { descending: true }), [0, 2, 1, 3]);
});
