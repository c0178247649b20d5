// @ts-check
// Levels in dBFS: a bar for what is heard now, a mark for the highest peak of the last seconds, and both as a text for those
// who do not see it. Here, of what one listens to; of what goes out while nobody does, in tonight_level.js.

import { words } from "./words.js";

const FLOOR_DB = -60;
const HOLD_MS = 1500; // a peak stays as long as on the meters of a studio
const FALL_DB_PER_S = 20;
const SAY_MS = 500;
const UNKNOWN = "–";

/** @type {AudioContext | undefined} */
let context;
/** An audio element can be tapped once only. @type {WeakMap<HTMLAudioElement, AnalyserNode>} */
const analysers = new WeakMap();

/** @param {HTMLAudioElement} audio */
function analyserOf(audio) {
  context ??= new AudioContext();
  context.resume();
  let analyser = analysers.get(audio);
  if (!analyser) {
    analyser = new AnalyserNode(context, { fftSize: 4096 });
    new MediaElementAudioSourceNode(context, { mediaElement: audio }).connect(analyser).connect(context.destination);
    analysers.set(audio, analyser);
  }
  return analyser;
}

/** @param {number} amplitude */
const decibels = (amplitude) => Math.max(FLOOR_DB, 20 * Math.log10(amplitude || 1e-9));

/** One `.level` of the page. */
export class Meter {
  #canvas;
  #text;
  #held = FLOOR_DB;
  #heldAt = 0;
  #saidAt = 0;
  #shownAt = performance.now();

  /** @param {HTMLElement} level */
  constructor(level) {
    this.#canvas = /** @type {HTMLCanvasElement} */ (level.querySelector("canvas"));
    this.#text = /** @type {Element} */ (level.querySelector("[role=meter]"));
  }

  /** Nothing is known. */
  clear() {
    if (this.#text.textContent === UNKNOWN) return;
    this.#held = FLOOR_DB;
    paint(this.#canvas, FLOOR_DB, FLOOR_DB);
    this.#text.textContent = UNKNOWN;
    this.#text.removeAttribute("aria-valuetext");
    this.#text.setAttribute("aria-valuenow", `${FLOOR_DB}`);
  }

  /** What is heard at `now`, a time of `performance.now()`; of full scale, 0 to 1. @param {number} now @param {number} loud @param {number} peak */
  show(now, loud, peak) {
    const [level, high] = [decibels(loud), decibels(peak)];
    if (high >= this.#held) [this.#held, this.#heldAt] = [high, now];
    else if (now - this.#heldAt > HOLD_MS) this.#held = Math.max(high, this.#held - (FALL_DB_PER_S * (now - this.#shownAt)) / 1000);
    this.#shownAt = now;
    paint(this.#canvas, level, this.#held);
    if (now - this.#saidAt < SAY_MS) return;
    this.#saidAt = now;
    say(this.#text, level, this.#held);
  }
}

/** Show the level beside an audio while it plays: its RMS, and its peaks. @param {HTMLAudioElement} audio */
export function watch(audio) {
  const level = /** @type {HTMLElement | null} */ (audio.parentElement?.querySelector(".level"));
  if (!level) return;
  const analyser = analyserOf(audio);
  const samples = new Float32Array(analyser.fftSize);
  const meter = new Meter(level);
  level.hidden = false;

  /** @param {number} now */
  const draw = (now) => {
    analyser.getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    meter.show(now, Math.hypot(...samples) / Math.sqrt(samples.length), peak);
    if (audio.paused || !audio.isConnected) stop(audio, level);
    else requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
}

/** What was paused is old by the time that one goes on: it begins anew then. @param {HTMLAudioElement} audio @param {HTMLElement} level */
function stop(audio, level) {
  level.hidden = true;
  audio.load();
}

/** @param {HTMLCanvasElement} canvas @param {number} level @param {number} held */
function paint(canvas, level, held) {
  const brush = canvas.getContext("2d");
  if (!brush) return;
  const colour = (/** @type {string} */ name) => getComputedStyle(canvas).getPropertyValue(name);
  const x = (/** @type {number} */ db) => ((db - FLOOR_DB) / -FLOOR_DB) * canvas.width;
  brush.clearRect(0, 0, canvas.width, canvas.height);
  brush.fillStyle = colour("border-left-color");
  brush.fillRect(0, 0, x(level), canvas.height);
  brush.fillStyle = held > -1 ? colour("border-right-color") : colour("color");
  brush.fillRect(x(held) - 4, 0, 4, canvas.height);
  brush.fillStyle = colour("color");
  for (const mark of [-40, -20, -10, -3]) brush.fillRect(x(mark), canvas.height - 8, 1, 8);
}

/** @param {Element} text @param {number} level @param {number} held */
function say(text, level, held) {
  const told = held <= FLOOR_DB
    ? words("tonight.js.silent")
    : words("tonight.js.level", { level: level.toFixed(0).replace("-", "−"), peak: held.toFixed(0).replace("-", "−") });
  text.textContent = told;
  text.setAttribute("aria-valuenow", level.toFixed(0));
  text.setAttribute("aria-valuetext", told);
}
