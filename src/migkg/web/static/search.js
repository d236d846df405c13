// Suggestions below a search field while somebody types. Without this script the form works alike.
// A combobox with a list box: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
"use strict";

for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestions);
  input.parentNode.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"],
    ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
  let timer, asked = 0, at = -1;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (index) => {
    at = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  };
  const show = (suggestions) => {
    list.replaceChildren(...suggestions.map((found, index) => {
      const item = document.createElement("li"), label = document.createElement("bdi");
      const kind = document.createElement("small");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dataset.url = found.url;
      item.dataset.iri = found.iri;
      label.textContent = found.label;
      kind.textContent = found.kind;
      item.append(label, " ", kind);
      return item;
    }));
    at = -1;
    list.hidden = suggestions.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const take = (item) => {
    if (!("fill" in input.dataset)) return location.assign(item.dataset.url);
    input.value = item.dataset.iri;
    asked++;
    close();
  };
  const suggest = async () => {
    const number = ++asked, text = input.value.trim();
    if (text.length < 2) return close();
    try {
      const answer = await fetch(`${input.dataset.suggest}${input.dataset.suggest.includes("?") ? "&" : "?"}q=${encodeURIComponent(text)}`);
      const found = answer.ok ? (await answer.json()).suggestions : [];
      if (number === asked && document.activeElement === input) show(found);
    } catch { close(); }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(suggest, 120); });
  input.addEventListener("blur", () => { asked++; close(); });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") choose(at < last ? at + 1 : -1);
    else if (event.key === "ArrowUp") choose(at < 0 ? last : at - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && at >= 0) take(list.children[at]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const item = event.target.closest("li");
    event.preventDefault();
    if (item) take(item);
  });
}
