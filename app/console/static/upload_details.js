// @ts-check
// What is said of files before they are sent: a title for each, and what they have in common.

import { read, write } from "./kept.js";
import { tellFailure } from "./telling.js";
import * as queue from "./upload_queue.js";
import { dayAndTime, element, size } from "./upload_view.js";
import { words } from "./words.js";

/** @typedef {{ file?: File, recording?: import("./upload_store.js").Recording, title: string, wrong?: string }} Chosen */

const dialog = /** @type {HTMLDialogElement} */ (element("upload-details"));
const form = /** @type {HTMLFormElement} */ (element("upload-form"));
const LAST = `danpa:upload:${document.body.dataset.person}`;
/** Kept for the next time: who uploads is mostly the same, and mostly uploads the same. */
const REMEMBERED = ["kind", "presenter"];

/** @type {Chosen[]} */
let chosen = [];

/** Ask what these are. @param {File[]} files @param {Chosen} [recording] */
export function beginChoice(files, recording) {
  if (!dialog.open) chosen = []; // more may be dropped onto the open dialog
  chosen.push(...files.map((file) => ({ file, title: titleOf(file.name), wrong: wrongWith(file) })));
  if (recording) chosen.push(recording);
  showChosen();
  if (dialog.open) return;
  const last = read(LAST) ?? {};
  for (const name of REMEMBERED) if (last[name]) field(name).value = last[name];
  field("batch").value = chosen.length > 1 ? dayAndTime(Date.now()).join(" ") : "";
  dialog.showModal();
}

/** @param {string} name @returns {HTMLInputElement} */
const field = (name) => /** @type {any} */ (form.elements.namedItem(name));

/** @param {string} name without its ending, as one spelling of Korean (macOS writes names in letters) */
const titleOf = (name) => name.normalize("NFC").replace(/\.[^.]{1,5}$/, "").trim().slice(0, 300);

/** Why a file cannot be sent, as far as can be told before. @param {File} file */
function wrongWith(file) {
  const limit = Number(form.dataset.limit);
  if (!file.size) return words("library.js.wrong.empty");
  if (file.size > limit) return words("library.js.wrong.too_large", { limit: size(limit) });
  if (/^(image|text|application\/(pdf|zip|msword|vnd\.))/.test(file.type)) return words("library.js.wrong.not_audio");
  return queue.isKnown(file) ? words("library.js.wrong.known") : undefined;
}

function showChosen() {
  const list = element("upload-chosen");
  list.replaceChildren(...chosen.map(chosenRow));
  /** @type {HTMLButtonElement} */ (element("upload-send")).disabled = !chosen.some(({ wrong }) => !wrong);
}

/** @param {Chosen} one @param {number} place */
function chosenRow(one, place) {
  const template = /** @type {HTMLTemplateElement} */ (element("chosen-row"));
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const input = /** @type {HTMLInputElement} */ (row.querySelector("input"));
  const wrong = /** @type {HTMLElement} */ (row.querySelector(".wrong"));
  input.value = one.title;
  input.disabled = !!one.wrong;
  input.setAttribute("aria-label", words("library.js.title_of", { name: one.file?.name ?? one.title }));
  input.addEventListener("input", () => (one.title = input.value));
  wrong.textContent = one.wrong ?? "";
  wrong.id = `chosen-wrong-${place}`;
  input.setAttribute("aria-describedby", wrong.id);
  const bytes = one.file?.size ?? 0;
  /** @type {HTMLElement} */ (row.querySelector(".quiet")).textContent = one.file ? `${one.file.name.normalize("NFC")} · ${size(bytes)}` : "";
  row.querySelector("button")?.addEventListener("click", () => {
    chosen.splice(chosen.indexOf(one), 1);
    if (chosen.length) showChosen();
    else dialog.close();
  });
  return row;
}

/** @returns {Record<string, string>} what all of them have in common */
function common() {
  const fields = [...new FormData(form)].map(([name, value]) => [name, `${value}`.trim()]);
  return Object.fromEntries(fields.filter(([, value]) => value));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = common();
  write(LAST, Object.fromEntries(REMEMBERED.map((name) => [name, fields[name]])));
  dialog.close();
  const good = chosen.filter(({ wrong }) => !wrong);
  const described = (/** @type {Chosen} */ one) => ({ ...fields, ...(one.title.trim() ? { title: one.title.trim() } : {}) });
  queue.add(good.flatMap((one) => (one.file ? [{ file: one.file, fields: described(one) }] : []))).catch(tellFailure);
  for (const one of good) {
    if (one.recording) sendRecording(one.recording, described(one)).catch(tellFailure);
  }
  element("outbox").scrollIntoView({ block: "nearest" });
});

/** @param {import("./upload_store.js").Recording} recording @param {Record<string, string>} fields */
async function sendRecording(recording, fields) {
  await queue.addRecording(recording, `${fields.title ?? recording.id}.wav`, fields);
  document.dispatchEvent(new CustomEvent("danpa:recordings"));
}
