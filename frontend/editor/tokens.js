// The tokens of a query, as far as completion needs them.

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>#[^\n\r]*)`,
    String.raw`(?<iri><[^<>"{}|^${"`"}\\\x00-\x20]*>)`,
    String.raw`(?<string>"""(?:[^"\\]|\\.|"{1,2}(?!"))*(?:"""|$)|'''(?:[^'\\]|\\.|'{1,2}(?!'))*(?:'''|$)|"(?:[^"\\\n\r]|\\.)*(?:"|$)?|'(?:[^'\\\n\r]|\\.)*(?:'|$)?)`,
    String.raw`(?<variable>[?$][\p{L}\p{N}_]+)`,
    String.raw`(?<blank>_:[\p{L}\p{N}_.-]+)`,
    String.raw`(?<name>(?:\p{L}[\p{L}\p{N}_.-]*)?:(?:[\p{L}\p{N}_:%\\-]|\.(?=[\p{L}\p{N}_:%\\-]))*)`,
    String.raw`(?<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)`,
    String.raw`(?<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)`,
    String.raw`(?<word>\p{L}[\p{L}\p{N}_-]*)`,
    String.raw`(?<sign>\|\||&&|\^\^|[!<>]=|[^\s])`,
  ].join("|"),
  "gsu",
);

/** Tokens with kind, text, start and end; comments too. */
export function tokens(text) {
  return [...text.matchAll(TOKEN)].map((match) => ({
    kind: Object.keys(match.groups).find((name) => match.groups[name] !== undefined),
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}
