// A graph laid out by forces: once, before it is drawn, so that nothing moves.
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
import { element, svg } from "./markup.js";
import { say } from "./words.js";

const STEPS = 300;
const LEAST_WIDTH = 280, LEAST_HEIGHT = 300, MOST_HEIGHT = 900;
const ROOM = 9000; // square pixels for each thing, if there are so many
const EDGE = 26; // room for half a name, in pixels
const LONGEST = 24; // characters of a name
const CROWDED = 4500; // with less room, only the thing in hand has its name
const ROOM_FOR_TIES = 8000; // with less, edges have their names where the pointer is

const short = (text) => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);

/** Draws nodes and edges in place of what a figure has. */
export function draw(figure, graph) {
  const width = Math.max(LEAST_WIDTH, figure.clientWidth);
  const height = Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, Math.round((graph.nodes.length * ROOM) / width)));
  const room = (width * height) / graph.nodes.length;
  const { nodes, links } = placed(graph, width, height);
  const drawing = svg("svg", {
    class: `network${room < CROWDED ? " crowded" : ""}`, viewBox: `0 0 ${width} ${height}`, width, height,
    role: "group", "aria-label": say("drawnGraph", { nodes: nodes.length, edges: links.length }),
  }, arrow(), ...links.map(line), ...(room >= ROOM_FOR_TIES ? links.map(tie) : []), ...nodes.map((found) => node(found, width)));
  const note = graph.left_out ? [element("p", { class: "legend" }, say("leftOut", { n: graph.left_out }))] : [];
  figure.replaceChildren(drawing, ...note);
}

function placed(graph, width, height) {
  const nodes = graph.nodes.map((given) => ({ ...given }));
  const links = graph.edges.map((given) => ({ ...given }));
  forceSimulation(nodes)
    .force("link", forceLink(links).distance(90))
    .force("charge", forceManyBody().strength(-240))
    .force("collide", forceCollide(24))
    .force("x", forceX().strength((0.07 * height) / width))
    .force("y", forceY().strength((0.07 * width) / height))
    .stop()
    .tick(STEPS);
  fit(nodes, width, height);
  return { nodes, links };
}

/** Moves and stretches the places so that all are inside. */
function fit(nodes, width, height) {
  for (const [axis, size] of [["x", width], ["y", height]]) {
    const low = Math.min(...nodes.map((found) => found[axis]));
    const span = Math.max(...nodes.map((found) => found[axis])) - low;
    const room = size - 2 * EDGE;
    const scale = span > 0 ? Math.min(room / span, 1.6) : 1;
    const start = (size - span * scale) / 2;
    for (const found of nodes) found[axis] = Math.round((start + (found[axis] - low) * scale) * 10) / 10;
  }
}

const arrow = () =>
  svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 10 10", refX: 18, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto" },
    svg("path", { d: "M0 0L10 5L0 10z" })));

const line = ({ source, target, text }) =>
  svg("line", { x1: source.x, y1: source.y, x2: target.x, y2: target.y, "marker-end": "url(#arrow)" }, svg("title", {}, text));

const tie = ({ source, target, text }) =>
  svg("text", { class: "tie", x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 - 3, "text-anchor": "middle" }, short(text));

function node({ x, y, text, url, language }, width) {
  const anchor = x < width / 4 ? "start" : x > (width * 3) / 4 ? "end" : "middle";
  const parts = [
    svg("title", {}, text),
    svg("circle", { cx: x, cy: y, r: 7 }),
    svg("text", { x: anchor === "start" ? x - 7 : anchor === "end" ? x + 7 : x, y: y + 21, "text-anchor": anchor, lang: language || null }, short(text)),
  ];
  return url ? svg("a", { href: url, "aria-label": text }, ...parts) : svg("g", { role: "img", "aria-label": text }, ...parts);
}
