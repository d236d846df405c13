// The views of the results of a query. The service says which fit, draws them, and names the things;
// the order and the page of the table, and the places in a graph, are made here.
import { ask, Names } from "./results/service.js";
import { element as make } from "./results/markup.js";
import { Table } from "./results/table.js";
import { readTriples } from "./results/triples.js";
import { say } from "./results/words.js";

const RAW = "raw";
const DRAWN = 1000; // rows that the service draws from
const RAW_ROWS = 500; // more would be slow to lay out

/**
 * Shows SPARQL results in JSON inside an element.
 *
 * `view` is the one to begin with, if it fits; `link` says where an IRI leads as long as the service
 * has not said it; `labels` has names by IRI. A choice of the reader is told with the event "view".
 */
export async function show(element, json, options = {}) {
  const results = json.results ? json : answered(json.boolean);
  await new Results(element, results, () => rawText(json), options).start(options.view);
}

/** Shows an answer that is not JSON: triples as triples, all else as text. */
export async function showText(element, text, options = {}) {
  const results = readTriples(text);
  if (results) await new Results(element, results, () => [block(text)], options).start(options.view);
  else element.replaceChildren(block(text));
}

const answered = (is) => ({
  head: { vars: ["answer"] },
  results: { bindings: [{ answer: { type: "literal", value: String(is) } }] },
});

function rawText(json) {
  const rows = json.results?.bindings;
  if (!rows || rows.length <= RAW_ROWS) return [block(JSON.stringify(json, null, 2))];
  const cut = { ...json, results: { ...json.results, bindings: rows.slice(0, RAW_ROWS) } };
  return [make("p", {}, say("rawCut", { n: RAW_ROWS })), block(JSON.stringify(cut, null, 2))];
}

const block = (text) => make("pre", { tabindex: "0" }, text);

class Results {
  constructor(element, results, raw, { link, labels, views }) {
    Object.assign(this, { element, results, raw, address: views });
    this.names = new Names(views, labels, link);
    this.asked = 0;
  }

  async start(view) {
    const found = await this.draw(view);
    this.table = new Table(this.results, found.columns, this.names);
    this.put(view === RAW ? { ...found, view: RAW } : found);
  }

  /** What the service says of these results, with the drawing of a view. */
  async draw(view) {
    const { head, results } = this.results;
    try {
      const found = await ask(this.address, view, head.vars, results.bindings.slice(0, DRAWN));
      this.names.add(found.names);
      return found;
    } catch (error) {
      console.info(error); // the table needs nobody
      return { views: ["table"], view: "table", figure: "", graph: null, columns: null };
    }
  }

  async choose(view) {
    const mine = ++this.asked;
    const found = view === RAW ? { ...this.found, view } : await this.draw(view);
    if (mine !== this.asked) return;
    this.put(found);
    this.element.querySelector(`[data-view="${view}"]`)?.focus();
    this.element.dispatchEvent(new CustomEvent("view", { bubbles: true, detail: view }));
  }

  put(found) {
    this.found = found;
    const parts = found.view === RAW ? this.raw() : [...this.figure(found), this.table.element];
    this.element.replaceChildren(this.choices(found), ...parts);
    if (found.graph && found.view === "graph") this.layOut(found.graph);
  }

  choices({ views, view }) {
    const buttons = [...views, RAW].map((name) => {
      const attributes = { type: "button", "data-view": name, "aria-pressed": String(name === view) };
      const button = make("button", attributes, say(name));
      button.addEventListener("click", () => this.choose(name));
      return make("li", {}, button);
    });
    return make("nav", { class: "views", "aria-label": say("choose") }, make("ul", { class: "chosen" }, ...buttons));
  }

  figure({ figure, view }) {
    if (!figure || view === "table") return [];
    const template = document.createElement("template");
    template.innerHTML = figure; // made and escaped by the service; nothing in it can run under the CSP
    return [...template.content.children];
  }

  async layOut(graph) {
    const { draw } = await import("./results/graph.js");
    const figure = this.element.querySelector("figure");
    if (figure && this.found.graph === graph) draw(figure, graph);
  }
}
