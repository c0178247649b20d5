// @ts-check
// What a season's file or a rollover would change, as tables to be read before the yes.

import { chip, element, khzText, link, minuteOf, spanText } from "./frequencies-words.js";
import { isTold, saidWords, words } from "./words.js";

const MOST = 50;

/** @type {Record<string, string>} */
const FORMATS = { hfcc: "HFCC", eibi: "EiBi" };

/** @param {string} caption @param {string[]} heads @param {(string | Node)[][]} rows */
function table(caption, heads, rows) {
  const made = element("table");
  const head = element("tr");
  head.append(...heads.map((text) => scoped(element("th", "", text))));
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    for (const cell of row) {
      const place = element("td");
      place.append(cell);
      line.append(place);
    }
    body.append(line);
  }
  const top = element("thead");
  top.append(head);
  made.append(element("caption", "", caption), top, body);
  const wide = element("div", "wide");
  wide.tabIndex = 0;
  wide.setAttribute("role", "group");
  wide.setAttribute("aria-label", caption);
  wide.append(made);
  return wide;
}

/** @param {HTMLElement} head */
function scoped(head) {
  head.setAttribute("scope", "col");
  return head;
}

/** @param {string} name */
const head = (name) => words(`frequencies.js.head.${name}`);

/** The word for a name of the API; one that has none is shown as it is. @param {string} group @param {string} name */
function known(group, name) {
  const key = `frequencies.js.${group}.${name}`;
  const word = words(key);
  return word === key ? name : word;
}

const ACTIONS = { added: "information", changed: "warning", unchanged: "" };

/** @typedef {{ line: number, columns: number[], field: string, said: import("./words.js").Said }} Told */

/** @param {any} found what an import would do */
export function reviewImport(found) {
  const count = (/** @type {string} */ action) => found.lines.filter((/** @type {any} */ one) => one.action === action).length;
  const refused = new Set(found.problems.map((/** @type {Told} */ one) => one.line)).size;
  const places = { added: count("added"), changed: count("changed"), unchanged: count("unchanged"), refused, passed: found.passed_over };
  const parts = [element("p", refused ? "notice warn" : "notice", words("frequencies.js.import.sum", places))];
  if (found.problems.length) parts.push(table(words("frequencies.js.import.problems"), [head("line"), head("columns"), head("field"), head("reason")], found.problems.map(told)));
  const taken = found.lines.filter((/** @type {any} */ one) => one.action !== "unchanged");
  if (taken.length) parts.push(table(words("frequencies.js.import.taken"), [head("line"), head("action"), head("khz"), head("site"), head("what")], taken.map(takenRow)));
  if (found.notes.length) parts.push(table(words("frequencies.js.import.notes"), [head("line"), head("columns"), head("field"), head("reason")], found.notes.map(told)));
  if (found.absent.length) {
    const line = element("p", "", `${words("frequencies.js.import.absent")} `);
    line.append(...found.absent.slice(0, MOST).flatMap((/** @type {number} */ id) => [link(`/frequencies/lines/${id}`, `#${id}`), " "]));
    parts.push(line);
  }
  return { parts, changes: taken.length > 0 };
}

/** @param {Told} one */
const told = ({ line, columns, field, said }) => [`${line}`, columns.join("–"), field, reason(said)];

/** A reason, in the reader's language where there are words for it. @param {import("./words.js").Said} said */
function reason(said) {
  const made = element("span", "", saidWords(said));
  if (!isTold(said)) made.lang = "en";
  return made;
}

/** @param {any} one */
function takenRow(one) {
  const action = /** @type {keyof typeof ACTIONS} */ (one.action);
  const mark = ACTIONS[action] ? chip(ACTIONS[action], known("action", action)) : known("action", action);
  const what = one.what.map((/** @type {string} */ name) => known("field", name)).join(", ");
  return [`${one.line_number}`, mark, khzText(one.khz), one.site, what];
}

/** @param {any} found what a file would be as the background */
export function reviewBackground(found) {
  const left = Object.entries(found.left_out).map(([name, count]) => `${known("left", name)} ${count}`).join(", ");
  const parts = [element("p", "notice", words("frequencies.js.background.sum", { count: found.lines, format: FORMATS[found.format] ?? found.format }))];
  if (left) parts.push(element("p", "quiet", `${words("frequencies.js.background.left")} ${left}`));
  if (found.unread) {
    const details = element("details");
    const list = element("ul", "raw");
    list.lang = "en";
    list.append(...found.problems.slice(0, MOST).map((/** @type {string} */ text) => element("li", "", text)));
    details.append(element("summary", "", words("frequencies.js.background.unread", { count: found.unread })), list);
    parts.push(details);
  }
  if (!found.diff) parts.push(element("p", "", words("frequencies.js.background.first")));
  else parts.push(...changesOf(found.diff));
  return { parts, changes: true };
}

/** @param {Record<string, any[]>} diff */
function changesOf(diff) {
  const names = ["added", "gone", "moved", "changed"];
  const parts = [element("p", "", words("frequencies.js.diff.sum", Object.fromEntries(names.map((name) => [name, diff[name].length]))))];
  for (const name of names) {
    if (!diff[name].length) continue;
    const details = element("details");
    const shown = diff[name].slice(0, MOST);
    details.append(element("summary", "", `${known("diff", name)} ${diff[name].length}`), table(known("diff", name), [head("khz"), head("who"), head("site"), head("time"), head("what")], shown.map(changed)));
    if (diff[name].length > MOST) details.append(element("p", "quiet", words("frequencies.js.more", { count: diff[name].length - MOST })));
    parts.push(details);
  }
  return parts;
}

/** @param {any} one a line, or what it was and is */
function changed(one) {
  const line = one.new ?? one;
  const khz = one.old && one.old.khz !== line.khz ? `${khzText(one.old.khz)} → ${khzText(line.khz)}` : khzText(line.khz);
  const what = (one.what ?? []).map((/** @type {string} */ name) => known("field", name)).join(", ");
  return [khz, line.who, line.site, spanText(minuteOf(line.start), minuteOf(line.stop)), what];
}

/** @param {any} found what a rollover would make @param {HTMLFormElement} form which knows our lines' names */
export function reviewRollover(found, form) {
  const names = JSON.parse(form.dataset.lines ?? "{}");
  const made = found.lines.filter((/** @type {any} */ one) => one.outcome === "made").length;
  const slots = found.slots.filter((/** @type {any} */ one) => one.outcome === "made").length;
  const row = (/** @type {any} */ one, /** @type {string | Node} */ name) => [name, known("outcome", one.outcome), one.first_date ? `${one.first_date} – ${one.last_date}` : "", one.said ? reason(one.said) : ""];
  const heads = [head("name"), head("outcome"), head("dates"), head("reason")];
  const slotName = (/** @type {number} */ id) => document.querySelector(`#import-slot option[value="${id}"]`)?.textContent ?? `#${id}`;
  return {
    parts: [
      element("p", "notice", words("frequencies.js.rollover.sum", { season: found.new, lines: made, slots })),
      table(words("frequencies.js.rollover.lines"), heads, found.lines.map((/** @type {any} */ one) => row(one, link(`/frequencies/lines/${one.old_id}`, names[one.old_id] ?? `#${one.old_id}`)))),
      table(words("frequencies.js.rollover.slots"), heads, found.slots.map((/** @type {any} */ one) => row(one, slotName(one.old_id)))),
      element("p", "quiet", words("frequencies.js.rollover.zones")),
    ],
    changes: made + slots > 0,
  };
}
