// @ts-check
// A slot's page: the signal to expect of its frequencies, hour by hour, and its pool.

import { Problem, get } from "./api.js";
import { explained } from "./forms.js";
import { element, khzText } from "./frequencies-words.js";
import { read } from "./kept.js";
import { language, saidWords, words } from "./words.js";

const AGAIN_MS = 2000;

/** How many days of a month have enough signal: a sign of its own for each, so that no colour is needed. @type {Record<string, string>} */
const SIGNS = { excellent: "●", good: "◕", fair: "◑", poor: "◔", very_poor: "○", none: "·" };

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const place = /** @type {HTMLElement} */ (byId("heat"));
const form = /** @type {HTMLFormElement} */ (byId("heat-form"));
const pool = (place.dataset.pool ?? "").split(" ").filter(Boolean);
const lines = (place.dataset.lines ?? "").split(" ").filter(Boolean);

// ---------------------------------------------------------------- propagation

let asked = "";

async function showHeat() {
  const query = new URLSearchParams({ month: byId("heat-month").value, site_id: byId("heat-site").value });
  for (const khz of new Set([...pool, ...lines])) query.append("khz", khz);
  if (byId("heat-free").checked) query.set("free", "true");
  const mine = (asked = `${query}`);
  try {
    const found = await get(`/api/v1/slots/${form.dataset.slot}/propagation?${query}`);
    if (mine !== asked) return;
    const underWay = found.job && found.job.state !== "failed";
    const parts = [circuit(found), ...(underWay ? [element("p", "quiet", words("frequencies.js.computing"))] : []), legend()];
    if (found.frequencies.length) parts.push(heat(found));
    if (found.job?.state === "failed") parts.push(element("p", "notice bad", words("frequencies.js.heat.failed")));
    place.replaceChildren(...parts, notes(found.notes));
    if (underWay) setTimeout(() => mine === asked && showHeat(), AGAIN_MS);
  } catch (error) {
    const text = error instanceof Problem ? explained(error) : `${error instanceof Error ? error.message : error}`;
    place.replaceChildren(element("p", "notice warn", text));
  }
}

/** @param {any} found */
function circuit({ circuit: of, sunspots, month }) {
  const places = { month, site: of.site, km: of.distance_km, kw: of.power_kw, sunspots };
  return element("p", "quiet", words("frequencies.js.heat.circuit", places));
}

function legend() {
  const list = element("ul", "heat-legend");
  for (const [band, sign] of Object.entries(SIGNS)) {
    const item = element("li");
    const mark = element("span", `cell ${band}`, sign);
    mark.setAttribute("aria-hidden", "true");
    item.append(mark, ` ${words(`frequencies.js.band.${band}`)}`);
    list.append(item);
  }
  return list;
}

/** @param {any} found @returns {HTMLElement} hours across, frequencies down, in a table that is read as it is seen */
function heat({ hours, frequencies }) {
  const table = element("table", "heat");
  const head = element("tr");
  head.append(element("th", "", words("frequencies.js.heat.khz")));
  for (const { hour_kst, hour_utc, is_in_slot } of hours) {
    const both = [hour_kst, hour_utc].map((hour) => `${hour}`.padStart(2, "0"));
    const [first, second] = language === "ko" ? both : both.reverse();
    const cell = element("th", is_in_slot ? "in-slot" : "", first);
    cell.setAttribute("scope", "col");
    cell.append(element("span", "second", second));
    cell.title = words("frequencies.js.heat.hour", { kst: hour_kst, utc: hour_utc });
    head.append(cell);
  }
  const body = element("tbody");
  for (const { khz } of [...frequencies].sort((a, b) => b.khz - a.khz)) body.append(row(khz, hours));
  const top = element("thead");
  top.append(head);
  table.append(element("caption", "", words("frequencies.js.heat.caption")), top, body);
  const wide = element("div", "wide");
  wide.tabIndex = 0;
  wide.setAttribute("role", "group");
  wide.setAttribute("aria-label", words("frequencies.js.heat.caption"));
  wide.append(table);
  return wide;
}

/** @param {number} khz @param {any[]} hours */
function row(khz, hours) {
  const made = element("tr");
  const head = element("th", "", khzText(khz));
  head.setAttribute("scope", "row");
  if (lines.includes(`${khz}`)) head.append(" ", element("span", "chip busy", words("frequencies.js.heat.line")));
  else if (pool.includes(`${khz}`)) head.append(" ", element("span", "chip", words("frequencies.js.heat.pool")));
  made.append(head);
  for (const { signals, is_in_slot } of hours) {
    const signal = signals.find((/** @type {any} */ one) => one.khz === khz);
    const cell = element("td", `cell ${signal?.band ?? "unknown"} ${is_in_slot ? "in-slot" : ""}`);
    if (signal) {
      const sign = element("span", "", SIGNS[signal.band]);
      sign.setAttribute("aria-hidden", "true");
      const text = words("frequencies.js.heat.cell", { band: words(`frequencies.js.band.${signal.band}`), rank: signal.rank, days: signal.days_in_ten });
      cell.title = text;
      cell.append(sign, element("span", "rank", `${signal.rank}`), element("span", "unseen", text));
    }
    made.append(cell);
  }
  return made;
}

/** @param {import("./words.js").Said[]} told */
function notes(told) {
  const made = element("details");
  const list = element("ul");
  list.append(...told.map((note) => element("li", "", saidWords(note))));
  made.append(element("summary", "", words("frequencies.js.notes", { count: told.length })), list);
  return made;
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", showHeat);
showHeat();

// ---------------------------------------------------------------- the pool

const entries = /** @type {HTMLElement} */ (byId("pool-entries"));
const poolForm = /** @type {HTMLFormElement} */ (byId("pool-form"));

/** Each entry's names and ids say its place. */
function number() {
  [...entries.children].forEach((entry, place) => {
    for (const part of entry.querySelectorAll("[id], [for]")) {
      for (const name of ["id", "for", "name"]) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace(/^(entry-|entries\.)\w+/, `$1${place}`));
      }
    }
  });
}

function add() {
  entries.append(byId("pool-entry").content.cloneNode(true));
  number();
}

/** The form gets its draft once it has as many entries as the draft: what is kept of an entry needs a place to go back to. */
function takeUpDraft() {
  const name = poolForm.dataset.poolDraft ?? "";
  const draft = read(`danpa:draft:${document.body.dataset.person}:${name}`);
  if (draft) {
    const places = draft.values.map((/** @type {[string]} */ [field]) => Number(field.split(".")[1] ?? -1));
    const count = Math.max(-1, ...places) + 1;
    while (entries.children.length < count) add();
    while (entries.children.length > count) entries.lastElementChild?.remove();
  }
  poolForm.dataset.draft = name;
  document.dispatchEvent(new CustomEvent("danpa:looked"));
}

byId("pool-add").addEventListener("click", () => {
  add();
  /** @type {HTMLElement | null} */ (entries.lastElementChild?.querySelector("input") ?? null)?.focus();
});
entries.addEventListener("click", ({ target }) => {
  const remove = /** @type {Element} */ (target).closest("[data-remove]");
  if (!remove) return;
  remove.closest("li")?.remove();
  number();
  poolForm.querySelector("[name=entries]")?.dispatchEvent(new Event("input", { bubbles: true })); // the draft loses it as well
  byId("pool-add").focus();
});
poolForm.addEventListener("reset", () => location.reload()); // the draft is given up, and the entries that it added
takeUpDraft();
poolForm.addEventListener("danpa:sent", (/** @type {Event} */ event) => {
  event.preventDefault();
  location.reload(); // what the pool holds is marked in the map above
});
