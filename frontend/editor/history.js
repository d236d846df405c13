// The queries that were run here, in the browser alone.

const KEY = "migkg:queries";
const MOST = 50;
const LARGEST = 20000; // characters of a query that is kept

/** All that are kept, the newest first; none where the browser keeps nothing. */
export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((item) => typeof item?.query === "string") : [];
  } catch {
    return [];
  }
}

/** Keeps a query as the newest; the same text is kept once. */
export function add(query) {
  if (query.length > LARGEST) return;
  const others = read().filter((item) => item.query !== query);
  try {
    localStorage.setItem(KEY, JSON.stringify([{ query, time: Date.now() }, ...others].slice(0, MOST)));
  } catch {
    // There is no room, or nothing may be kept.
  }
}

/** Forgets all. */
export function clear() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
