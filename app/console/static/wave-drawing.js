// @ts-check
// How a waveform looks on its canvas: one column for each pixel that is seen, however long the sound is.

/**
 * A waveform as `GET /segments/{id}/peaks` gives it: from `first_sample` on, the lowest and highest sample (of 127) of each
 * stretch of `samples_per_pair`.
 * @typedef {{ samples: number, rate: number, samples_per_pair: number, first_sample: number, pairs: number[][] }} Peaks
 *
 * A stretch with something done to it, in seconds. What `kind` looks like is here: removed, tone, silence, gain, fade_in,
 * fade_out, chosen.
 * @typedef {{ start: number, end: number, kind: string }} Region
 *
 * A place to look at, in seconds: a join, or a note.
 * @typedef {{ at: number, kind: "join" | "note", label?: string }} Mark
 *
 * What is seen, in seconds, of a sound of so many seconds.
 * @typedef {{ from: number, to: number, length: number }} View
 */

const NAMES = ["--ground", "--edge", "--quiet", "--mark", "--bad", "--bad-ground", "--warn", "--busy", "--busy-ground", "--link", "--ink"];
const SIGNS = /** @type {Record<string, string>} */ ({ removed: "✂", tone: "♪", silence: "∅", gain: "±" });
const HEAD = 16; // pixels above the sound, for signs

/** The page's colours as a canvas takes them: it knows nothing of `light-dark()`. @param {HTMLElement} element */
export function coloursOf(element) {
  const probe = element.appendChild(document.createElement("span"));
  probe.hidden = true;
  const colours = Object.fromEntries(
    NAMES.map((name) => {
      probe.style.color = `var(${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return colours;
}

/**
 * @param {HTMLCanvasElement} canvas @param {Record<string, string>} colours
 * @param {{ view: View, peaks: Peaks | null, regions: Region[], marks: Mark[] }} what
 */
export function draw(canvas, colours, { view, peaks, regions, marks }) {
  const scale = window.devicePixelRatio || 1;
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
  if (!wide || !high) return;
  if (canvas.width !== Math.round(wide * scale)) canvas.width = Math.round(wide * scale);
  if (canvas.height !== Math.round(high * scale)) canvas.height = Math.round(high * scale);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, wide, high);
  const x = (/** @type {number} */ at) => ((at - view.from) / (view.to - view.from)) * wide;
  const seen = regions.filter((one) => one.end > view.from && one.start < view.to);
  for (const region of seen) drawGround(pen, colours, region, x, high);
  drawSound(pen, colours, peaks, view, wide, high, scale);
  for (const region of seen) drawRegion(pen, colours, region, x, high);
  for (const mark of marks) if (mark.at >= view.from && mark.at <= view.to) drawMark(pen, colours, mark, x(mark.at), high);
}

/** @typedef {(at: number) => number} Across */

/** @param {CanvasRenderingContext2D} pen @param {Record<string, string>} colours @param {Region} region @param {Across} x @param {number} high */
function drawGround(pen, colours, { start, end, kind }, x, high) {
  const ground = { chosen: "--busy-ground", removed: "--bad-ground", gain: "--edge" }[kind];
  if (!ground) return;
  pen.fillStyle = colours[ground];
  pen.fillRect(x(start), 0, x(end) - x(start), high);
}

/**
 * @param {CanvasRenderingContext2D} pen @param {Record<string, string>} colours @param {Peaks | null} peaks @param {View} view
 * @param {number} wide @param {number} high @param {number} scale
 */
function drawSound(pen, colours, peaks, view, wide, high, scale) {
  const middle = HEAD + (high - HEAD) / 2;
  pen.fillStyle = colours["--edge"];
  pen.fillRect(0, middle, wide, 1);
  if (!peaks) return;
  pen.fillStyle = colours["--mark"];
  const columns = Math.round(wide * scale);
  const perColumn = ((view.to - view.from) * peaks.rate) / columns / peaks.samples_per_pair;
  const first = (view.from * peaks.rate - peaks.first_sample) / peaks.samples_per_pair;
  for (let column = 0; column < columns; column++) {
    const begin = Math.max(Math.floor(first + column * perColumn), 0);
    const end = Math.min(Math.max(Math.ceil(first + (column + 1) * perColumn), begin + 1), peaks.pairs.length);
    let [low, top] = [127, -127];
    for (let n = begin; n < end; n++) {
      if (peaks.pairs[n][0] < low) low = peaks.pairs[n][0];
      if (peaks.pairs[n][1] > top) top = peaks.pairs[n][1];
    }
    if (low > top) continue;
    const reach = ((high - HEAD) / 2 - 2) / 127;
    pen.fillRect(column / scale, middle - top * reach, 1 / scale, Math.max((top - low) * reach, 1));
  }
}

/** @param {CanvasRenderingContext2D} pen @param {Record<string, string>} colours @param {Region} region @param {Across} x @param {number} high */
function drawRegion(pen, colours, { start, end, kind }, x, high) {
  const [left, right] = [x(start), x(end)];
  const colour = colours[{ removed: "--bad", tone: "--warn", silence: "--warn", chosen: "--link" }[kind] ?? "--busy"];
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1;
  if (kind === "fade_in" || kind === "fade_out") {
    pen.beginPath();
    pen.moveTo(left, kind === "fade_in" ? high : HEAD);
    pen.lineTo(right, kind === "fade_in" ? HEAD : high);
    pen.lineWidth = 2;
    pen.stroke();
    return;
  }
  if (kind === "removed" || kind === "tone" || kind === "silence") hatch(pen, left, right, high, kind === "removed");
  pen.fillRect(left, 0, kind === "chosen" ? 2 : 1, high);
  pen.fillRect(right - 1, 0, kind === "chosen" ? 2 : 1, high);
  if (SIGNS[kind]) {
    pen.font = "12px system-ui, sans-serif";
    pen.fillText(SIGNS[kind], Math.max(left, 0) + 3, 12);
  }
}

/** Lines across a stretch, so that it is not its colour alone that says it. @param {CanvasRenderingContext2D} pen @param {number} left @param {number} right @param {number} high @param {boolean} isGone */
function hatch(pen, left, right, high, isGone) {
  pen.save();
  pen.beginPath();
  pen.rect(left, HEAD, right - left, high - HEAD);
  pen.clip();
  pen.beginPath();
  const [from, to] = [Math.max(left, -high), Math.min(right, pen.canvas.clientWidth + high)];
  for (let at = from - high; at < to + high; at += 8) {
    pen.moveTo(at, isGone ? high : 0);
    pen.lineTo(at + high, isGone ? 0 : high);
  }
  pen.globalAlpha = 0.55;
  pen.stroke();
  pen.restore();
}

/** @param {CanvasRenderingContext2D} pen @param {Record<string, string>} colours @param {Mark} mark @param {number} at @param {number} high */
function drawMark(pen, colours, { kind }, at, high) {
  pen.strokeStyle = pen.fillStyle = colours[kind === "join" ? "--bad" : "--warn"];
  pen.setLineDash(kind === "join" ? [4, 3] : [1, 3]);
  pen.beginPath();
  pen.moveTo(at, 0);
  pen.lineTo(at, high);
  pen.stroke();
  pen.setLineDash([]);
  pen.beginPath();
  if (kind === "join") {
    pen.moveTo(at - 5, 0);
    pen.lineTo(at + 5, 0);
    pen.lineTo(at, 8);
  } else pen.arc(at, 6, 5, 0, Math.PI * 2);
  pen.fill();
}
