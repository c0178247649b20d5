// @ts-check
// The edits of ranges as a list of numbers that can be typed over, heard and taken away.

import { RATE, samplesIn } from "./edits.js";
import { length, words } from "./words.js";

/** @typedef {import("./edits.js").Edits} Edits */
/** @typedef {{ kind: "removed" | "tone" | "silence" | "gain", field: "removed" | "covered" | "gains", index: number, start: number, end: number, gain_db?: number }} Row */

/** @param {Edits} edits @returns {Row[]} in the order in which they are heard */
export function rowsOf(edits) {
  /** @type {Row[]} */
  const rows = [
    ...edits.removed.map(([start, end], index) => ({ kind: /** @type {const} */ ("removed"), field: /** @type {const} */ ("removed"), index, start, end })),
    ...edits.covered.map(({ start, end, sound }, index) => ({ kind: sound, field: /** @type {const} */ ("covered"), index, start, end })),
    ...edits.gains.map(({ start, end, gain_db }, index) => ({ kind: /** @type {const} */ ("gain"), field: /** @type {const} */ ("gains"), index, start, end, gain_db })),
  ];
  return rows.sort((one, two) => one.start - two.start);
}

/** @param {Edits} edits @param {Row} row @returns {Edits} without it */
export function without(edits, { field, index }) {
  return { ...edits, [field]: edits[field].filter((_, n) => n !== index) };
}

/** @param {Edits} edits @param {Row} row as it is to be @returns {Edits} */
export function replaced(edits, { field, index, kind, start, end, gain_db }) {
  const one = { removed: [start, end], tone: { start, end, sound: kind }, silence: { start, end, sound: kind }, gain: { start, end, gain_db } }[kind];
  return { ...edits, [field]: edits[field].map((old, n) => (n === index ? one : old)) };
}

/**
 * @param {HTMLElement} list @param {Edits} edits
 * @param {{ change: (edits: Edits) => void, hear: (row: Row) => void, wrong: (text: string) => void }} acts
 */
export function showRows(list, edits, acts) {
  const focused = /** @type {HTMLElement | null} */ (list.querySelector(":focus"))?.dataset.name;
  list.replaceChildren(...rowsOf(edits).map((row, n) => rowElement(row, n, edits, acts)));
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-name="${focused}"]`))?.focus();
}

/** @param {Row} row @param {number} n @param {Edits} edits @param {Parameters<typeof showRows>[2]} acts */
function rowElement(row, n, edits, { change, hear, wrong }) {
  const element = document.createElement("li");
  const name = words(`segments.js.edit.${row.kind}`);
  const about = `${name} ${length(row.start / RATE, 1)}`;
  const title = document.createElement("b");
  title.textContent = name;
  const typed = (/** @type {"start" | "end"} */ end) =>
    input(`${end}-${n}`, words(`segments.js.edit.${end}`, { what: about }), length(row[end] / RATE, 3), "time", (text, field) => {
      const at = samplesIn(text);
      const next = { ...row, [end]: at ?? 0 };
      const isGood = at !== null && next.start < next.end;
      field.setAttribute("aria-invalid", `${!isGood}`);
      if (isGood) change(replaced(edits, next));
      else wrong(words(at === null ? "segments.js.wrong.time" : "segments.js.wrong.order"));
    });
  element.append(title, typed("start"), "–", typed("end"));
  if (row.kind === "gain") {
    const gain = input(`gain-${n}`, words("segments.js.edit.db", { what: about }), `${row.gain_db}`, "db", (text) => change(replaced(edits, { ...row, gain_db: Number(text) })));
    Object.assign(gain, { type: "number", min: "-40", max: "20", step: "0.5" });
    element.append(gain, "dB");
  }
  element.append(
    button(`hear-${n}`, "▶", words("segments.js.edit.hear", { what: about }), () => hear(row)),
    button(`drop-${n}`, "✕", words("segments.js.edit.drop", { what: about }), () => change(without(edits, row))),
  );
  return element;
}

/** @param {string} name @param {string} label @param {string} value @param {string} look @param {(text: string, field: HTMLInputElement) => void} taken */
function input(name, label, value, look, taken) {
  const field = document.createElement("input");
  field.className = look;
  field.value = value;
  field.dataset.name = name;
  field.inputMode = "decimal";
  field.autocomplete = "off";
  field.setAttribute("aria-label", label);
  field.addEventListener("change", () => taken(field.value, field));
  return field;
}

/** @param {string} name @param {string} sign @param {string} label @param {() => void} act */
function button(name, sign, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = sign;
  made.dataset.name = name;
  made.title = label;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}
