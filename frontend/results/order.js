// The order of the cells of a column.

const collator = new Intl.Collator(undefined, { numeric: true });

function compare(a, b, numbers) {
  if (numbers) {
    const [x, y] = [Number(a), Number(b)];
    if (x !== y && !Number.isNaN(x) && !Number.isNaN(y)) return x < y ? -1 : 1;
  }
  return collator.compare(a, b);
}

/** The places of the texts in their order; equal ones stay as they are, empty ones last. */
export function ordered(texts, { numbers = false, descending = false } = {}) {
  return [...texts.keys()].sort((i, j) => {
    const [a, b] = [texts[i], texts[j]];
    if (a === "" || b === "") return (a === "") - (b === "") || i - j;
    return (descending ? compare(b, a, numbers) : compare(a, b, numbers)) || i - j;
  });
}
