// Requests to the service. A problem becomes an error that has what the service says.

export class Problem extends Error {
  constructor(content, status) {
    super(content.detail ?? `${status}`);
    Object.assign(this, { content, status });
  }
}

const DIRECT = "application/sparql-query";
const MOST_ROWS = 10000; // that a page shows; a download has all

/** The service at an address; `within` names an older release, and is empty for the current one. */
export class Service {
  constructor(home, within) {
    this.home = home;
    this.within = within;
  }

  /** The address of a path, with parameters, in the release of the page. */
  address(path, parameters = {}) {
    const values = new URLSearchParams({ ...parameters, ...Object.fromEntries(new URLSearchParams(this.within)) });
    return `${this.home}${path}${values.size ? `?${values}` : ""}`;
  }

  async fetch(path, parameters, options) {
    const answer = await fetch(this.address(path, parameters), options);
    if (answer.ok) return answer;
    const isProblem = answer.headers.get("Content-Type")?.includes("problem+json");
    throw new Problem(isProblem ? await answer.json() : {}, answer.status);
  }

  post(path, query, options = {}, parameters = {}) {
    const headers = { ...options.headers, "Content-Type": DIRECT };
    return this.fetch(path, parameters, { ...options, method: "POST", body: query, headers });
  }

  /** The answer to a query: SPARQL results as JSON, or RDF as N-Triples. */
  async run(query, signal) {
    const headers = { Accept: "application/sparql-results+json, application/n-triples;q=0.9" };
    const answer = await this.post("/sparql", query, { headers, signal }, { truncate: MOST_ROWS });
    const isTable = answer.headers.get("Content-Type").includes("json");
    return {
      json: isTable ? await answer.json() : null,
      text: isTable ? null : await answer.text(),
      truncated: Number(answer.headers.get("Migkg-Truncated")),
      release: answer.headers.get("Migkg-Release"),
    };
  }

  /** What is wrong with a query; null where nobody can tell now. */
  async check(query, signal) {
    try {
      return (await (await this.post("/sparql/check", query, { signal })).json()).problems;
    } catch {
      return null;
    }
  }

  async format(query) {
    return (await this.post("/sparql/format", query)).text();
  }

  /** Prefixes, classes and properties, asked for once. */
  terms() {
    this.asked ??= this.fetch("/sparql/terms").then((answer) => answer.json()).catch(() => {
      this.asked = undefined;
      return { prefixes: {}, classes: [], properties: [] };
    });
    return this.asked;
  }

  async findThings(text) {
    try {
      return (await (await this.fetch("/search/suggestions", { q: text.slice(0, 200) })).json()).suggestions;
    } catch {
      return [];
    }
  }

  async examples() {
    const headers = { Accept: "application/json" };
    return (await (await this.fetch("/queries", {}, { headers })).json()).queries;
  }
}
