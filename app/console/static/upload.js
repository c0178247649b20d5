// @ts-check
// Files into the library: chosen, dropped or recorded here, described together, and then sent by the queue.

import * as queue from "./upload_queue.js";
import { forgetRecording, unsentRecordings } from "./upload_store.js";
import { confirmed, tell, tellFailure } from "./telling.js";
import { dayAndTime, draw, drawAll, element, recordingTitle } from "./upload_view.js";
import { length, time, words } from "./words.js";

/** @typedef {import("./upload_store.js").Recording} Recording */

const chooser = /** @type {HTMLInputElement} */ (element("upload-files"));

// ---------------------------------------------------------------- files come

// Not part of the first view; they come a little later, so that they are here when the line is not
const details = () => import("./upload_details.js");
const recorder = () => import("./recorder.js");
setTimeout(() => Promise.all([details(), recorder()]).catch(() => {}), 2000);

/** @param {File[]} files */
function choose(files) {
  const others = queue.takeBack(files);
  if (others.length) details().then(({ beginChoice }) => beginChoice(others)).catch(tellFailure);
  else if (files.length) tell(words("library.js.taken_back"));
}

chooser.addEventListener("change", () => {
  const files = [...(chooser.files ?? [])];
  chooser.value = ""; // the same file may be chosen once more
  choose(files);
});

/** @param {DragEvent} event */
const bringsFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  element("drop").hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) element("drop").hidden = true; // it has left the window
});
document.addEventListener("drop", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  element("drop").hidden = true;
  // A folder comes as a file that cannot be read: only what has a size or a type is one
  choose([...(event.dataTransfer?.files ?? [])]);
});

// ---------------------------------------------------------------- what a person does

/** @type {Record<string, (entry: import("./upload_queue.js").Entry) => void>} */
const ACTS = {
  pause: queue.pause,
  resume: queue.resume,
  now: queue.resume,
  again: queue.resume,
  choose: () => chooser.click(),
  dismiss: queue.remove,
  cancel: async (entry) => {
    const name = entry.item.fields.title ?? entry.item.name;
    const isOnlyHere = entry.item.sound === "recording";
    const asked = isOnlyHere ? "library.js.cancel_recording" : "library.js.cancel_upload";
    if (await confirmed(words(asked, { name }), words("library.js.cancel_yes"))) await queue.remove(entry);
  },
};

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = target.closest("button");
  if (target.closest("[data-upload]")) chooser.click();
  else if (target.closest("[data-record]")) openRecorder();
  else if (button?.dataset.act) {
    const entry = queue.entries.get(button.closest("li")?.id.replace("outbox-", "") ?? "");
    if (entry) ACTS[button.dataset.act](entry);
  }
});
element("outbox-clear").addEventListener("click", () => {
  for (const entry of [...queue.entries.values()]) if (entry.item.state === "sent" && entry.item.segment?.state !== "processing") queue.remove(entry);
});

// ---------------------------------------------------------------- recordings

/** @param {Recording} [recording] one to listen to */
async function openRecorder(recording) {
  try {
    await (await recorder()).open({ send: sendRecording, changed: () => showUnsent().catch(tellFailure), recording });
  } catch (error) {
    tellFailure(error);
  }
}

/** @param {Recording} recording */
function sendRecording(recording) {
  const chosen = { recording, title: recordingTitle(recording.startedAt) };
  details().then(({ beginChoice }) => beginChoice([], chosen)).catch(tellFailure);
}

/** Recordings of earlier visits that are still only here. */
async function showUnsent() {
  const recordings = await unsentRecordings();
  const busy = new Set(((await navigator.locks?.query())?.held ?? []).map(({ name }) => name));
  const rows = recordings.filter(({ id }) => !busy.has(`danpa-recording-${id}`)).map(unsentRow);
  element("unsent").replaceChildren(...rows);
  drawAll();
}

/** @param {Recording} recording */
function unsentRow(recording) {
  const template = /** @type {HTMLTemplateElement} */ (element("unsent-row"));
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const says = /** @type {HTMLElement} */ (row.querySelector("p"));
  says.textContent = words("library.js.unsent", { length: length(recording.samples / 48_000), time: time(recording.startedAt), date: dayAndTime(recording.startedAt)[0] });
  /** @type {Record<string, () => void>} */
  const acts = {
    listen: () => openRecorder(recording),
    send: () => sendRecording(recording),
    discard: async () => {
      if (!(await confirmed(words("library.js.discard_recording"), words("library.js.discard_yes")))) return;
      await forgetRecording(recording.id);
      await showUnsent();
    },
  };
  for (const button of row.querySelectorAll("button")) button.addEventListener("click", () => acts[button.dataset.unsent ?? ""]());
  return row;
}

// ---------------------------------------------------------------- what happens around

window.addEventListener("beforeunload", (event) => queue.isNeeded() && event.preventDefault());
window.addEventListener("online", queue.wakeAll);
document.addEventListener("danpa:event", (event) => {
  const { subject, subject_id: id } = /** @type {CustomEvent} */ (event).detail;
  if (subject === "segment") queue.hear(id);
});
document.addEventListener("danpa:looked", () => {
  for (const { item } of queue.entries.values()) if (item.segment?.state === "processing" && item.segmentId) queue.hear(item.segmentId);
});
document.addEventListener("danpa:recordings", () => showUnsent().catch(tellFailure));

queue.open(draw).catch(tellFailure);
showUnsent().catch(tellFailure);
