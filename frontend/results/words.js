// The words of the views in English.

const number = (value) => value.toLocaleString("en");

export const ENGLISH = {
  choose: "Views",
  views: {
    map: "Map",
    timeline: "Timeline",
    bar: "Bar",
    line: "Line",
    scatter: "Scatter",
    graph: "Graph",
    table: "Table",
    raw: "Raw",
  },
  table: "Results",
  pages: "Pages of the table",
  first: "First",
  previous: "Previous",
  next: "Next",
  last: "Last",
  none: "0 rows",
  rows: (first, last, all) =>
    all === 1 ? "1 row" : first === 1 && last === all ? `${number(all)} rows` : `Rows ${number(first)} to ${number(last)} of ${number(all)}`,
  graph: (nodes, edges) => `Graph of ${number(nodes)} things with ${number(edges)} ties; the table has the same`,
  leftOut: (count) => `${number(count)} more edges are not drawn; the table has all.`,
  rawCut: (count) => `The first ${number(count)} rows; a download has all.`,
};
