// @ts-check
// What a clock can be made of, as the editor knows it: what a new element holds, and which fields its form has.
// The rules are the server's (`schedules/elements.py`); here is only what a person is offered first.

/** @typedef {Record<string, any> & { type: string }} Element */
/** An element with a key by which the editor knows it wherever it is moved. @typedef {{ key: number, element: Element }} Entry */
/**
 * @typedef {{ name: string, kind: "text" | "number" | "check" | "choice" | "kinds" | "elastic" | "tags" | "segment" | "person" | "parts" | "series" | "code" | "rules",
 *   least?: number, most?: number, step?: number, empty?: null, choices?: string[] }} Field
 */

const PARTS = ["station", "date", "time", "frequencies", "next"];

const COMMON = { label: "", pause_s: 0.5, at: null, within_s: 0, crossfade_s: 4 };
const OPTIONAL = { ...COMMON, required: true, priority: 0 };

/** A new element of each type, in the order in which they are offered. @type {Record<string, Element>} */
const FRESH = {
  pick: {
    type: "pick", kinds: ["news"], tags: [], order: "newest", count: 1, max_age_days: null, rests: [], quotas: [], spacings: [],
    after_tags: [], not_after_tags: [], ...OPTIONAL,
  },
  fixed: { type: "fixed", segment_id: null, trim_in_s: 0, trim_out_s: 0, ...OPTIONAL },
  awaited: { type: "awaited", name: "", substitute_id: null, owner_id: null, due: "", max_age_h: null, older: false, ...OPTIONAL, required: false },
  next_episode: { type: "next_episode", series: "", ...OPTIONAL },
  repeat: { type: "repeat", programme: "", without: ["ident", "announcement", "jingle", "interval_signal"], ...OPTIONAL },
  spoken: { type: "spoken", template: PARTS, ...OPTIONAL, required: false },
  announcement: { type: "announcement", tags: [], ...OPTIONAL },
  interval_signal: { type: "interval_signal", seconds: 15, ...COMMON },
  fill: { type: "fill", kinds: ["music", "filler"], min_s: 0, back_timed: false, ...COMMON },
};

export const TYPES = Object.keys(FRESH);

/** The element with every field, those that were left out too. @param {Element} element @returns {Element} */
export const whole = (element) => ({ ...structuredClone(FRESH[element.type] ?? {}), ...element });

/** @param {string} type */
export const fresh = (type) => whole({ type });

/** @type {Record<string, Field[]>} */
const OWN = {
  pick: [
    { name: "kinds", kind: "kinds" },
    { name: "order", kind: "choice", choices: ["newest", "least_recently_aired", "weighted"] },
    { name: "count", kind: "number", least: 1, most: 100, step: 1 },
    { name: "tags", kind: "tags" },
    { name: "max_age_days", kind: "number", least: 1, most: 36_500, step: 1, empty: null },
  ],
  fixed: [
    { name: "segment_id", kind: "segment" },
    { name: "trim_in_s", kind: "number", least: 0, most: 86_400, step: 0.1 },
    { name: "trim_out_s", kind: "number", least: 0, most: 86_400, step: 0.1 },
  ],
  awaited: [
    { name: "name", kind: "text" },
    { name: "owner_id", kind: "person" },
    { name: "due", kind: "text" },
    { name: "substitute_id", kind: "segment" },
    { name: "older", kind: "check" },
    { name: "max_age_h", kind: "number", least: 0.5, most: 8784, step: 0.5, empty: null },
  ],
  next_episode: [{ name: "series", kind: "series" }],
  repeat: [{ name: "programme", kind: "code" }, { name: "without", kind: "kinds" }],
  spoken: [{ name: "template", kind: "parts" }],
  announcement: [{ name: "tags", kind: "tags" }],
  interval_signal: [{ name: "seconds", kind: "number", least: 1, most: 86_400, step: 1 }],
  fill: [
    { name: "kinds", kind: "elastic" },
    { name: "min_s", kind: "number", least: 0, most: 86_400, step: 1 },
    { name: "back_timed", kind: "check" },
  ],
};

/** @type {Field[]} */
const ROTATION = [
  { name: "rests", kind: "rules" },
  { name: "quotas", kind: "rules" },
  { name: "spacings", kind: "rules" },
  { name: "after_tags", kind: "tags" },
  { name: "not_after_tags", kind: "tags" },
];

/** @type {Field[]} */
const SHORT = [
  { name: "required", kind: "check" },
  { name: "priority", kind: "number", least: -1000, most: 1000, step: 1 },
];

/** @type {Field[]} */
const TIMES = [
  { name: "at", kind: "text", empty: null },
  { name: "within_s", kind: "number", least: 0, most: 3600, step: 1 },
  { name: "pause_s", kind: "number", least: 0.2, most: 1, step: 0.1 },
  { name: "crossfade_s", kind: "number", least: 0, most: 5, step: 0.5 },
];

/** The fields of a type's form, in groups; those of "own" are always in view. @param {string} type @returns {[string, Field[]][]} */
export function groupsOf(type) {
  const known = FRESH[type];
  const label = /** @type {Field} */ ({ name: "label", kind: "text" });
  /** @type {[string, Field[]][]} */
  const groups = [["own", [...OWN[type], label]]];
  if ("required" in known) groups.push(["short", SHORT]);
  if (type === "pick") groups.push(["rotation", ROTATION]);
  groups.push(["times", type === "fill" ? TIMES.filter(({ name }) => name !== "at" && name !== "within_s") : TIMES]);
  return groups;
}

/** Whether anything of a group is otherwise than in a new element. @param {Element} element @param {Field[]} fields */
export const isTouched = (element, fields) =>
  fields.some(({ name }) => JSON.stringify(element[name]) !== JSON.stringify(FRESH[element.type]?.[name]));

/** What an element cannot do without. @type {Record<string, string>} */
const NEEDED = { fixed: "segment_id", awaited: "name", next_episode: "series", pick: "kinds", fill: "kinds", spoken: "template" };

/** Whether enough is said of it to reckon with. @param {Element} element */
export function isComplete(element) {
  const value = element[NEEDED[element.type] ?? "type"];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** A new rule of each list. @type {Record<string, Record<string, any>>} */
export const RULES = {
  rests: { of: "item", value: null, days: 14, airings: null },
  quotas: { of: "tag", value: null, most: 1, per: "night" },
  spacings: { of: "tag", value: null, minutes: 10 },
};
