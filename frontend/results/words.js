// The words of the views, which the page has in its language; {name} stands for a value.

const words = JSON.parse(document.getElementById("result-words").textContent);
const language = document.documentElement.lang;

/** Some words with their values, numbers written as the language does. */
export function say(name, values = {}) {
  const shown = (value) => (typeof value === "number" ? value.toLocaleString(language) : value);
  return words[name].replace(/\{(\w+)\}/g, (_, key) => shown(values[key]));
}
