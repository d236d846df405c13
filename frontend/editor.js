// The query page. Without this script its form works alike.
import * as kept from "./editor/history.js";
import { recipes } from "./editor/recipes.js";
import { Problem, Service } from "./editor/service.js";
import { addressOf, shared } from "./editor/share.js";

const RESULTS = ["csv", "json", "xml", "tsv"];
const GRAPHS = ["ttl", "jsonld", "nt", "rdf", "trig", "nq"];

const form = document.getElementById("query-form");
const [textarea, status, answer, problem, run, cancel] =
  ["query", "status", "answer", "problem", "run", "cancel"].map((id) => document.getElementById(id));
const words = JSON.parse(document.getElementById("query-words").dataset.words);
const service = new Service(form.dataset.public, form.dataset.within);
let view = shared().view ?? new URLSearchParams(location.search).get("view");
let editor = null; // the text area until it is there
let running = null;

const say = (name, values = {}) =>
  words[name].replace(/\{(\w+)\}/g, (_, key) => (typeof values[key] === "number" ? values[key].toLocaleString() : values[key]));
const text = () => (editor ? editor.text : textarea.value);
const isTable = () => !/^\s*(?:(?:#.*|(?:PREFIX|BASE)\b[^>]*>)\s*)*(?:CONSTRUCT|DESCRIBE)\b/i.test(text());

function put(query) {
  if (editor) editor.text = query;
  else textarea.value = query;
}

// Running.

async function start() {
  running?.abort();
  running = new AbortController();
  const mine = running;
  const query = text();
  busy(true);
  status.textContent = words.running;
  const began = performance.now();
  try {
    const result = await service.run(query, mine.signal);
    const seconds = (performance.now() - began) / 1000;
    if (mine !== running) return;
    kept.add(query);
    history.replaceState(null, "", addressOf(service, query, view));
    problem.textContent = "";
    editor?.show([]);
    await show(result);
    status.textContent = summary(result, seconds);
    status.scrollIntoView({ block: "nearest" });
  } catch (error) {
    if (mine === running) fail(error);
  } finally {
    if (mine === running) busy(false);
  }
}

function busy(is) {
  cancel.disabled = !is;
  run.disabled = is;
  answer.setAttribute("aria-busy", String(is));
}

function summary({ json, text: rdf, truncated, release }, seconds) {
  const rows = json ? json.results?.bindings.length ?? 1 : 0;
  const number = json ? (rows === 1 ? words.oneRow : say("rows", { n: rows })) : say("text", { n: rdf.trimEnd().split("\n").length });
  const time = say("seconds", { n: Number(seconds.toFixed(2)) });
  const parts = `${number} · ${time} · ${say("release", { id: release })}`;
  return truncated ? `${parts}. ${say("more", { n: truncated })}` : parts;
}

async function show({ json, text: rdf }) {
  const views = await import("./results.js");
  if (json) await views.show(answer, json, { view, link, labels: {} });
  else await views.showText(answer, rdf, { view, link });
}

answer.addEventListener("view", (event) => {
  view = event.detail;
  history.replaceState(null, "", addressOf(service, text(), view));
});

/** Where a click on an IRI leads; nowhere for what is no address of the web. */
function link(iri) {
  return /^https?:\/\//.test(iri) ? service.address("/describe", { iri }) : null;
}

function fail(error) {
  answer.replaceChildren();
  if (error.name === "AbortError") {
    status.textContent = words.cancelled;
    return;
  }
  if (!(error instanceof Problem)) {
    status.textContent = words.failed;
    throw error;
  }
  const { detail = error.message, advice, line, column } = error.content;
  const marked = line ? editor?.show([{ detail, line, column }]) : null;
  const message = marked?.message ?? detail;
  status.textContent = [problem.textContent && marked ? problem.textContent : message, advice].filter(Boolean).join(" ");
  if (marked) editor.focus();
}

form.addEventListener("submit", (event) => {
  if (event.submitter?.formAction.endsWith("/q")) return; // the citation
  event.preventDefault();
  start();
});
cancel.addEventListener("click", () => running?.abort());
textarea.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
});

document.getElementById("layout").addEventListener("click", async () => {
  try {
    put(await service.format(text()));
    status.textContent = words.formatted;
  } catch (error) {
    fail(error);
  }
});

// Panels. Each is filled when it is opened.

function panel(id, fill) {
  const details = document.getElementById(id);
  details.addEventListener("toggle", () => details.open && fill(details));
  return details;
}

function choices(list, items, none) {
  list.replaceChildren(...items.map(({ label, note, query }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "choice";
    button.append(Object.assign(document.createElement("bdi"), { textContent: label }));
    if (note) button.append(" ", Object.assign(document.createElement("small"), { textContent: note }));
    button.addEventListener("click", () => {
      put(query);
      list.closest("details").open = false;
      if (editor) editor.focus();
      else textarea.focus();
    });
    item.append(button);
    return item;
  }));
  if (!items.length) list.append(Object.assign(document.createElement("li"), { textContent: none }));
}

let examples = null;
const filter = document.getElementById("example-filter");

async function fillExamples(details) {
  examples ??= await service.examples();
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = examples.filter(({ question }) => wanted.every((word) => question.toLowerCase().includes(word)));
  choices(details.querySelector("ul"), found.map(({ question, query }) => ({ label: question, query })), words.noMatch);
}

const examplesPanel = panel("examples", fillExamples);
filter.addEventListener("input", () => fillExamples(examplesPanel));
filter.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault(); // it is in the form
});

function fillHistory(details) {
  const items = kept.read().map(({ query, time }) => ({
    label: query.replace(/^(?:\s*(?:PREFIX|BASE)\b[^>]*>)+/i, "").trim().slice(0, 160),
    note: new Date(time).toLocaleString(),
    query,
  }));
  choices(details.querySelector("ul"), items, words.none);
}

const historyPanel = panel("history", fillHistory);
document.getElementById("forget").addEventListener("click", () => {
  kept.clear();
  fillHistory(historyPanel);
});

const address = document.getElementById("address");
panel("share", () => {
  address.value = addressOf(service, text(), view);
  address.select();
});

const recipe = document.getElementById("recipe");
const recipeText = document.getElementById("recipe-text");

function fillRecipes() {
  const endpoint = new URL(service.address("/sparql"), location.href).href;
  const all = recipes(endpoint, text(), { isTable: isTable() });
  const chosen = recipe.value || "curl";
  recipe.replaceChildren(...Object.entries(all).map(([name, [label]]) => new Option(label, name, false, name === chosen)));
  recipeText.textContent = all[chosen][1];
}

panel("recipes", fillRecipes);
recipe.addEventListener("change", fillRecipes);

panel("downloads", (details) => {
  const query = text();
  details.querySelector("ul").replaceChildren(...(isTable() ? RESULTS : GRAPHS).map((name) => {
    const item = document.createElement("li");
    const anchor = document.createElement("a");
    anchor.href = service.address("/sparql", { query, format: name });
    anchor.download = `answer.${name}`;
    anchor.textContent = name;
    item.append(anchor);
    return item;
  }));
});

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      status.textContent = words.copied;
    } catch { // only pages of https and of this machine may copy
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      status.textContent = words.noCopy;
    }
  });
}

// The editor comes when the page has been shown.

async function edit() {
  const { createEditor } = await import("./editor/code.js");
  editor = createEditor({
    textarea,
    label: words.editor,
    description: words.keys,
    words,
    terms: () => service.terms(),
    findThings: (asked) => service.findThings(asked),
    check: (query, signal) => service.check(query, signal),
    onRun: start,
    onProblems: (found) => { problem.textContent = found ? say("place", found) : ""; },
  });
}

function open() {
  const { query } = shared();
  if (query === null) return;
  put(query);
  start();
}

const shown = document.readyState === "complete" ? Promise.resolve() : new Promise((done) => addEventListener("load", done));
shown.then(() => new Promise(requestAnimationFrame)).then(edit).finally(open);
addEventListener("hashchange", open);
