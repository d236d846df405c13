// A table of results: pages of rows, in the order that the reader chooses.
import { element as make } from "./markup.js";
import { ordered } from "./order.js";
import { say } from "./words.js";

const PAGE = 100; // rows
const LONG = 400, SHORT = 200; // characters of a value, and of what is shown of a long one

export class Table {
  constructor(results, columns, names) {
    this.rows = results.results.bindings;
    this.columns = columns ?? results.head.vars.map((variable) => ({ variable, numbers: false, label: null }));
    Object.assign(this, { names, order: [...this.rows.keys()], sorted: null, page: 0 });
    this.body = make("tbody");
    this.headings = this.columns.map((column) => this.heading(column));
    this.status = make("p", { role: "status" });
    this.pager = this.buttons();
    this.element = make("div", { class: "paged" },
      make("div", { class: "table", role: "region", "aria-label": say("results"), tabindex: "0" },
        make("table", { class: "rows sortable" }, make("thead", {}, make("tr", {}, ...this.headings)), this.body)),
      this.status, this.pager);
    this.show();
  }

  heading(column) {
    const button = make("button", { type: "button", class: "sort" }, column.variable);
    button.addEventListener("click", () => this.sort(column));
    return make("th", { scope: "col", class: column.numbers ? "number" : null, "aria-sort": "none" }, button);
  }

  buttons() {
    const last = () => Math.max(0, Math.ceil(this.rows.length / PAGE) - 1);
    const targets = { first: () => 0, previous: () => this.page - 1, next: () => this.page + 1, last };
    this.turns = Object.entries(targets).map(([name, target]) => {
      const button = make("button", { type: "button" }, say(name));
      button.addEventListener("click", () => {
        this.page = Math.min(Math.max(target(), 0), last());
        this.show();
      });
      return { button, away: () => target() !== this.page && target() >= 0 && target() <= last() };
    });
    return make("nav", { class: "pages", "aria-label": say("pages") }, ...this.turns.map(({ button }) => button));
  }

  /** Ascending, then descending, then as the rows came. */
  async sort(column) {
    const again = this.sorted?.column === column;
    this.sorted = again && this.sorted.descending ? null : { column, descending: again };
    if (this.sorted) {
      await this.names.learn(this.things(this.rows, [column]));
      if (this.sorted?.column !== column) return;
      this.order = ordered(this.rows.map((row) => this.text(column, row)), { numbers: column.numbers, descending: again });
    } else {
      this.order = [...this.rows.keys()];
    }
    this.page = 0;
    this.show();
  }

  async show() {
    this.fill();
    const shown = this.shown();
    if (await this.names.learn(this.things(shown, this.columns))) this.fill();
  }

  shown() {
    return this.order.slice(this.page * PAGE, (this.page + 1) * PAGE).map((place) => this.rows[place]);
  }

  fill() {
    const shown = this.shown();
    this.body.replaceChildren(...shown.map((row) => make("tr", {}, ...this.columns.map((column) => this.cell(column, row)))));
    this.columns.forEach((column, index) => {
      const direction = this.sorted?.column === column ? (this.sorted.descending ? "descending" : "ascending") : "none";
      this.headings[index].setAttribute("aria-sort", direction);
    });
    const first = this.page * PAGE;
    this.status.textContent = this.rows.length === shown.length
      ? say(shown.length === 1 ? "oneRow" : "rows", { n: shown.length })
      : say("someRows", { first: first + 1, last: first + shown.length, n: this.rows.length });
    this.pager.hidden = this.rows.length <= PAGE;
    for (const { button, away } of this.turns) button.disabled = !away();
  }

  /** The IRIs in some columns that no column of labels names. */
  things(rows, columns) {
    return columns.filter(({ label }) => !label).flatMap(({ variable }) =>
      rows.map((row) => row[variable]).filter((term) => term?.type === "uri").map((term) => term.value));
  }

  name(column, row) {
    const term = row[column.variable];
    const said = column.label ? row[column.label] : null;
    const name = term.type === "uri" ? this.names.of(term.value) : { label: "", language: "", short: valueOf(term), url: null };
    return said ? { ...name, label: said.value, language: said["xml:lang"] ?? "" } : name;
  }

  /** What a reader sees of a cell, for the order. */
  text(column, row) {
    const term = row[column.variable];
    if (!term) return "";
    if (term.type === "literal") return term.value;
    const { label, short } = this.name(column, row);
    return label || short;
  }

  cell(column, row) {
    const cell = make("td", { class: column.numbers ? "number" : null });
    const term = row[column.variable];
    if (!term) return cell;
    if (term.type === "literal") cell.append(...literal(term));
    else cell.append(thing(term, this.name(column, row)));
    return cell;
  }
}

const words = (text, language) => make("bdi", { lang: language || null }, text);

function thing(term, { label, language, short, url }) {
  const text = words(label || short, language);
  return url ? make("a", { href: url, title: term.value }, text) : text;
}

function literal(term) {
  const language = term["xml:lang"];
  const tag = language ? [" ", make("small", { class: "tag" }, language)] : [];
  if (term.value.length <= LONG) return [words(term.value, language), ...tag];
  const summary = make("summary", {}, words(`${term.value.slice(0, SHORT)}…`, language));
  return [make("details", {}, summary, words(term.value, language)), ...tag];
}

function valueOf(term) {
  if (term.type === "bnode") return `_:${term.value}`;
  if (term.type !== "triple") return term.value;
  const { subject, predicate, object } = term.value;
  return `<<( ${[subject, predicate, object].map(valueOf).join(" ")} )>>`;
}
