// @ts-check
// The elements of a clock in their order: chosen, moved, copied and taken out by keys, by buttons and by carrying.

import { carry } from "./clock-drag.js";
import { summary, typeName } from "./clock-words.js";
import { h } from "./dom.js";
import { words } from "./words.js";

/** @typedef {import("./clock-elements.js").Entry} Entry */
/** @typedef {import("./find-segment.js").Segment} Segment */
/** @typedef {{ select: (key: number) => void, move: (from: number, to: number) => void, copy: (place: number) => void, remove: (place: number) => void }} Wishes */

export class ClockList {
  /** @type {Entry[]} */
  #entries = [];
  /** @type {Map<number, HTMLLIElement>} */
  #rows = new Map();

  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.wishes = wishes;
    this.element = h("ol", { class: "clock-elements", "aria-label": words("programmes.js.elements"), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#press(event) });
    carry(this.element, wishes.move);
  }

  /**
   * Show these, touching only what differs, so that the focus stays where it is.
   * @param {Entry[]} entries @param {number | null} selected @param {Map<number, Segment>} segments @param {(key: number) => string} takes
   */
  show(entries, selected, segments, takes) {
    this.#entries = entries;
    const keys = new Set(entries.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    entries.forEach((entry, place) => {
      const row = this.#row(entry.key);
      fill(row, entry, place, entry.key === selected, segments, takes(entry.key));
      if (this.element.children[place] === row) return;
      const had = row.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
      this.element.insertBefore(row, this.element.children[place] ?? null);
      had?.focus({ preventScroll: true });
    });
  }

  /** @param {number} key */
  row(key) {
    return this.#rows.get(key);
  }

  /** @param {number} key */
  focus(key) {
    /** @type {HTMLElement | null | undefined} */ (this.#rows.get(key)?.querySelector("button"))?.focus();
  }

  /** @param {number} key */
  #row(key) {
    const known = this.#rows.get(key);
    if (known) return known;
    const row = h("li", { id: `clock-element-${key}` },
      h("span", { class: "handle", "data-handle": true, title: words("programmes.js.carry"), "aria-hidden": "true", text: "⠿" }),
      h("button", { type: "button", class: "element", "aria-describedby": "clock-keys", onclick: () => this.wishes.select(key), onfocus: () => this.wishes.select(key) }),
      h("span", { class: "takes" }));
    this.#rows.set(key, row);
    return row;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const row = /** @type {Element} */ (event.target).closest("button.element")?.parentElement;
    if (!row) return;
    const place = [...this.element.children].indexOf(row);
    const last = this.#entries.length - 1;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const withControl = event.ctrlKey || event.metaKey;
    if (by && event.altKey) {
      if (place + by >= 0 && place + by <= last) this.wishes.move(place, place + by);
    } else if (by) this.focus(this.#entries[Math.min(Math.max(place + by, 0), last)].key);
    else if (event.key === "Home") this.focus(this.#entries[0].key);
    else if (event.key === "End") this.focus(this.#entries[last].key);
    else if (event.key === "Delete") this.wishes.remove(place);
    else if (withControl && event.key.toLowerCase() === "d") this.wishes.copy(place);
    else return;
    event.preventDefault();
  }
}

/** @param {HTMLLIElement} row @param {Entry} entry @param {number} place @param {boolean} isSelected @param {Map<number, Segment>} segments @param {string} takes */
function fill(row, { element }, place, isSelected, segments, takes) {
  row.className = `type-${element.type}${isSelected ? " selected" : ""}`;
  const button = /** @type {HTMLButtonElement} */ (row.querySelector("button.element"));
  button.setAttribute("aria-current", `${isSelected}`);
  button.replaceChildren(
    h("b", { text: `${place + 1}. ${element.label || typeName(element.type)}` }),
    " ",
    h("span", { class: "quiet", text: [element.label ? typeName(element.type) : "", summary(element, segments)].filter(Boolean).join(" · ") }),
    ...marks(element).flatMap((text) => [" ", h("span", { class: "chip", text })]),
  );
  /** @type {HTMLElement} */ (row.querySelector(".takes")).textContent = takes;
}

/** What is special about it. @param {import("./clock-elements.js").Element} element */
function marks(element) {
  return [
    element.required === false && words("programmes.js.optional"),
    element.at && words("programmes.js.at", { at: element.at }),
    element.type === "fill" && words("programmes.js.elastic"),
  ].filter((mark) => typeof mark === "string");
}
