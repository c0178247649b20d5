// @ts-check
// A rundown that the server answered with, as a table: when, what, how long, and why.

import { h } from "./dom.js";
import { explained } from "./forms.js";
import { isTold, length, saidWords, time, wordOf, words } from "./words.js";

const RATE = 48_000;

/** @typedef {import("./words.js").Said} Said */
/** @typedef {{ position: number, start_sample: number, samples: number, shortened: boolean, element: number | null,
 *   source: { type: string, segment_id?: number }, reason: { rule: string, candidates: number, note: Said } }} Item */
/** @typedef {{ target_samples: number, items: Item[], notes: Said[], fit: { proved: boolean } | null }} Rundown */
/** @typedef {{ id: number, title: string, kind: string }} Named */

/** What an item is called. @param {Item} item @param {Map<number, Named>} names */
export function itemName(item, names) {
  if (item.source.type !== "segment") return wordOf("kind", "interval_signal");
  return names.get(item.source.segment_id ?? 0)?.title ?? (item.source.segment_id ? `#${item.source.segment_id}` : wordOf("rule", "spoken"));
}

/** What the compiler says, and in which language. @param {Said} said @param {Map<number, Named>} [names] */
const told = (said, names) => ({ dir: "auto", lang: isTold(said) ? null : "en", text: saidWords(said, names) });

/** @param {Named[]} segments */
export const namesOf = (segments) => new Map(segments.map((one) => [one.id, one]));

/**
 * The table, and the compiler's notes below it. `isNew` marks items that were not there before.
 * @param {Rundown} rundown @param {string} startsAt @param {Map<number, Named>} names @param {(item: Item) => boolean} [isNew]
 */
export function rundownTable(rundown, startsAt, names, isNew = () => false) {
  const start = Date.parse(startsAt);
  const rows = rundown.items.map((item) => {
    const named = item.source.segment_id ? names.get(item.source.segment_id) : undefined;
    return h("tr", { class: isNew(item) ? "new" : null },
      h("td", { text: time(start + (item.start_sample / RATE) * 1000, { seconds: true }) }),
      h("th", { scope: "row" }, isNew(item) && h("span", { class: "chip busy", text: words("programmes.js.rundown.new") }), isNew(item) && " ", h("bdi", { text: itemName(item, names) }),
        named && h("span", { class: "quiet", text: ` ${wordOf("kind", named.kind)}` })),
      h("td", { class: "number", text: `${length(item.samples / RATE)}${item.shortened ? " ✂" : ""}` }),
      h("td", {}, wordOf("rule", item.reason.rule),
        item.reason.candidates > 1 && h("span", { class: "quiet", text: ` ${words("programmes.js.rundown.candidates", { count: item.reason.candidates })}` }),
        h("span", { class: "because", ...told(item.reason.note, names) })));
  });
  const heads = ["time", "title", "length", "reason"].map((name) => h("th", { scope: "col", text: words(`programmes.js.rundown.${name}`) }));
  return [
    h("div", { class: "rundown" }, h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows))),
    rundown.notes.length > 0 && h("div", { class: "notice warn" }, h("p", { text: words("programmes.js.rundown.notes") }), h("ul", {}, ...rundown.notes.map((note) => h("li", told(note, names))))),
  ].filter((part) => part !== false);
}

/** Why nothing could be compiled, and what would help. @param {import("./api.js").Problem} problem */
export function refusal(problem) {
  const relaxations = /** @type {Said[]} */ (problem.document.relaxations ?? []);
  return h("div", { class: "notice bad", role: "alert" },
    h("p", { text: words("programmes.js.rundown.refused") }),
    h("p", { dir: "auto", text: explained(problem) }),
    relaxations.length > 0 && h("p", { text: words("programmes.js.rundown.relax") }),
    relaxations.length > 0 && h("ul", {}, ...relaxations.map((one) => h("li", told(one)))));
}
