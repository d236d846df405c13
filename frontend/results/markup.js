// Elements made from text alone, so that no value can become markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** An HTML element with attributes and children; a text is a text node. */
export const element = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);

/** The same in SVG. */
export const svg = (name, attributes = {}, ...children) => filled(document.createElementNS(SVG, name), attributes, children);
