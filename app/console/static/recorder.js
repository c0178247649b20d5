// @ts-check
// Recording in the browser. What is recorded is written down twice a second, and stays here until the station has all of it.

import { Microphone, microphones, Playing } from "./recorder_sound.js";
import { addPiece, beginRecording, forgetRecording, RATE, writeRecording } from "./upload_store.js";
import { confirmed } from "./telling.js";
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
/** Pieces so far, and all that is being written, in its order. */
let pieces = 0;
let written = Promise.resolve();
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
  around = how;
  recording = how.recording;
  wrong("");
  dialog.showModal();
  if (recording) return become("done");
  become("closed");
  await listen("");
}

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
  if (state === "recording" || state === "paused") await stop();
  else become("closed");
  wrong(words("library.js.recorder.lost"));
}

/** @param {number} peak of full scale */
function showLevel(peak) {
  const level = peak ? Math.max(20 * Math.log10(peak), QUIETEST_DB) : QUIETEST_DB;
  element("recorder-level").value = level;
  if (level > LOUD_DB) loudUntil = Date.now() + LOUD_MS;
  const isLoud = Date.now() < loudUntil;
  element("recorder-db").textContent = `${level.toFixed(0)} dB${isLoud ? ` · ${words("library.js.recorder.loud")}` : ""}`;
}

/** Write a piece down. @param {Int16Array} samples */
function keep(samples) {
  const now = recording;
  if (!now) return;
  now.samples += samples.length;
  const number = pieces++;
  const row = { ...now };
  written = written.then(() => addPiece(row, number, samples)).catch(full);
  showLength();
}

/** The browser's disk is full: what was written stays. @param {unknown} error */
function full(error) {
  if (state !== "recording") return;
  wrong(words("library.js.recorder.full", { detail: error instanceof Error ? error.message : `${error}` }));
  microphone?.pause();
  become("paused");
}

// ---------------------------------------------------------------- recording

async function record() {
  if (!microphone) return;
  if (state === "ready") {
    recording = await beginRecording();
    pieces = 0;
    const { id } = recording;
    navigator.locks?.request(`danpa-recording-${id}`, () => new Promise((/** @type {(value?: void) => void} */ resolve) => (release = resolve)));
  }
  microphone.record();
  become("recording");
}

async function stop() {
  await microphone?.finish().catch(() => {});
  await written;
  await microphone?.close();
  microphone = undefined;
  if (recording?.samples) await writeRecording(Object.assign(recording, { endedAt: Date.now() }));
  else if (recording) await forgetRecording(recording.id); // stopped before the first sample came
  release();
  become("done");
  around.changed();
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
  if (state === "recording" || state === "paused") event.preventDefault(); // the Escape key ends no recording
});
dialog.addEventListener("close", async () => {
  quiet();
  await microphone?.close();
  microphone = undefined;
  recording = undefined;
  state = "closed";
  around.changed();
});
window.addEventListener("beforeunload", (event) => {
  if (state === "recording" || state === "paused") event.preventDefault();
});
