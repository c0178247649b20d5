// @ts-check
// A field that finds a segment as one types: syllables, initial consonants, any mixture. The element with `data-picker`
// holds the input, the hidden field with the id, and the list; `data-kinds` narrows it to one kind.
//
// What is chosen is told as "danpa:picked" with the segment as `detail` (null where the field was emptied).

import { get } from "./api.js";
import { h } from "./dom.js";
import { tellFailure } from "./telling.js";
import { length, wordOf, words } from "./words.js";

const PAUSE_MS = 120;
const MOST = 12;

/** @typedef {{ id: number, title: string, kind: string, duration_s: number | null }} Segment */

/** A picker made by a script. @param {string} id @param {string} label @param {{ segment?: Segment, hint?: string, kind?: string }} [more] */
export function picker(id, label, { segment, hint, kind } = {}) {
  const root = h(
    "div",
    { class: "field", "data-picker": true, "data-kinds": kind ?? "" },
    h("label", { for: id, text: label }),
    h("input", {
      id, type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false",
      "aria-autocomplete": "list", "aria-controls": `${id}-found`, "aria-describedby": hint ? `${id}-hint` : null,
      value: segment?.title ?? "", placeholder: words("programmes.js.find.placeholder"),
    }),
    h("input", { type: "text", hidden: true, value: segment ? `${segment.id}` : "" }),
    h("ul", { class: "found", id: `${id}-found`, role: "listbox", "aria-label": label, hidden: true }),
    hint ? h("p", { class: "hint", id: `${id}-hint`, text: hint }) : null,
  );
  wire(root);
  return root;
}

/** @param {HTMLElement} root */
function wire(root) {
  root.dataset.wired = "";
  const input = /** @type {HTMLInputElement} */ (root.querySelector('[role="combobox"]'));
  const held = /** @type {HTMLInputElement} */ (root.querySelector("input[hidden]"));
  const list = /** @type {HTMLElement} */ (root.querySelector('[role="listbox"]'));
  /** @type {Segment[]} */
  let found = [];
  let active = -1;
  let chosen = input.value;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  /** @type {AbortController | undefined} */
  let asking;

  /** @param {boolean} open */
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", `${open}`);
    if (!open) mark(-1);
  };
  /** @param {number} place */
  const mark = (place) => {
    active = place;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", `${number === place}`));
    const option = list.children[place];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  /** @param {Segment | null} segment */
  const choose = (segment) => {
    clearTimeout(waiting);
    asking?.abort();
    held.value = segment ? `${segment.id}` : "";
    chosen = input.value = segment?.title ?? "";
    show(false);
    held.dispatchEvent(new Event("input", { bubbles: true }));
    root.dispatchEvent(new CustomEvent("danpa:picked", { bubbles: true, detail: segment }));
  };
  const search = async () => {
    asking?.abort();
    asking = new AbortController();
    const query = new URLSearchParams({ q: input.value, state: "approved", limit: `${MOST}` });
    if (root.dataset.kinds) query.set("kind", root.dataset.kinds);
    try {
      found = (await get(`/api/v1/segments?${query}`, { signal: asking.signal })).items;
    } catch (error) {
      if (!(error instanceof DOMException)) tellFailure(error);
      return;
    }
    list.replaceChildren(
      ...found.map((segment, place) =>
        h(
          "li",
          { role: "option", id: `${list.id}-${place}`, "aria-selected": "false", onmousedown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => choose(segment) },
          h("bdi", { text: segment.title }),
          h("span", { class: "quiet", text: ` ${wordOf("kind", segment.kind)} · ${length(segment.duration_s ?? 0)}` }),
        ),
      ),
    );
    if (!found.length) list.append(h("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "quiet", text: words("programmes.js.find.none") }));
    show(document.activeElement === input);
  };

  input.addEventListener("input", (event) => {
    event.stopPropagation(); // it is no field of its form; the hidden one is
    clearTimeout(waiting);
    if (!input.value.trim()) choose(null);
    waiting = setTimeout(search, PAUSE_MS);
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => list.hidden && search());
  input.addEventListener("blur", () => {
    show(false);
    input.value = chosen; // what is not chosen is not kept
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // the keys belong to the syllable that is being written
    const { key } = event;
    if (key === "ArrowDown" && list.hidden) search();
    else if (key === "ArrowDown") mark(Math.min(active + 1, found.length - 1));
    else if (key === "ArrowUp") mark(Math.max(active - 1, 0));
    else if (key === "Enter" && !list.hidden && found.length) choose(found[Math.max(active, 0)]);
    else if (key === "Escape" && !list.hidden) show(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

export function wireAll() {
  for (const root of document.querySelectorAll("[data-picker]:not([data-wired])")) wire(/** @type {HTMLElement} */ (root));
}

wireAll();
document.addEventListener("danpa:looked", wireAll);
