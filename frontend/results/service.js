// What the service knows of results: the views that fit, their drawings, names and addresses of things.

const MOST = 1000; // things, and rows, of one request
const LARGEST = 2 * 1024 * 1024; // bytes of one request
const LONGEST = 2000; // characters of a value that a drawing needs

/** The address of the service's views, as seen from this script, in the release of the page. */
const found = () => {
  const within = document.querySelector("[data-within]")?.dataset.within ?? "";
  return new URL(`../../views${within}`, import.meta.url).href;
};

/** Views, drawing, names and columns of some rows. */
export async function ask(address, view, variables, rows) {
  const url = new URL(address ?? found(), location.href);
  const language = new URLSearchParams(location.search).get("lang");
  if (view) url.searchParams.set("view", view);
  if (language) url.searchParams.set("lang", language); // else the browser says it
  const headers = { "Content-Type": "application/sparql-results+json" };
  const answer = await fetch(url, { method: "POST", headers, body: body(variables, rows) });
  if (!answer.ok) throw new Error(`The views cannot be drawn: ${answer.status}.`);
  return answer.json();
}

/** As many of the first rows as may be sent, long values cut. */
function body(variables, rows) {
  const content = (count) => JSON.stringify({ head: { vars: variables }, results: { bindings: rows.slice(0, count).map(shortened) } });
  for (let count = rows.length; ; count = Math.floor(count / 2)) {
    const bytes = new TextEncoder().encode(content(count));
    if (bytes.length <= LARGEST || count === 0) return bytes;
  }
}

const shortened = (row) =>
  Object.fromEntries(Object.entries(row).map(([name, term]) => [name, term.type === "literal" && term.value.length > LONGEST ? { ...term, value: term.value.slice(0, LONGEST) } : term]));

/** Names and addresses of things, which are asked for when they are needed. */
export class Names {
  constructor(address, labels = {}, link = () => null) {
    Object.assign(this, { address, link });
    this.known = new Map(Object.entries(labels).map(([iri, label]) => [iri, { label, language: "" }]));
  }

  add(names) {
    for (const [iri, name] of Object.entries(names)) this.known.set(iri, { ...this.known.get(iri), ...name });
  }

  /** Where an IRI leads, and its label, as far as that is known. */
  of(iri) {
    const { label = "", language = "", short = iri, url = this.link(iri) } = this.known.get(iri) ?? {};
    return { label, language, short, url };
  }

  /** Asks for what is not known yet; true if there is something new. */
  async learn(iris) {
    const unknown = [...new Set(iris)].filter((iri) => !this.known.get(iri)?.url);
    for (let start = 0; start < unknown.length; start += MOST) {
      const rows = unknown.slice(start, start + MOST).map((value) => ({ thing: { type: "uri", value } }));
      try {
        this.add((await ask(this.address, "table", ["thing"], rows)).names);
      } catch (error) {
        console.info(error); // IRIs can be read without their labels
        return start > 0;
      }
    }
    return unknown.length > 0;
  }
}
