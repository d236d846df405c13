// The address of a query, with the view of its results.

const LONGEST = 6000; // characters of an address; a longer query stands behind #, which no server sees

/** The address at which a query can be opened. */
export function addressOf(service, query, view) {
  const values = { query, ...(view ? { view } : {}) };
  const address = new URL(service.address("/sparql", values), location.href).href;
  if (address.length <= LONGEST) return address;
  const page = new URL(service.address("/sparql"), location.href).href;
  return `${page}#${new URLSearchParams(values)}`;
}

/** The query and the view behind # of the address of this page. */
export function shared() {
  const values = new URLSearchParams(location.hash.slice(1));
  return { query: values.get("query"), view: values.get("view") };
}
