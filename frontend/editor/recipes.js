// The same question asked from a program, the query quoted as each language wants it.

const JSON_RESULTS = "application/sparql-results+json";

/** One word of a POSIX shell. */
const shell = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A string of Python in several lines. */
const python = (text) =>
  `"""\n${text.replaceAll("\\", "\\\\").replaceAll('"""', String.raw`\"\"\"`)}\n"""`;

/** A template literal of JavaScript. */
const javascript = (text) =>
  `\`\n${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\n\``;

/** A raw string of R (4.0 or later), between as many dashes as it takes. */
function r(text) {
  let dashes = "";
  while (text.includes(`)${dashes}"`)) dashes += "-";
  return `r"${dashes}(\n${text}\n)${dashes}"`;
}

/** Programs by language: a name for people and the text. `isTable` is true for SELECT and ASK. */
export function recipes(endpoint, query, { isTable }) {
  const accept = isTable ? "text/csv" : "text/turtle";
  return {
    curl: ["curl", `curl -s ${shell(endpoint)} -H ${shell(`Accept: ${accept}`)} --data-urlencode ${shell(`query=${query}`)}\n`],
    sparqlwrapper: ["Python (SPARQLWrapper)", sparqlWrapper(endpoint, query, isTable)],
    requests: ["Python (requests)", requests(endpoint, query, isTable)],
    r: ["R (httr2)", inR(endpoint, query, accept, isTable)],
    javascript: ["JavaScript", inJavaScript(endpoint, query, isTable)],
  };
}

function sparqlWrapper(endpoint, query, isTable) {
  const end = isTable
    ? "endpoint.setReturnFormat(JSON)\nresults = endpoint.queryAndConvert()\nprint(results)\n"
    : "endpoint.setReturnFormat(TURTLE)\nprint(endpoint.queryAndConvert().decode())\n";
  return `from SPARQLWrapper import ${isTable ? "JSON" : "TURTLE"}, POST, SPARQLWrapper

endpoint = SPARQLWrapper(${JSON.stringify(endpoint)})
endpoint.setMethod(POST)
endpoint.setQuery(${python(query)})
${end}`;
}

function requests(endpoint, query, isTable) {
  return `import requests

answer = requests.post(
    ${JSON.stringify(endpoint)},
    data={"query": ${python(query)}},
    headers={"Accept": "${isTable ? JSON_RESULTS : "text/turtle"}"},
    timeout=60,
)
answer.raise_for_status()
print(answer.${isTable ? "json()" : "text"})
`;
}

function inR(endpoint, query, accept, isTable) {
  return `library(httr2)

answer <- request(${JSON.stringify(endpoint)}) |>
  req_headers(Accept = "${accept}") |>
  req_body_form(query = ${r(query)}) |>
  req_perform() |>
  resp_body_string()
${isTable ? "print(read.csv(text = answer))" : "cat(answer)"}
`;
}

function inJavaScript(endpoint, query, isTable) {
  return `const answer = await fetch(${JSON.stringify(endpoint)}, {
  method: "POST",
  headers: { Accept: "${isTable ? JSON_RESULTS : "text/turtle"}" },
  body: new URLSearchParams({ query: ${javascript(query)} }),
});
if (!answer.ok) throw new Error((await answer.json()).detail);
console.log(await answer.${isTable ? "json()" : "text()"});
`;
}
