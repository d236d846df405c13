// The editor itself: CodeMirror in a shadow root, where its styles need no inline style sheet.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql, SparqlLanguage } from "codemirror-lang-sparql";
import { optionsFor } from "./completion.js";
import { tokens } from "./tokens.js";

const PAUSE = 450; // milliseconds without a change before the query is checked

// The colours are those of the page, light or dark.
const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], color: "var(--accent)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--variable)" },
  { tag: [tags.string, tags.literal, tags.number, tags.bool], color: "var(--string)" },
  { tag: [tags.url, tags.namespace, tags.propertyName, tags.typeName], color: "var(--ink)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
]);
const THEME = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "0.95rem" },
  "&.cm-focused": { outline: "none" }, // the element around it has one
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", lineHeight: "1.4", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.4rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--quiet)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { boxShadow: "inset 0 0 0 1px var(--line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--mark)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--mark)" },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--quiet)", maxWidth: "min(36rem, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxWidth: "92vw" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.15rem 0.5rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--paper)" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--quiet)", marginLeft: "0.8em" },
  "li[aria-selected] .cm-completionDetail": { color: "var(--paper)" },
  ".cm-completionInfo": { padding: "0.4rem 0.6rem", maxWidth: "22rem" },
  ".cm-diagnostic": { padding: "0.3rem 0.6rem" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--warm) 2px", textUnderlineOffset: "3px" },
});

// Left to itself, the browser types over a selection with a span that has the style of what was there,
// which the Content-Security-Policy forbids.
const TYPING = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || !event.data || empty || view.composing) return false;
    const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type" });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, event.data, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** The token at or before an offset, for marks. */
function tokenAt(state, offset) {
  const found = tokens(state.doc.toString());
  return found.find((token) => token.start <= offset && offset < token.end)
    ?? found.findLast((token) => token.end <= offset)
    ?? { start: 0, end: state.doc.length };
}

/** The offset of a line and a column, which may lie beyond the text. */
function offsetOf(state, { line, column }) {
  const at = state.doc.line(Math.min(line ?? 1, state.doc.lines));
  return Math.min(at.from + Math.max((column ?? 1) - 1, 0), at.to);
}

/** Where the first token begins that the grammar does not know, at or before an offset. */
function firstError(state, offset) {
  let found = null;
  syntaxTree(state).iterate({
    enter(node) {
      if (found === null && node.type.isError && node.from <= offset) found = node.from;
      return found === null;
    },
  });
  return found === null ? null : found + Math.max(state.doc.sliceString(found).search(/\S/), 0);
}

/** The marks for what the service says is wrong. */
function diagnosticsOf(state, problems, words) {
  return problems.map((problem) => {
    let offset = offsetOf(state, problem);
    let message = problem.detail;
    // The engine names what it would have taken, and often a place behind the one that is wrong.
    if (/^expected/.test(message)) {
      message = words.unexpected;
      offset = firstError(state, offset) ?? offset;
    }
    const { start, end } = tokenAt(state, offset);
    return { from: start, to: end, severity: "error", message };
  });
}

/** Puts an editor in place of a text area. */
export function createEditor({ textarea, label, description, words, terms, findThings, check, onRun, onProblems }) {
  const host = document.createElement("div");
  host.className = "code";
  const root = host.attachShadow({ mode: "open" });
  let waiting;
  let checking;

  const source = async (completion) => {
    const text = completion.state.doc.toString();
    const { from, options } = await optionsFor(text, completion.pos, await terms(), findThings);
    if (!completion.explicit && from === completion.pos && text[from - 1] !== " ") return null;
    return options.length ? { from, options, filter: false } : null;
  };
  const show = (found) => {
    const marks = diagnosticsOf(view.state, found, words);
    view.dispatch(setDiagnostics(view.state, marks));
    const first = marks[0];
    const line = first && view.state.doc.lineAt(first.from);
    onProblems(first ? { message: first.message, line: line.number, column: first.from - line.from + 1 } : null);
    return first;
  };
  const look = async () => {
    checking?.abort();
    checking = new AbortController();
    const { signal } = checking;
    const found = await check(view.state.doc.toString(), signal);
    if (found && !signal.aborted) show(found);
  };
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: textarea.value,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (onRun(), true) }])),
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), highlightActiveLine(),
        bracketMatching(), closeBrackets(), sparql(),
        SparqlLanguage.data.of({ commentTokens: { line: "#" } }), syntaxHighlighting(COLOURS), THEME, TYPING,
        EditorView.lineWrapping, lintGutter(),
        autocompletion({ override: [source], icons: false, activateOnTypingDelay: 120 }),
        keymap.of([
          ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab,
        ]),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-description": description, spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          textarea.value = update.state.doc.toString();
          clearTimeout(waiting);
          waiting = setTimeout(look, PAUSE);
        }),
      ],
    }),
  });
  textarea.hidden = true;
  textarea.after(host);
  return {
    host,
    get text() { return view.state.doc.toString(); },
    set text(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, userEvent: "input.replace" });
    },
    /** Marks problems, and puts the cursor at the first. */
    show(found) {
      clearTimeout(waiting);
      checking?.abort();
      const first = show(found);
      if (first) view.dispatch({ selection: { anchor: first.from }, scrollIntoView: true });
      return first;
    },
    focus() { view.focus(); },
  };
}
