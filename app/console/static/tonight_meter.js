// @ts-check
// The level of what one listens to, in dBFS: a bar for what is heard now (RMS), a mark for the highest peak of the last
// seconds, and both as a text for those who do not see it.

import { words } from "./words.js";

const FLOOR_DB = -60;
const HOLD_MS = 1500; // a peak stays as long as on the meters of a studio
const FALL_DB_PER_S = 20;
const SAY_MS = 500;

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

/** Show the level beside an audio while it plays. @param {HTMLAudioElement} audio */
export function watch(audio) {
  const level = /** @type {HTMLElement | null} */ (audio.parentElement?.querySelector(".level"));
  const canvas = level?.querySelector("canvas");
  const text = level?.querySelector("[role=meter]");
  if (!level || !canvas || !text) return;
  const analyser = analyserOf(audio);
  const samples = new Float32Array(analyser.fftSize);
  let [held, heldAt, saidAt, drawnAt] = [FLOOR_DB, 0, 0, performance.now()];
  level.hidden = false;

  /** @param {number} now */
  const draw = (now) => {
    analyser.getFloatTimeDomainData(samples);
    const rms = decibels(Math.hypot(...samples) / Math.sqrt(samples.length));
    const peak = decibels(samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0));
    if (peak >= held) [held, heldAt] = [peak, now];
    else if (now - heldAt > HOLD_MS) held = Math.max(peak, held - (FALL_DB_PER_S * (now - drawnAt)) / 1000);
    drawnAt = now;
    paint(canvas, rms, held);
    if (now - saidAt >= SAY_MS) {
      saidAt = now;
      say(text, rms, held);
    }
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

/** @param {HTMLCanvasElement} canvas @param {number} rms @param {number} held */
function paint(canvas, rms, held) {
  const brush = canvas.getContext("2d");
  if (!brush) return;
  const colour = (/** @type {string} */ name) => getComputedStyle(canvas).getPropertyValue(name);
  const x = (/** @type {number} */ db) => ((db - FLOOR_DB) / -FLOOR_DB) * canvas.width;
  brush.clearRect(0, 0, canvas.width, canvas.height);
  brush.fillStyle = colour("border-left-color");
  brush.fillRect(0, 0, x(rms), canvas.height);
  brush.fillStyle = held > -1 ? colour("border-right-color") : colour("color");
  brush.fillRect(x(held) - 4, 0, 4, canvas.height);
  brush.fillStyle = colour("color");
  for (const mark of [-40, -20, -10, -3]) brush.fillRect(x(mark), canvas.height - 8, 1, 8);
}

/** @param {Element} text @param {number} rms @param {number} held */
function say(text, rms, held) {
  const told = held <= FLOOR_DB
    ? words("tonight.js.silent")
    : words("tonight.js.level", { level: rms.toFixed(0).replace("-", "−"), peak: held.toFixed(0).replace("-", "−") });
  text.textContent = told;
  text.setAttribute("aria-valuenow", rms.toFixed(0));
  text.setAttribute("aria-valuetext", told);
}
