// Tables that the service made: a click on a heading puts the rows in its order.
import { element as make } from "./results/markup.js";
import { ordered } from "./results/order.js";

for (const table of document.querySelectorAll("table.sortable")) sortable(table);

function sortable(table) {
  const rows = [...table.tBodies[0].rows];
  let sorted = null;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, index) => {
    const button = make("button", { type: "button", class: "sort" }, ...heading.childNodes);
    heading.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const again = sorted?.index === index;
      sorted = again && sorted.descending ? null : { index, descending: again };
      const order = sorted ? orderOf(rows, heading, sorted) : rows;
      for (const other of headings) other.setAttribute("aria-sort", "none");
      if (sorted) heading.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
      table.tBodies[0].append(...order);
    });
    heading.replaceChildren(button);
  });
}

function orderOf(rows, heading, { index, descending }) {
  const numbers = heading.classList.contains("number");
  const texts = rows.map((row) => row.cells[index].textContent.trim());
  return ordered(texts, { numbers, descending }).map((place) => rows[place]);
}
