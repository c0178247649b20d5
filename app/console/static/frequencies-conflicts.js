// @ts-check
// What is wrong with a season, as the API finds it, in the reader's words.

import { get } from "./api.js";
import { chip, element, khzText, link, minuteOf, spanText } from "./frequencies-words.js";
import { saidWords, words } from "./words.js";

/** @typedef {{ key: string, khz: number, start: string, stop: string, site: string, who: string }} Side */
/** @typedef {{ level: string, severity: string, line: Side, other: Side, first_at: string, occurrences: number, minutes: number, separation_khz: number, shared_zones: string, gap_s: number | null }} Conflict */
/** @typedef {{ kind: string, severity: string, line_id: number | null, said: import("./words.js").Said }} Finding */
/** @typedef {{ others: number, own: Conflict[], background: Conflict[], findings: Finding[] }} Check */

const ORDER = ["information", "warning", "error"];

/** @param {string} season @returns {Promise<Check>} */
export const check = (season) => get(`/api/v1/lines/conflicts?season=${season}`);

/** The conflicts of each of our lines, the worst first. @param {Check} found @returns {Map<string, Conflict[]>} */
export function byLine({ own, background }) {
  /** @type {Map<string, Conflict[]>} */
  const lines = new Map();
  const note = (/** @type {string} */ key, /** @type {Conflict} */ one) => lines.set(key, [...(lines.get(key) ?? []), one]);
  for (const one of own) {
    note(one.line.key, one);
    note(one.other.key, one);
  }
  for (const one of background) note(one.line.key, one);
  for (const each of lines.values()) each.sort((a, b) => ORDER.indexOf(b.severity) - ORDER.indexOf(a.severity));
  return lines;
}

/** @param {{ level: string }} conflict */
export const levelText = ({ level }) => words(`frequencies.js.level.${level}`);

/** @param {{ severity: string }} of */
export const severityText = ({ severity }) => words(`frequencies.js.severity.${severity}`);

/** Who meets a line, when and how often. @param {Conflict} conflict @param {string} [key] the line that it is told of */
export function sentence(conflict, key = conflict.line.key) {
  const { line, other, gap_s, shared_zones } = conflict;
  const met = line.key === key ? other : line;
  const who = words("frequencies.js.who", {
    khz: khzText(met.khz),
    who: met.who || met.site,
    site: met.site,
    time: spanText(minuteOf(met.start), minuteOf(met.stop)),
  });
  const places = { date: conflict.first_at.slice(0, 10), count: conflict.occurrences, minutes: conflict.minutes, gap: gap_s ?? 0 };
  const how = words(gap_s === null ? "frequencies.js.met" : "frequencies.js.retunes", places);
  return `${who} ${how}${shared_zones ? ` ${words("frequencies.js.zones", { zones: shared_zones })}` : ""}`;
}

/** One conflict of a line as an item of a list. @param {Conflict} conflict @param {string} [key] @param {boolean} [named] whether our line is named too */
export function conflictItem(conflict, key = conflict.line.key, named = false) {
  const item = element("li");
  item.append(chip(conflict.severity, `${severityText(conflict)}: ${levelText(conflict)}`), " ");
  if (named) item.append(link(`/frequencies/lines/${key}`, khzText(conflict.line.khz)), " — ");
  item.append(sentence(conflict, key));
  return item;
}

const AT_ONCE = 40; // a season can have thousands: the worst come first, and the rest when it is asked for

/** Everything that was found, as one list; or that nothing was. @param {HTMLElement} place @param {Check} found */
export function showCheck(place, found) {
  /** @type {[string, () => HTMLElement][]} */
  const all = [
    ...[...found.own, ...found.background].map((one) => /** @type {any} */ ([one.severity, () => conflictItem(one, one.line.key, true)])),
    ...found.findings.map((one) => /** @type {any} */ ([one.severity, () => findingItem(one)])),
  ];
  const items = all.sort(([a], [b]) => ORDER.indexOf(b) - ORDER.indexOf(a)).map(([, make]) => make);
  const parts = [];
  if (!found.others) parts.push(element("p", "notice warn", words("frequencies.js.no_background")));
  if (items.length) parts.push(...listInParts(items));
  else parts.push(element("p", "notice good", `✓ ${words("frequencies.js.nothing_wrong")}`));
  place.replaceChildren(...parts);
}

/** A list, and a button for more of it as long as there is more. @param {(() => HTMLElement)[]} items */
function listInParts(items) {
  const list = element("ul", "rows");
  const more = /** @type {HTMLButtonElement} */ (element("button"));
  more.type = "button";
  const add = () => {
    const added = items.splice(0, AT_ONCE).map((make) => make());
    list.append(...added);
    more.hidden = !items.length;
    more.textContent = words("frequencies.js.show_more", { count: items.length });
    return added[0];
  };
  more.addEventListener("click", () => {
    const first = add();
    first.tabIndex = -1;
    first.focus();
  });
  add();
  return [list, more];
}

/** @param {Finding} finding */
function findingItem(finding) {
  const item = element("li");
  item.append(chip(finding.severity, severityText(finding)), " ", saidWords(finding.said), " ");
  if (finding.line_id) item.append(link(`/frequencies/lines/${finding.line_id}`, words("frequencies.js.to_line")));
  return item;
}
