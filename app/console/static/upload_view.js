// @ts-check
// How files on their way look: one row for each, and one bar for all.

import { entries, isMissing } from "./upload_queue.js";
import { language, problemWords, words } from "./words.js";

/** @typedef {import("./upload_queue.js").Entry} Entry */

/** @param {string} id */
export const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {number} bytes */
export function size(bytes) {
  const mib = bytes / (1 << 20);
  return mib >= 0.1 ? `${mib.toFixed(mib < 10 ? 1 : 0)} MB` : `${Math.ceil(bytes / 1024)} kB`;
}

/** The words for one of several codes; what has none is told as it came. @param {string} prefix @param {string | undefined} code @param {string} [otherwise] */
export function wordsOr(prefix, code, otherwise = "") {
  const key = `${prefix}${code}`;
  const known = words(key);
  return known === key ? otherwise : known;
}

/** What a row is, for its sign, its colour and its words. @param {Entry} entry */
export function stateOf(entry) {
  const { item, isSending, trouble } = entry;
  if (item.state === "sent") return item.segment?.state ?? "processing";
  if (item.state === "refused" || item.state === "paused") return item.state;
  if (isMissing(entry)) return "missing";
  if (trouble) return "broken";
  return isSending ? "sending" : "waiting";
}

/** @type {Record<string, string>} */
const SIGNS = { waiting: "○", sending: "▶", paused: "‖", broken: "!", missing: "?", refused: "✕", processing: "◔", draft: "◑", approved: "✓", rejected: "✕", retired: "–", recalled: "✕" };
/** @type {Record<string, string>} */
const TONES = { sending: "busy", broken: "warn", missing: "warn", refused: "bad", processing: "busy", draft: "good", approved: "good", rejected: "bad", recalled: "bad" };

/** Which of a row's buttons are there. @type {Record<string, string[]>} */
const BUTTONS = {
  waiting: ["pause", "cancel"],
  sending: ["pause", "cancel"],
  broken: ["now", "pause", "cancel"],
  paused: ["resume", "cancel"],
  missing: ["choose", "cancel"],
  refused: ["again", "cancel"],
};

/** @param {Entry} entry */
function told(entry) {
  const { item, left, triesAt } = entry;
  const state = stateOf(entry);
  if (state === "refused") return wordsOr("library.js.refused.", item.problem?.code, problemWords(item.problem?.code, item.problem?.detail));
  if (state === "rejected") return problemWords(item.segment?.code, item.segment?.detail);
  if (state === "missing") return words("library.js.missing");
  if (state === "broken") return `${entry.trouble} ${triesAt ? words("library.js.again_at", { time: new Date(triesAt).toLocaleTimeString("en-GB") }) : ""}`;
  if (item.state === "sent") return size(item.bytes);
  return words("library.js.brought", { brought: size(left), bytes: size(item.bytes) });
}

/** @param {Element} row @param {string} part @returns {any} */
const part = (row, part) => row.querySelector(`[data-part="${part}"]`);

/** @param {HTMLElement} node @param {string} text */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Draw an entry as it is now; one that is gone disappears. @param {Entry} entry */
export function draw(entry) {
  const { item, left } = entry;
  const id = `outbox-${item.id}`;
  let row = document.getElementById(id);
  if (!entries.has(item.id)) {
    row?.remove();
    return drawAll();
  }
  if (!row) {
    const made = /** @type {HTMLTemplateElement} */ (element("outbox-row")).content.firstElementChild?.cloneNode(true);
    row = /** @type {HTMLElement} */ (made);
    row.id = id;
    element("outbox-items").append(row);
    part(row, "name").textContent = item.fields.title ?? item.name;
    part(row, "bar").setAttribute("aria-label", item.fields.title ?? item.name);
  }
  const state = stateOf(entry);
  const chip = part(row, "chip");
  chip.className = `chip ${TONES[state] ?? "calm"}`;
  say(chip, `${SIGNS[state] ?? "○"} ${words(`library.js.state.${state}`)}`);
  say(part(row, "told"), told(entry));
  part(row, "told").classList.toggle("error", state === "refused" || state === "rejected");
  const bar = part(row, "bar");
  bar.hidden = item.state === "sent" || item.state === "refused";
  bar.value = item.bytes ? left / item.bytes : 0;
  for (const button of row.querySelectorAll("button")) {
    const act = button.dataset.act ?? "";
    button.hidden = !(act === "dismiss" ? item.state === "sent" : BUTTONS[state]?.includes(act));
  }
  drawSegment(row, entry);
  drawAll();
}

/** The link to what has become of it, and to the same recording where it came earlier. @param {HTMLElement} row @param {Entry} entry */
function drawSegment(row, { item }) {
  const link = part(row, "segment");
  link.hidden = !item.segmentId;
  if (item.segmentId) link.href = `/library/${item.segmentId}`;
  const same = part(row, "same");
  same.hidden = !item.segment?.sameAs;
  if (item.segment?.sameAs) part(row, "same-link").href = `/library/${item.segment.sameAs}`;
  const batch = part(row, "batch");
  batch.hidden = !item.fields.batch || !item.location;
  batch.href = `/library/batches/${encodeURIComponent(item.fields.batch ?? "")}`;
  say(batch, item.fields.batch ?? "");
}

/** The bar of all, and what it says. */
export function drawAll() {
  const all = [...entries.values()].filter(({ item }) => item.state !== "refused");
  const bytes = all.reduce((sum, { item }) => sum + item.bytes, 0);
  const left = all.reduce((sum, one) => sum + one.left, 0);
  const done = all.filter(({ item }) => item.state === "sent").length;
  element("outbox").hidden = entries.size === 0 && !element("unsent").childElementCount;
  const bar = /** @type {HTMLProgressElement} */ (element("outbox-all"));
  bar.hidden = all.length < 2 || done === all.length;
  bar.value = bytes ? left / bytes : 0;
  say(element("outbox-told"), entries.size ? words("library.js.of_all", { done, all: entries.size }) : "");
  element("outbox-clear").hidden = ![...entries.values()].some(({ item }) => item.state === "sent" && item.segment?.state !== "processing");
}

/** The day and the time where the reader's clock is: Korea, or UTC. @param {number} at @returns {[string, string]} "2026-11-29", "21:05" */
export function dayAndTime(at) {
  const text = new Date(at).toLocaleString("sv-SE", { timeZone: language === "ko" ? "Asia/Seoul" : "UTC" });
  return [text.slice(0, 10), text.slice(11, 16)];
}

/** A recording's name, by when it was made. @param {number} at */
export function recordingTitle(at) {
  const [date, clock] = dayAndTime(at);
  return words("library.js.recording", { date, time: clock.replace(":", "") });
}
