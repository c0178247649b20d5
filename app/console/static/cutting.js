// @ts-check
// Editing a segment: stretches that are chosen on its waveform or typed, what is done to them, and saving it, without
// writing over what somebody else saved meanwhile.

import { Problem, send } from "./api.js";
import { EditHistory } from "./edit-history.js";
import { showRows } from "./edit-list.js";
import { editsOf, inOrder, overlaps, RATE, samplesIn, samplesOf } from "./edits.js";
import { explained } from "./forms.js";
import { look } from "./live.js";
import { tell, tellFailure } from "./telling.js";
import { length, problemWords, words } from "./words.js";

/** @typedef {import("./edits.js").Edits} Edits @typedef {import("./listening.js").SegmentOf} SegmentOf @typedef {import("./listening.js").Listening} Listening */

const GAIN_DB = 6; // what a stretch is turned up by until another number is typed

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

/** What is done to a chosen stretch. @type {Record<string, (edits: Edits, start: number, end: number) => Edits>} */
const DO = {
  remove: (edits, start, end) => ({ ...edits, removed: [...edits.removed, [start, end]] }),
  tone: (edits, start, end) => ({ ...edits, covered: [...edits.covered, { start, end, sound: "tone" }] }),
  silence: (edits, start, end) => ({ ...edits, covered: [...edits.covered, { start, end, sound: "silence" }] }),
  gain: (edits, start, end) => ({ ...edits, gains: [...edits.gains, { start, end, gain_db: GAIN_DB }] }),
  begin: (edits, start) => ({ ...edits, first_sample: start }),
  end: (edits, _, end) => ({ ...edits, end_sample: end }),
};

/** The edits that the station has now. @param {SegmentOf} segment */
const savedIn = (segment) => editsOf(segment.cuts.find(({ number }) => number === segment.cut)?.edits ?? {}, segment);

export class Cutting {
  #saving = false;
  /** The cut that is waited for. */
  #awaited = 0;
  /** What the fields show: what is being typed into them stays until something changes. @type {Edits | undefined} */
  #shown;

  /** @param {SegmentOf} segment @param {(edits: Edits) => Listening} listen */
  constructor(segment, listen) {
    this.segment = segment;
    this.history = new EditHistory(`segment-${segment.id}`, segment.cut, savedIn(segment));
    this.listening = listen(this.history.now);
    this.#awaited = this.#newest?.state === "making" ? segment.cut : 0;
    this.#listen();
    if (this.history.restored) tell(words("segments.js.restored"));
    this.#show();
  }

  get #newest() {
    return this.segment.cuts.find(({ number }) => number === this.segment.cut);
  }

  /** Whether others have saved edits since these were begun. */
  get #isOvertaken() {
    return !this.#saving && this.segment.cut !== this.history.base && this.history.isChanged;
  }

  /** What the station has now. @param {SegmentOf} segment */
  renew(segment) {
    this.segment = segment;
    if (!this.#saving && segment.cut !== this.history.base && !this.history.isChanged) this.#adopt();
    const newest = this.#newest;
    if (this.#awaited && newest?.number === this.#awaited && newest.state !== "making") {
      this.#awaited = 0;
      const { number } = newest;
      if (newest.state === "ready") tell(words("segments.js.ready", { number }), { offer: { label: words("segments.js.ready.hear"), act: () => this.listening.show(number) } });
    }
    this.listening.renew(segment);
    this.#show();
  }

  /** Do something to the chosen stretch. @param {string} what a name of `DO` */
  do(what) {
    const range = this.#chosen() ?? (what === "begin" || what === "end" ? this.#here() : null);
    if (!range) return this.#wrong(words("segments.js.wrong.nothing"));
    const [start, end] = range;
    const { covered, gains } = this.history.now;
    if ((/tone|silence/.test(what) && overlaps(covered, start, end)) || (what === "gain" && overlaps(gains, start, end))) {
      return this.#wrong(words("segments.js.wrong.overlap"));
    }
    this.change(DO[what](this.history.now, start, end));
    this.listening.wave.choose(null);
  }

  /** @param {Edits} edits */
  change(edits) {
    this.#wrongEdits("");
    this.history.push(inOrder(edits));
    this.#show();
  }

  /** @param {-1 | 1} way */
  step(way) {
    this.#wrongEdits("");
    this.history.step(way);
    this.#show();
  }

  async save() {
    if (this.#saving || !this.history.isChanged || this.#isOvertaken) return;
    this.#saving = true;
    this.#show();
    const sent = this.history.now;
    try {
      const { data } = await send("PUT", `/api/v1/segments/${this.segment.id}/edits`, { body: sent, etag: `"${this.segment.revision}"` });
      const { number, state, edits } = data.newest_cut;
      this.segment = { ...this.segment, cut: number, revision: data.revision };
      this.#awaited = state === "making" ? number : 0;
      const saved = editsOf(edits, this.segment);
      if (this.history.now === sent) this.history.push(saved); // else it was edited further meanwhile: that is not saved yet
      this.history.rebase(number, saved);
      tell(words("segments.js.saved", { number }));
    } catch (error) {
      if (error instanceof Problem && error.status === 422) this.#wrongEdits(words("segments.js.refused", { detail: explained(error) }));
      else if (!(error instanceof Problem && error.status === 412)) tellFailure(error);
    } finally {
      this.#saving = false;
      await look({ afresh: true }); // whoever was first: what they saved is shown, and these edits are still here
      this.#show();
    }
  }

  /** What others saved, as the next step: one step back, the own edits are there again. */
  #adopt() {
    const saved = savedIn(this.segment);
    this.history.push(saved);
    this.history.rebase(this.segment.cut, saved);
    this.#show();
  }

  /** The chosen stretch in samples of the recording. @returns {[number, number] | null} */
  #chosen() {
    const { wave } = this.listening;
    if (!wave.chosen || wave.chosen.start === wave.chosen.end) return null;
    const { start, end } = wave.chosen;
    return [this.listening.inRecording(Math.round(start * RATE)), this.listening.inRecording(Math.round(end * RATE))];
  }

  /** Where it is heard now. @returns {[number, number]} */
  #here() {
    const at = this.listening.inRecording(Math.round(this.listening.wave.time * RATE));
    return [at, at];
  }

  // ---------------------------------------------------------------- what is seen

  #show() {
    const { history, segment } = this;
    const edits = history.now;
    if (edits !== this.#shown) this.#showEdits(edits);
    this.#shown = edits;
    element("cut-undo").disabled = !history.canUndo;
    element("cut-redo").disabled = !history.canRedo;
    element("cut-back").disabled = !history.isChanged;
    element("cut-save").disabled = this.#saving || !history.isChanged || this.#isOvertaken;
    element("cut-state").textContent = this.#state(edits);
    this.#showOvertaken();
    element("cutting").hidden = !segment.editable;
  }

  /** @param {Edits} edits */
  #showEdits(edits) {
    this.listening.edit(edits);
    showRows(element("edits"), edits, {
      change: (changed) => this.change(changed),
      hear: ({ start, end }) => this.#hear(start, end),
      wrong: (text) => this.#wrongEdits(text),
    });
    element("edits-none").hidden = edits.removed.length + edits.covered.length + edits.gains.length > 0;
    this.#showWhole(edits);
  }

  /** @param {Edits} edits */
  #showWhole(edits) {
    for (const field of document.querySelectorAll("[data-whole]")) {
      const name = /** @type {"first_sample"} */ (/** @type {HTMLElement} */ (field).dataset.whole);
      /** @type {HTMLInputElement} */ (field).value = length(edits[name] / RATE, 3);
      field.removeAttribute("aria-invalid");
    }
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-clean]"))) {
      const value = edits.cleaning[/** @type {"hum"} */ (field.dataset.clean)];
      if (field.type === "checkbox") field.checked = value;
      else field.value = `${value}`;
    }
    element("whole-even").checked = edits.even;
    element("whole-gain").value = `${edits.gain_db}`;
  }

  /** @param {Edits} edits */
  #state(edits) {
    const newest = this.#newest;
    if (this.history.isChanged) return words("segments.js.unsaved", { length: length(samplesOf(edits) / RATE, 1) });
    if (newest?.state === "making") return words("segments.js.making", { number: newest.number });
    if (newest?.state === "failed") return words("segments.js.failed", { number: newest.number, why: problemWords(newest.problem?.type, newest.problem?.detail) });
    return words("segments.js.all_saved", { length: length(samplesOf(edits) / RATE, 1) });
  }

  #showOvertaken() {
    const note = element("cut-note");
    const by = this.#newest?.by ?? "";
    if (note.hidden === !this.#isOvertaken) return;
    note.hidden = !this.#isOvertaken;
    if (note.hidden) return;
    const choice = (/** @type {string} */ key, /** @type {() => void} */ act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words(key);
      button.addEventListener("click", act);
      return button;
    };
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(
      choice("segments.js.overtaken.mine", () => {
        this.history.rebase(this.segment.cut, savedIn(this.segment));
        this.save();
      }),
      choice("segments.js.overtaken.theirs", () => this.#adopt()),
    );
    note.replaceChildren(words("segments.js.overtaken", { number: this.segment.cut, name: by }), actions);
  }

  /** @param {string} text */
  #wrong(text) {
    element("cut-wrong").textContent = text;
  }

  /** @param {string} text */
  #wrongEdits(text) {
    element("edits-wrong").textContent = text;
  }

  /** What an edit does, before it is cut: it is heard without what it takes away. @param {number} start @param {number} end */
  #hear(start, end) {
    this.listening.show("preview");
    this.listening.wave.listenAround(start / RATE, end / RATE);
  }

  // ---------------------------------------------------------------- hands

  #listen() {
    const { wave } = this.listening;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-edit]"))) {
      button.addEventListener("click", () => this.do(button.dataset.edit ?? ""));
    }
    wave.element.addEventListener("wave:chosen", () => this.#showChosen());
    for (const id of ["cut-in", "cut-out"]) element(id).addEventListener("change", () => this.#typed());
    element("cut-hear").addEventListener("click", () => wave.chosen && wave.play(wave.chosen.start, wave.chosen.end));
    for (const field of document.querySelectorAll("[data-whole], [data-clean], #whole-even, #whole-gain")) {
      field.addEventListener("change", () => this.#changedWhole(/** @type {HTMLInputElement} */ (field)));
    }
    element("cut-undo").addEventListener("click", () => this.step(-1));
    element("cut-redo").addEventListener("click", () => this.step(1));
    element("cut-back").addEventListener("click", () => this.change(this.history.saved));
    element("cut-save").addEventListener("click", () => this.save());
    document.addEventListener("danpa:progress", (event) => this.#showProgress(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {{ kind: string, subject_id: number, fraction: number }[]} running what the workers are at */
  #showProgress(running) {
    const ours = running.find(({ kind, subject_id }) => kind === "cut" && subject_id === this.segment.id);
    if (!ours || !this.#awaited || this.history.isChanged) return;
    element("cut-state").textContent = words("segments.js.making.percent", { number: this.#awaited, percent: Math.round(ours.fraction * 100) });
  }

  #showChosen() {
    const chosen = this.listening.wave.chosen;
    this.#wrong("");
    for (const [id, at] of [["cut-in", chosen?.start], ["cut-out", chosen?.end]]) {
      const field = element(`${id}`);
      if (field !== document.activeElement) field.value = at === undefined ? "" : length(Number(at), 3);
      field.removeAttribute("aria-invalid");
    }
  }

  /** Times that were typed are chosen on the waveform. */
  #typed() {
    const { wave } = this.listening;
    const [start, end] = ["cut-in", "cut-out"].map((id) => {
      const text = element(id).value;
      const at = samplesIn(text);
      element(id).setAttribute("aria-invalid", `${at === null && text !== ""}`);
      return { text, at: at === null ? null : at / RATE };
    });
    if ((start.text && start.at === null) || (end.text && end.at === null)) return this.#wrong(words("segments.js.wrong.time"));
    if (start.at !== null && end.at !== null && start.at >= end.at) return this.#wrong(words("segments.js.wrong.order"));
    if (start.at !== null && end.at !== null) wave.choose({ start: start.at, end: end.at });
    else if (!start.text && !end.text) wave.choose(null); // of one of them, the other is still being typed
  }

  /** @param {HTMLInputElement} field */
  #changedWhole(field) {
    const edits = this.history.now;
    const { whole, clean } = field.dataset;
    if (whole) {
      const at = samplesIn(field.value || "0");
      field.setAttribute("aria-invalid", `${at === null}`);
      if (at === null) return this.#wrongEdits(words("segments.js.wrong.time"));
      this.change({ ...edits, [whole]: at });
    } else if (clean) {
      this.change({ ...edits, cleaning: { ...edits.cleaning, [clean]: field.type === "checkbox" ? field.checked : field.value } });
    } else if (field.id === "whole-even") this.change({ ...edits, even: field.checked });
    else this.change({ ...edits, gain_db: Number(field.value) || 0 });
  }
}
