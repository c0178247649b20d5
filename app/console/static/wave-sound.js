// @ts-check
// What is heard of a waveform: audio elements that change places without losing the time, stretches that end where they
// should, and stretches that are leapt over.

import { tellFailure } from "./telling.js";
import { words } from "./words.js";

const KEPT = 2; // before and after

export class Player {
  /** @type {Map<string, HTMLAudioElement>} */
  #audios = new Map();
  #audio = new Audio();
  /** Where to stop, in seconds. */
  #until = Infinity;
  #rate = 1;
  #onChange;

  /** What is not played: `skip` is leapt over, `mute` is there and not heard. @type {{ start: number, end: number, kind: "skip" | "mute" }[]} */
  passed = [];

  /** @param {() => void} onChange called while it plays, with each frame, and when anything of it changes */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  get playing() {
    return !this.#audio.paused;
  }

  get time() {
    return this.#audio.currentTime;
  }

  /** As the browser knows it; 0 until it does. */
  get length() {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : 0;
  }

  get rate() {
    return this.#rate;
  }

  set rate(rate) {
    this.#rate = this.#audio.playbackRate = rate; // the pitch is kept: that is what browsers do
  }

  /** Take this sound, at a place in it; it goes on playing if one played. @param {string} address @param {number} at */
  take(address, at) {
    const played = this.playing;
    this.#audio.pause();
    this.#audio = this.#audioOf(address);
    this.#audio.playbackRate = this.#rate;
    this.#audio.volume = 1;
    this.#until = Infinity;
    this.#audio.currentTime = at;
    if (played) this.play();
  }

  /** @param {string} address */
  #audioOf(address) {
    const audio = this.#audios.get(address) ?? this.#made(address);
    this.#audios.delete(address);
    this.#audios.set(address, audio); // the one that was used last is the last
    for (const [old, passed] of [...this.#audios].slice(0, -KEPT)) {
      passed.removeAttribute("src"); // nothing more of it is fetched
      this.#audios.delete(old);
    }
    return audio;
  }

  /** @param {string} address */
  #made(address) {
    const audio = new Audio();
    audio.preload = "metadata";
    audio.src = address;
    for (const name of ["play", "pause", "seeked", "durationchange", "ended"]) {
      audio.addEventListener(name, () => audio === this.#audio && this.#onChange());
    }
    audio.addEventListener("play", () => this.#follow(audio));
    audio.addEventListener("error", () => {
      if (audio === this.#audio && audio.error) tellFailure(new Error(words("wave.js.no_sound")));
    });
    return audio;
  }

  /** From here, or from `from`, to `until` seconds. @param {number} [from] @param {number} [until] */
  play(from, until = Infinity) {
    if (from !== undefined) this.#audio.currentTime = Math.max(from, 0);
    this.#until = until;
    this.#audio.play().catch((error) => {
      if (error.name === "NotAllowedError") tellFailure(error); // any other is told by the element, or was a change of mind
    });
  }

  pause() {
    this.#audio.pause();
  }

  /** @param {number} at */
  seek(at) {
    this.#audio.currentTime = at;
    this.#until = Infinity;
    this.#onChange();
  }

  /** @param {HTMLAudioElement} audio */
  #follow(audio) {
    const frame = () => {
      if (audio !== this.#audio || audio.paused) return;
      const at = audio.currentTime;
      const here = this.passed.filter(({ start, end }) => at >= start && at < end);
      const leap = here.find(({ kind }) => kind === "skip");
      audio.volume = here.some(({ kind }) => kind === "mute") ? 0 : 1;
      if (leap) audio.currentTime = leap.end;
      if (at >= this.#until) audio.pause();
      this.#onChange();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Silence, and nothing more is fetched. */
  close() {
    for (const audio of this.#audios.values()) {
      audio.pause();
      audio.removeAttribute("src");
    }
    this.#audios.clear();
  }
}
