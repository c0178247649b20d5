// @ts-check
// What a producer wants done to a recording, as `PUT /segments/{id}/edits` takes it, and where its places are heard then:
// the same sums as in audio/edits.py. Positions are samples of the recording, at 48 kHz.

export const RATE = 48_000;

/**
 * @typedef {{ start: number, end: number, sound: "tone" | "silence" }} Cover
 * @typedef {{ start: number, end: number, gain_db: number }} Gain
 * @typedef {"off" | "gentle" | "strong"} Strength
 * @typedef {object} Edits
 * @property {number} first_sample
 * @property {number} end_sample
 * @property {[number, number][]} removed
 * @property {Cover[]} covered
 * @property {Gain[]} gains
 * @property {number} fade_in_samples
 * @property {number} fade_out_samples
 * @property {{ hum: boolean, rumble: boolean, noise: Strength, room: Strength }} cleaning
 * @property {boolean} even
 * @property {number} gain_db
 *
 * @typedef {{ samples: number, cue_in: number, cue_out: number }} Recording
 */

/** All edits of a cut as it has them; what it does not say is not done. @param {Record<string, any>} said @param {Recording} recording @returns {Edits} */
export function editsOf(said, recording) {
  return {
    first_sample: said.first_sample ?? recording.cue_in,
    end_sample: said.end_sample ?? recording.cue_out,
    removed: said.removed ?? [],
    covered: said.covered ?? [],
    gains: said.gains ?? [],
    fade_in_samples: said.fade_in_samples ?? 0,
    fade_out_samples: said.fade_out_samples ?? 0,
    cleaning: { hum: false, rumble: false, noise: "off", room: "off", ...said.cleaning },
    even: said.even ?? false,
    gain_db: said.gain_db ?? 0,
  };
}

/** @param {Edits} one @param {Edits} other */
export const areSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** In the one form in which the API keeps them: sorted, and what is removed and touches as one. @param {Edits} edits @returns {Edits} */
export function inOrder(edits) {
  /** @type {[number, number][]} */
  const removed = [];
  for (const [start, end] of [...edits.removed].sort((one, two) => one[0] - two[0])) {
    const last = removed.at(-1);
    if (last && start <= last[1]) removed[removed.length - 1] = [last[0], Math.max(last[1], end)];
    else removed.push([start, end]);
  }
  const byStart = (/** @type {{ start: number }} */ one, /** @type {{ start: number }} */ two) => one.start - two.start;
  return { ...edits, removed, covered: [...edits.covered].sort(byStart), gains: [...edits.gains].sort(byStart) };
}

/** What is left of the recording, covers included. @param {Edits} edits @returns {[number, number][]} */
export function kept(edits) {
  /** @type {[number, number][]} */
  const left = [];
  let at = edits.first_sample;
  for (const [start, stop] of [...edits.removed].sort((one, two) => one[0] - two[0])) {
    if (at < Math.min(start, edits.end_sample)) left.push([at, Math.min(start, edits.end_sample)]);
    at = Math.max(at, stop);
  }
  if (at < edits.end_sample) left.push([at, edits.end_sample]);
  return left;
}

/** How long the outcome is. @param {Edits} edits */
export const samplesOf = (edits) => kept(edits).reduce((sum, [start, end]) => sum + end - start, 0);

/** Where a sample of the recording is heard in the outcome; of what is removed, where the sound goes on. @param {Edits} edits @param {number} position */
export function inCut(edits, position) {
  let at = 0;
  for (const [start, end] of kept(edits)) {
    if (position < start) break;
    if (position < end) return at + position - start;
    at += end - start;
  }
  return at;
}

/** Which sample of the recording is heard there. @param {Edits} edits @param {number} position */
export function inRecording(edits, position) {
  let at = 0;
  for (const [start, end] of kept(edits)) {
    if (position < at + end - start) return start + Math.max(position - at, 0);
    at += end - start;
  }
  return kept(edits).at(-1)?.[1] ?? edits.end_sample;
}

/** How they look on the recording's waveform, in seconds. @param {Edits} edits @param {Recording} recording */
export function regionsOf(edits, recording) {
  const { first_sample, end_sample, fade_in_samples, fade_out_samples } = edits;
  const fadeInEnd = inRecording(edits, fade_in_samples);
  const fadeOutStart = inRecording(edits, samplesOf(edits) - fade_out_samples);
  return [
    ...(first_sample > 0 ? [{ start: 0, end: first_sample, kind: "removed" }] : []),
    ...(end_sample < recording.samples ? [{ start: end_sample, end: recording.samples, kind: "removed" }] : []),
    ...edits.removed.map(([start, end]) => ({ start, end, kind: "removed" })),
    ...edits.gains.map(({ start, end }) => ({ start, end, kind: "gain" })),
    ...edits.covered.map(({ start, end, sound }) => ({ start, end, kind: sound })),
    ...(fade_in_samples ? [{ start: first_sample, end: fadeInEnd, kind: "fade_in" }] : []),
    ...(fade_out_samples ? [{ start: fadeOutStart, end: end_sample, kind: "fade_out" }] : []),
  ].map(({ start, end, kind }) => ({ start: start / RATE, end: end / RATE, kind }));
}

/**
 * What is not heard of the recording with these edits, for listening before it is cut.
 * @param {Edits} edits @param {Recording} recording @returns {{ start: number, end: number, kind: "skip" | "mute" }[]}
 */
export function passedOver(edits, recording) {
  return regionsOf(edits, recording)
    .filter(({ kind }) => kind === "removed" || kind === "tone" || kind === "silence")
    .map(({ start, end, kind }) => ({ start, end, kind: kind === "removed" ? "skip" : "mute" }));
}

/** Whether a range is partly taken: covers must not overlap, and gains neither. @param {{ start: number, end: number }[]} those @param {number} start @param {number} end */
export const overlaps = (those, start, end) => those.some((one) => one.start < end && one.end > start);

/** Seconds, or minutes and seconds, as people type them; null where it is no time. @param {string} text @returns {number | null} samples */
export function samplesIn(text) {
  const found = /^\s*(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const [hours, minutes, seconds] = found.slice(1).map((part) => Number((part ?? "0").replace(",", ".")));
  return Math.round((hours * 3600 + minutes * 60 + seconds) * RATE);
}
