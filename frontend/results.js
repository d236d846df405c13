// The views of the results of a query. The text alone, until there are views.

/** Shows SPARQL results in JSON inside an element. */
export function show(element, sparqlJson) {
  showText(element, JSON.stringify(sparqlJson, null, 2));
}

/** Shows an answer that is not JSON. */
export function showText(element, text) {
  const block = document.createElement("pre");
  block.tabIndex = 0;
  block.textContent = text;
  element.replaceChildren(block);
}
