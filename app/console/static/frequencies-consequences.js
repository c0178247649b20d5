// @ts-check
// What a change of a line would do, as the API has computed it: conflicts, who is asked and by when, and what is touched.

import { conflictItem } from "./frequencies-conflicts.js";
import { dateTime, element, khzText } from "./frequencies-words.js";
import { saidWords, words } from "./words.js";

const MOST = 5;

/** @typedef {import("./frequencies-conflicts.js").Conflict} Conflict */
/** @typedef {{ line_id: number | null, khz: number, first_date: string, last_date: string }} Planned */
/** @typedef {{ starts_at: string, cut_off_at: string, ask_by: string, notice_kept: boolean, airings: { starts_at: string, state: string }[], feeds: { name: string, renames: boolean }[], if_agreed: Planned[], if_refused: Planned[], conflicts: Conflict[], conflicts_now: Conflict[], notes: import("./words.js").Said[] }} Consequences */

/** @param {HTMLElement} place @param {Consequences} found @param {{ site: string, mail: string, from: number, to: number }} about */
export function showConsequences(place, found, about) {
  place.replaceChildren(
    element("p", "what", words("frequencies.js.starts", { from: khzText(about.from), to: khzText(about.to), time: dateTime(found.starts_at) })),
    ...conflicts(found),
    ...asked(found, about),
    ...touched(found),
    outcomes(found),
    notes(found),
  );
}

/** A conflict's other side and kind: the same in both lists where the change does not end it. @param {Conflict} one */
const identity = ({ level, line, other }) => `${level} ${line.key === "new" ? other.key : line.key}`;

/** @param {Consequences} found */
function conflicts({ conflicts: after, conflicts_now: before }) {
  const [had, has] = [new Set(before.map(identity)), new Set(after.map(identity))];
  const made = after.filter((one) => !had.has(identity(one)));
  const ended = before.filter((one) => !has.has(identity(one)));
  const stay = after.filter((one) => had.has(identity(one)));
  const parts = [
    ["makes", made],
    ["ends", ended],
    ["keeps", stay],
  ].flatMap(([name, list]) => (list.length ? [group(`${name}`, /** @type {Conflict[]} */ (list))] : []));
  return parts.length ? parts : [element("p", "notice good", `✓ ${words("frequencies.js.no_conflicts")}`)];
}

/** @param {string} name @param {Conflict[]} of */
function group(name, of) {
  const made = element("div", `conflicts ${name}`);
  const list = element("ul");
  list.append(...of.slice(0, MOST).map((one) => conflictItem(one, "new")));
  if (of.length > MOST) list.append(element("li", "quiet", words("frequencies.js.more", { count: of.length - MOST })));
  made.append(element("h4", "", words(`frequencies.js.conflicts.${name}`, { count: of.length })), list);
  return made;
}

/** Who is asked, whether in time, and what silence means. @param {Consequences} found @param {{ site: string, mail: string }} about */
function asked({ ask_by, cut_off_at, notice_kept }, { site, mail }) {
  const how = mail ? words("frequencies.js.asked_by_mail", { site, mail }) : words("frequencies.js.asked_by_people", { site });
  const notice = words(notice_kept ? "frequencies.js.notice_kept" : "frequencies.js.notice_late", { site, time: dateTime(ask_by) });
  return [
    element("p", mail ? "" : "notice warn", how),
    element("p", notice_kept ? "" : "notice warn", `${notice_kept ? "✓" : "!"} ${notice}`),
    element("p", "", words("frequencies.js.silence", { time: dateTime(cut_off_at) })),
  ];
}

/** @param {Consequences} found */
function touched({ airings, feeds }) {
  const parts = [];
  if (airings.length) {
    const list = airings.slice(0, MOST).map(({ starts_at }) => dateTime(starts_at)).join(", ");
    parts.push(element("p", "", `${words("frequencies.js.airings", { count: airings.length })} ${list}${airings.length > MOST ? " …" : ""}`));
  }
  if (feeds.length) {
    const list = feeds.map(({ name, renames }) => (renames ? words("frequencies.js.renamed", { feed: name }) : name)).join(", ");
    parts.push(element("p", "", `${words("frequencies.js.feeds")} ${list}`));
  }
  return parts;
}

/** @param {Consequences} found */
function outcomes({ if_agreed, if_refused }) {
  const made = element("div", "outcomes");
  for (const [name, lines] of /** @type {[string, Planned[]][]} */ ([["agreed", if_agreed], ["refused", if_refused]])) {
    const list = element("ul");
    list.append(...lines.map(({ khz, first_date, last_date }) => element("li", "", `${khzText(khz)} · ${first_date} – ${last_date}`)));
    const one = element("div");
    one.append(element("h4", "", words(`frequencies.js.if_${name}`)), list);
    made.append(one);
  }
  return made;
}

/** @param {Consequences} found */
function notes({ notes: told }) {
  const made = element("details");
  const list = element("ul");
  list.append(...told.map((note) => element("li", "", saidWords(note))));
  made.append(element("summary", "", words("frequencies.js.notes", { count: told.length })), list);
  made.hidden = !told.length;
  return made;
}
