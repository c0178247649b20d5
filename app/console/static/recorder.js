// @ts-check
// Recording in the browser. What is recorded is written down twice a second, and stays here until the station has all of it.

import { Microphone, microphones, Playing } from "./recorder_sound.js";
import { addPiece, beginRecording, forgetRecording, RATE, writeRecording } from "./upload_store.js";
import { confirmed, tell } from "./telling.js";
import { length, words } from "./words.js";

/** @typedef {import("./upload_store.js").Recording} Recording */
/** @typedef {"closed" | "ready" | "recording" | "paused" | "done"} State */

const QUIETEST_DB = -60;
const LOUD_DB = -3;
const LOUD_MS = 1500; // how long it is told

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);
const dialog = /** @type {HTMLDialogElement} */ (element("recorder"));

/** @type {State} */
let state = "closed";
/** @type {Microphone | undefined} */
let microphone;
/** @type {Recording | undefined} */
let recording;
/** @type {Playing | undefined} */
let playing;
/** How many pieces are written, and those that are not yet, the oldest first. */
let pieces = 0;
/** @type {Int16Array[]} */
let unwritten = [];
/** All that is being written, in its order. */
let written = Promise.resolve();
/** What is done after the dialog was closed. */
let closing = Promise.resolve();
/** Lets go of the lock by which other windows know that this is being recorded. */
let release = () => {};
let loudUntil = 0;
/** @type {{ send: (recording: Recording) => void, changed: () => void }} */
let around = { send: () => {}, changed: () => {} };

/**
 * Open the recorder: ready to record, or, with a `recording`, to listen to that one.
 * @param {{ send: (recording: Recording) => void, changed: () => void, recording?: Recording }} how
 */
export async function open(how) {
  await closing;
  around = how;
  recording = how.recording;
  wrong("");
  dialog.showModal();
  if (recording) return become("done");
  become("closed");
  await listen("");
}

const isUnderWay = () => state === "recording" || state === "paused";

/** @param {State} now */
function become(now) {
  state = now;
  for (const one of dialog.querySelectorAll("[data-when]")) {
    /** @type {HTMLElement} */ (one).hidden = !(/** @type {HTMLElement} */ (one).dataset.when?.split(" ").includes(now));
  }
  element("recorder-device").disabled = now === "recording" || now === "paused";
  element("recorder-told").textContent = words(`library.js.recorder.${now}`);
  showLength();
}

function showLength() {
  const seconds = (recording?.samples ?? 0) / RATE;
  element("recorder-length").textContent = length(seconds, 1);
  element("recorder-place").max = seconds;
}

/** @param {string} text */
const wrong = (text) => (element("recorder-wrong").textContent = text);

// ---------------------------------------------------------------- the microphone

/** @param {string} deviceId */
async function listen(deviceId) {
  await microphone?.close();
  microphone = undefined;
  if (!navigator.mediaDevices) return wrong(words("library.js.recorder.insecure"));
  try {
    const opened = await Microphone.open(deviceId, { level: showLevel, piece: keep, lost });
    if (!dialog.open) return void opened.close(); // it was closed while the browser asked
    microphone = opened;
  } catch (error) {
    return wrong(words(whyNot(error)));
  }
  wrong("");
  become("ready");
  const found = await microphones();
  const options = found.map(({ deviceId: id, label }, n) => new Option(label || words("library.js.recorder.microphone", { number: n + 1 }), id));
  element("recorder-device").replaceChildren(...options);
  element("recorder-device").value = microphone.deviceId;
}

/** @param {unknown} error */
function whyNot(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "library.js.recorder.not_allowed";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "library.js.recorder.none";
  return "library.js.recorder.in_use";
}

/** It was unplugged, or the browser has taken it away. */
async function lost() {
  const unsaved = isUnderWay() ? await end() : become("closed");
  wrong(unsaved || words("library.js.recorder.lost"));
}

/** @param {number} peak of full scale */
function showLevel(peak) {
  const level = peak ? Math.max(20 * Math.log10(peak), QUIETEST_DB) : QUIETEST_DB;
  element("recorder-level").value = level;
  if (level > LOUD_DB) loudUntil = Date.now() + LOUD_MS;
  const isLoud = Date.now() < loudUntil;
  element("recorder-db").textContent = `${level.toFixed(0)} dB${isLoud ? ` · ${words("library.js.recorder.loud")}` : ""}`;
}

/** @param {Int16Array} samples */
function keep(samples) {
  unwritten.push(samples);
  write().catch(full);
}

/** Write down what is not written yet. A piece that the browser does not take stays the first in line: no later one overtakes it. */
function write() {
  const made = recording;
  written = written.catch(() => {}).then(async () => {
    while (made && unwritten.length) {
      const samples = made.samples + unwritten[0].length;
      await addPiece({ ...made, samples }, pieces, unwritten[0]);
      made.samples = samples;
      pieces++;
      unwritten.shift();
      showLength();
    }
  });
  return written;
}

/** How much is in this window only. */
const unsavedLength = () => length(unwritten.reduce((sum, piece) => sum + piece.length, 0) / RATE, 1);

/** @param {unknown} error */
const detailOf = (error) => (error instanceof Error ? error.message : `${error}`);

/** The browser's disk is full: what was written stays, and the rest waits here. @param {unknown} error */
function full(error) {
  if (!isUnderWay()) return;
  wrong(words("library.js.recorder.full", { length: unsavedLength(), detail: detailOf(error) }));
  microphone?.pause();
  become("paused");
}

// ---------------------------------------------------------------- recording

async function record() {
  try {
    if (state === "ready") await begin();
    else await write(); // what there was no room for comes before what follows
  } catch (error) {
    return state === "ready" ? wrong(words("library.js.recorder.not_begun", { detail: detailOf(error) })) : full(error);
  }
  if (!microphone) return; // it was closed meanwhile
  wrong("");
  microphone.record();
  become("recording");
}

async function begin() {
  const { id } = (recording = await beginRecording());
  pieces = 0;
  unwritten = [];
  const held = new Promise((/** @type {(value?: void) => void} */ resolve) => (release = resolve));
  navigator.locks?.request(`danpa-recording-${id}`, () => held);
}

/** Stop; what there is no room for is given up only if its owner says so. */
async function stop() {
  await microphone?.finish().catch(() => {});
  try {
    await write();
  } catch (error) {
    full(error);
    const asked = words("library.js.recorder.give_up", { length: unsavedLength() });
    if (!(await confirmed(asked, words("library.js.recorder.give_up_yes")))) return;
  }
  wrong(await end());
}

/** End the recording with what is written of it. @returns {Promise<string>} what is told of the rest, where there is one */
async function end() {
  await microphone?.finish().catch(() => {});
  const unsaved = await write().then(() => "", () => words("library.js.recorder.unsaved", { length: unsavedLength() }));
  unwritten = [];
  await microphone?.close();
  microphone = undefined;
  const ended = recording?.samples ? writeRecording(Object.assign(recording, { endedAt: Date.now() })) : recording && forgetRecording(recording.id);
  await Promise.resolve(ended).catch(() => {}); // its pieces are there, only the time of its end is not; or there is nothing of it
  release();
  become("done");
  around.changed();
  return unsaved;
}

async function listenAgain() {
  if (!recording) return;
  if (playing?.isPlaying) return quiet();
  const place = element("recorder-place");
  playing = new Playing(recording, (seconds, isOver) => {
    place.value = seconds;
    place.setAttribute("aria-valuetext", length(seconds));
    if (isOver) quiet();
  });
  element("recorder-listen").setAttribute("aria-pressed", "true");
  await playing.play(Number(place.value));
}

function quiet() {
  playing?.stop();
  playing = undefined;
  element("recorder-listen").setAttribute("aria-pressed", "false");
}

async function discard() {
  if (!recording || !(await confirmed(words("library.js.discard_recording"), words("library.js.discard_yes")))) return;
  quiet();
  await forgetRecording(recording.id);
  dialog.close();
}

function sendIt() {
  const made = recording;
  dialog.close();
  if (made?.samples) around.send(made);
}

/** @type {Record<string, () => unknown>} */
const ACTS = { record, pause: () => (microphone?.pause(), become("paused")), stop, listen: listenAgain, discard, send: sendIt, close: () => dialog.close() };

dialog.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("button");
  if (button?.dataset.do) ACTS[button.dataset.do]();
});
element("recorder-device").addEventListener("change", () => listen(element("recorder-device").value));
element("recorder-place").addEventListener("input", () => playing?.isPlaying && (quiet(), listenAgain()));
dialog.addEventListener("cancel", (event) => {
  if (isUnderWay()) event.preventDefault(); // the Escape key ends no recording
});
dialog.addEventListener("close", () => (closing = closed()));

async function closed() {
  quiet();
  const unsaved = isUnderWay() ? await end() : ""; // a second Escape closes it, whatever is said to the first
  if (unsaved) tell(unsaved, { bad: true });
  await microphone?.close();
  microphone = undefined;
  recording = undefined;
  state = "closed";
  around.changed();
}

window.addEventListener("beforeunload", (event) => {
  if (isUnderWay()) event.preventDefault();
});
