// @ts-check
// An airing's rundown: heard from any item on or over a join, and edited. Every edit is tried first, so that what it does
// to the programme, and who still gets the new version, is seen before the yes.

import { Problem, get, send } from "./api.js";
import { h } from "./dom.js";
import { explained } from "./forms.js";
import { lookSoon } from "./live.js";
import { itemName, namesOf, refusal, rundownTable } from "./rundown-table.js";
import { tell, tellFailure } from "./telling.js";
import { words } from "./words.js";

const BEFORE_S = 5; // so much is heard before a join, and after it
const AFTER_S = 5;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const items = () => /** @type {HTMLElement} */ (document.getElementById("items"));

const path = () => `/api/v1${location.pathname}`;

/** Which segments the page shows. */
const shownSegments = () => new Set([...items().querySelectorAll("li[data-segment]")].map((row) => Number(/** @type {HTMLElement} */ (row).dataset.segment)));

// ---------------------------------------------------------------- listening

/** @type {import("./waveform.js").Waveform | undefined} */
let wave;

/** The newest audio there is, with its items' beginnings where they are those of the rundown that is shown. */
async function showSound() {
  const sound = document.getElementById("sound");
  if (!sound) { // it was cleared away
    wave?.detach();
    wave = undefined;
    return;
  }
  const { version = "", label = "", isCurrent } = sound.dataset;
  const audio = `${path()}/audio?version=${version}`;
  if (!wave) {
    const { attachWaveform } = await import("./waveform.js"); // no part of the first view
    wave ??= attachWaveform(element("wave"), { label, sound: { audio, peaks: peaks(version) } });
  } else if (wave.sound.audio !== audio) wave.show({ audio, peaks: peaks(version) }, wave.time);
  const starts = isCurrent === undefined ? [] : [...document.querySelectorAll("[data-join]")];
  wave.set({ marks: starts.map((button) => ({ at: Number(/** @type {HTMLElement} */ (button).dataset.join), kind: "join" })) });
  follow();
}

/** @param {string} version */
const peaks = (version) => `${path()}/peaks?version=${version}`;

/** Show which item is heard. */
function follow() {
  const starts = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-play]")]);
  const heard = wave?.playing ? starts.filter((button) => Number(button.dataset.play) <= (wave?.time ?? 0) + 0.01).pop() : undefined;
  for (const row of document.querySelectorAll(".item")) row.classList.toggle("playing", row === heard?.closest("li"));
}

/** Until it is there, clicks wait. */
let soundShown = showSound().catch(tellFailure);

document.addEventListener("wave:moved", follow);
document.addEventListener("danpa:looked", () => (soundShown = showSound().catch(tellFailure)));
document.addEventListener("click", async (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-play], [data-join]"));
  if (!button) return;
  const { play: from, join } = button.dataset;
  await soundShown;
  if (from !== undefined) wave?.play(Number(from));
  else wave?.play(Number(join) - BEFORE_S, Number(join) + AFTER_S);
});

// ---------------------------------------------------------------- editing

/** @typedef {{ op: string, position: number }} Wish */
/** What is being tried of a version, ready to be sent in earnest. @typedef {{ path: string, body: any, etag: string }} Trial */

/** @type {Wish | undefined} */
let wish;
/** @type {Trial | undefined} */
let trial;
/** Counts the trials: only the newest one's answer is shown. */
let tried = 0;

/** Of the version that is looked at: when a newer one has come, the edit is refused instead of meaning another item. */
const etag = () => `"${items().dataset.version}"`;

/** The version that the open dialog is about. */
let version = "";

/** @param {Wish} wanted @param {Record<string, any>} more @returns {Trial} */
function trialOf({ op, position }, more) {
  if (op === "breaking") return { path: `${path()}/insert`, body: more, etag: version };
  const isStep = op === "up" || op === "down";
  const edit = isStep ? { op: "move", position, to: position + (op === "up" ? -1 : 1) } : { op, position, ...more };
  return { path: `${path()}/edits`, body: { edits: [edit] }, etag: version };
}

/** @param {Wish} wanted */
function open(wanted) {
  wish = wanted;
  version = etag();
  trial = undefined;
  tried += 1;
  const named = document.querySelector(`#item-${wanted.position} .what b`)?.textContent ?? "";
  element("edit-title").textContent = words(`airings.js.edit.${wanted.op}`, { title: named });
  element("edit-segment").hidden = !["swap", "insert", "breaking"].includes(wanted.op);
  element("edit-trim").hidden = wanted.op !== "trim";
  element("edit-outcome").replaceChildren();
  yes().disabled = true;
  for (const input of element("edit-segment").querySelectorAll("input")) input.value = "";
  /** @type {HTMLDialogElement} */ (element("edit")).showModal();
  if (["remove", "lock", "up", "down"].includes(wanted.op)) attempt({});
}

const yes = () => /** @type {HTMLButtonElement} */ (element("edit-yes"));

/** See what it would do. @param {Record<string, any>} more */
async function attempt(more) {
  if (!wish) return;
  const mine = ++tried;
  const outcome = element("edit-outcome");
  trial = undefined;
  yes().disabled = true;
  outcome.replaceChildren(h("p", { class: "quiet", text: words("airings.js.trying") }));
  const wanted = trialOf(wish, more);
  try {
    const { data } = await send("POST", `${wanted.path}?dry_run=true`, wanted);
    if (mine !== tried) return;
    trial = wanted;
    outcome.replaceChildren(...shown(data));
    yes().disabled = false;
  } catch (error) {
    if (mine !== tried) return;
    if (error instanceof Problem) outcome.replaceChildren(error.status === 422 ? refusal(error) : h("p", { class: "notice bad", role: "alert", text: explained(error) }));
    else tellFailure(error);
  }
}

/** Which version an edit makes, and who still gets it. */
const effects = () => /** @type {HTMLTemplateElement} */ (element("consequences")).content.cloneNode(true);

/** The rundown as it would be, what falls out of it, and who would get it. @param {any} data */
function shown(data) {
  const there = shownSegments();
  const names = namesOf(data.segments);
  const now = new Set(data.rundown.items.map((/** @type {any} */ item) => item.source.segment_id));
  const gone = [...items().querySelectorAll("li[data-segment]")].filter((row) => {
    const id = Number(/** @type {HTMLElement} */ (row).dataset.segment);
    return id && !now.has(id);
  });
  return [
    gone.length > 0 && h("p", { text: words("airings.js.falls_out", { titles: gone.map((row) => row.querySelector(".what b")?.textContent).join(", ") }) }),
    effects(),
    h("details", { open: true }, h("summary", { text: words("airings.js.would_be") }),
      ...rundownTable(data.rundown, items().dataset.startsAt ?? "", names, (item) => item.source.segment_id !== undefined && !there.has(item.source.segment_id))),
  ].filter((part) => part !== false);
}

/**
 * In earnest. What failed may be sent again, but not of a version that is no longer the newest: the dialog is about another
 * rundown then.
 * @param {Trial} wanted @param {string} dialog
 */
async function carryOut(wanted, dialog) {
  try {
    await send("POST", wanted.path, wanted);
    /** @type {HTMLDialogElement} */ (element(dialog)).close();
    tell(words("airings.js.asked", { version: Number(items().dataset.version) + 1 }));
  } catch (error) {
    if (error instanceof Problem && error.status === 412) /** @type {HTMLDialogElement} */ (element(dialog)).close();
    else if (wanted === trial) yes().disabled = false;
    tellFailure(error instanceof Problem ? new Error(explained(error)) : error);
  }
  lookSoon();
}

async function lookForAlternatives() {
  const place = element("alternatives-found");
  version = etag();
  place.replaceChildren(h("p", { class: "quiet", text: words("airings.js.searching") }));
  try {
    const { rundowns, segments } = await get(`${path()}/alternatives`);
    const there = shownSegments();
    const names = namesOf(segments);
    place.replaceChildren(effects(), ...rundowns.map((/** @type {any} */ rundown, /** @type {number} */ number) => alternative(rundown, number, names, there)));
  } catch (error) {
    if (error instanceof Problem) place.replaceChildren(refusal(error));
    else tellFailure(error);
  }
}

/** @param {any} rundown @param {number} number @param {Map<number, any>} names @param {Set<number>} there */
function alternative(rundown, number, names, there) {
  const isNew = (/** @type {any} */ item) => item.source.segment_id !== undefined && !there.has(item.source.segment_id);
  const others = rundown.items.filter(isNew).map((/** @type {any} */ item) => itemName(item, names));
  return h("section", { class: "alternative" },
    h("h3", { text: words("airings.js.alternative", { number: number + 1 }) }),
    h("p", { text: others.length ? words("airings.js.alternative.new", { titles: others.join(", ") }) : words("airings.js.alternative.same") }),
    h("details", {}, h("summary", { text: words("airings.js.would_be") }), ...rundownTable(rundown, items().dataset.startsAt ?? "", names, isNew)),
    h("p", { class: "actions" }, h("button", { type: "button", class: "main", text: words("airings.js.alternative.take"),
      onclick: () => carryOut({ path: `${path()}/edits`, body: { alternative: number }, etag: version }, "alternatives") })));
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-edit]"));
  if (button) open({ position: -1, ...JSON.parse(button.dataset.edit ?? "{}") });
  else if (target.closest('[data-open="alternatives"]')) lookForAlternatives();
  else if (target.closest("#edit-yes") && trial) {
    yes().disabled = true;
    carryOut(trial, "edit");
  }
});
document.addEventListener("danpa:picked", (event) => {
  const segment = /** @type {CustomEvent} */ (event).detail;
  if (segment && /** @type {Element} */ (event.target).closest("#edit")) attempt({ segment_id: segment.id });
});
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.id !== "edit-trim") return;
  event.preventDefault();
  const asked = new FormData(form);
  attempt({ trim_in_s: Number(asked.get("trim_in_s")), trim_out_s: Number(asked.get("trim_out_s")) });
});
