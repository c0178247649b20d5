// @ts-check
// The editor of a programme's clock. What is changed stays here, can be undone without end and is kept in this browser
// until it is saved; the server reckons the length budget at every change, and says what is wrong when it is saved.

import { Problem, send } from "./api.js";
import { budgetBars, takes } from "./clock-budget.js";
import { ClockDraft } from "./clock-draft.js";
import { TYPES, fresh, isComplete, whole } from "./clock-elements.js";
import { elementForm } from "./clock-fields.js";
import { History } from "./clock-history.js";
import { ClockList } from "./clock-list.js";
import { installPreview } from "./clock-preview.js";
import { spokenName, typeName } from "./clock-words.js";
import { h } from "./dom.js";
import { explained } from "./forms.js";
import { lookSoon } from "./live.js";
import { tell, tellFailure } from "./telling.js";
import { words } from "./words.js";

/** @typedef {import("./clock-elements.js").Element} Part */
/** @typedef {import("./clock-elements.js").Entry} Entry */
/** @typedef {import("./clock-budget.js").Budget} Budget */

const RECKON_MS = 300;
const BESIDE = matchMedia("(min-width: 60rem)"); // the form stands beside the list, else within it

const read = () => JSON.parse(document.getElementById("clock-source")?.textContent ?? "{}");

class ClockEditor {
  #next = 1;
  /** @type {number | null} */
  #selected = null;
  /** Which form is shown. @type {number | null} */
  #shown = null;
  /** @type {Budget[]} */
  #budgets = [];
  /** Of the elements whose budget that is: their keys, in its order. @type {number[]} */
  #keys = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reckoning;
  /** @type {AbortController | undefined} */
  #asking;
  /** The clock whose budget was asked for last. */
  #reckoned = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    const source = read();
    this.id = source.id;
    this.etag = source.etag;
    this.desk = { ...source, segments: new Map(source.segments.map((/** @type {any} */ one) => [one.id, one])) };
    this.base = JSON.stringify(source.clock.map(whole)); // what is saved
    this.history = new History(this.#entries(source.clock));
    this.draft = new ClockDraft(this.id);
    this.list = new ClockList({
      select: (key) => this.select(key),
      move: (from, to) => this.move(from, to),
      copy: (place) => this.copy(place),
      remove: (place) => this.remove(place),
    });
    this.said = h("p", { class: "unseen", role: "status" });
    this.told = h("div", { class: "clock-told" });
    this.bars = h("div", { class: "budgets", role: "group", "aria-label": words("programmes.js.budget") });
    this.side = h("div", { class: "clock-side" });
    this.buttons = this.#makeButtons();
    root.replaceChildren(
      h("div", { class: "clock-top" }, this.bars, h("div", { class: "actions toolbar" }, ...Object.values(this.buttons))),
      this.told,
      h("p", { class: "quiet keys", id: "clock-keys", text: words("programmes.js.keys") }),
      h("div", { class: "clock-columns" }, h("div", {}, this.list.element, this.#adding()), this.side),
      this.said,
    );
    root.addEventListener("keydown", (event) => this.#press(event));
    root.addEventListener("focusout", () => this.history.pause());
    BESIDE.addEventListener("change", () => this.#placeForm());
    document.addEventListener("danpa:looked", () => this.#follow());
    this.#restore();
    this.show();
  }

  get entries() {
    return this.history.now;
  }

  /** What the API takes. @returns {Part[]} */
  get clock() {
    return this.entries.map(({ element }) => element);
  }

  get isChanged() {
    return JSON.stringify(this.clock) !== this.base;
  }

  /** @param {Part[]} clock @returns {Entry[]} */
  #entries(clock) {
    return clock.map((element) => ({ key: this.#next++, element: whole(element) }));
  }

  // ---------------------------------------------------------------- changes

  /** @param {Entry[]} entries @param {string} [step] @param {string} [said] */
  change(entries, step, said) {
    this.history.change(entries, step);
    this.#changed(said);
  }

  /** @param {string} [said] */
  #changed(said) {
    if (said) this.said.textContent = said;
    this.show();
    if (this.isChanged) this.draft.keep({ base: this.base, clock: this.clock });
    else this.draft.forget();
  }

  /** @param {number} from @param {number} to */
  move(from, to) {
    const entries = [...this.entries];
    const [moved] = entries.splice(from, 1);
    entries.splice(to, 0, moved);
    this.#selected = moved.key;
    this.change(entries, undefined, words("programmes.js.said.moved", { name: this.#name(moved), place: to + 1, count: entries.length }));
    this.list.focus(moved.key);
  }

  /** @param {number} place */
  copy(place) {
    this.#insert(place + 1, structuredClone(this.entries[place].element), "programmes.js.said.copied");
  }

  /** @param {string} type */
  add(type) {
    const place = this.entries.findIndex(({ key }) => key === this.#selected);
    this.#insert(place < 0 ? this.entries.length : place + 1, fresh(type), "programmes.js.said.added");
  }

  /** @param {number} place @param {Part} element @param {string} said */
  #insert(place, element, said) {
    const made = { key: this.#next++, element };
    this.#selected = made.key;
    this.change([...this.entries.slice(0, place), made, ...this.entries.slice(place)], undefined, words(said, { name: this.#name(made), place: place + 1 }));
    this.list.focus(made.key);
  }

  /** @param {number} place */
  remove(place) {
    const gone = this.entries[place];
    const left = this.entries.filter((entry) => entry !== gone);
    this.#selected = left[Math.min(place, left.length - 1)]?.key ?? null;
    this.change(left, undefined, words("programmes.js.said.removed", { name: this.#name(gone) }));
    if (this.#selected !== null) this.list.focus(this.#selected);
    tell(words("programmes.js.said.removed", { name: this.#name(gone) }), { offer: { label: words("js.undo"), act: () => this.undo() } });
  }

  undo() {
    if (!this.history.canUndo) return;
    this.history.undo();
    this.#back("programmes.js.said.undone");
  }

  redo() {
    if (!this.history.canRedo) return;
    this.history.redo();
    this.#back("programmes.js.said.redone");
  }

  /** @param {string} said */
  #back(said) {
    this.#shown = null; // the form holds what was
    this.#changed(words(said, { count: this.entries.length }));
  }

  /** @param {Entry} entry */
  #name({ element }) {
    return element.label || typeName(element.type);
  }

  /** @param {number} key */
  select(key) {
    if (key === this.#selected) return;
    this.#selected = key;
    this.show();
  }

  // ---------------------------------------------------------------- what is seen

  show() {
    const { entries } = this;
    if (!entries.some(({ key }) => key === this.#selected)) this.#selected = entries[0]?.key ?? null;
    const shares = this.#budgets[0]?.elements ?? [];
    this.list.show(entries, this.#selected, this.desk.segments, (key) => takes(shares.find(({ element }) => this.#keys[element] === key)));
    this.buttons.undo.disabled = !this.history.canUndo;
    this.buttons.redo.disabled = !this.history.canRedo;
    this.buttons.save.disabled = !this.isChanged;
    this.buttons.state.textContent = words(this.isChanged ? "programmes.js.not_saved" : "programmes.js.saved");
    this.#drawBars();
    this.#showForm();
    this.#reckonSoon();
  }

  #drawBars() {
    this.bars.replaceChildren(...budgetBars(this.#budgets, this.#keys.findIndex((key) => key === this.#selected)));
    const unfinished = this.#unfinished();
    if (unfinished >= 0) this.bars.prepend(h("p", { class: "notice warn", text: words("programmes.js.budget.unfinished", { place: unfinished + 1 }) }));
  }

  /** The first element of which too little is said; -1 where there is none. */
  #unfinished() {
    return this.entries.findIndex(({ element }) => !isComplete(element));
  }

  #showForm() {
    if (this.#selected === this.#shown) return this.#placeForm();
    this.#shown = this.#selected;
    const entry = this.entries.find(({ key }) => key === this.#selected);
    if (!entry) {
      this.form = h("p", { class: "empty", text: words("programmes.js.empty") });
      return this.#placeForm();
    }
    const { key } = entry;
    const place = () => this.entries.findIndex((one) => one.key === key);
    const form = elementForm(entry.element, this.desk, (name, value) =>
      this.change(this.entries.map((one) => (one.key === key ? { key, element: { ...one.element, [name]: value } } : one)), `${key}.${name}`));
    this.form = h("section", { class: "card clock-form", "aria-label": words("programmes.js.form", { name: spokenName(entry.element, place(), this.desk.segments) }) },
      h("h3", { text: typeName(entry.element.type) }),
      h("p", { class: "actions" },
        button("programmes.js.up", () => place() > 0 && this.move(place(), place() - 1)),
        button("programmes.js.down", () => place() < this.entries.length - 1 && this.move(place(), place() + 1)),
        button("programmes.js.copy", () => this.copy(place())),
        button("programmes.js.remove", () => this.remove(place()), "danger")),
      form);
    this.#placeForm();
  }

  /** Beside the list, or on a narrow window under the element that it is of. */
  #placeForm() {
    if (!this.form) return;
    const row = this.#selected !== null && !BESIDE.matches ? this.list.row(this.#selected) : null;
    const home = row ?? this.side;
    if (home === this.form.parentElement && (row || this.side.childElementCount === 1)) return;
    this.side.replaceChildren();
    for (const old of this.list.element.querySelectorAll(".clock-form")) old.remove();
    home.append(this.form);
  }

  #makeButtons() {
    return {
      undo: button("js.undo", () => this.undo()),
      redo: button("programmes.js.redo", () => this.redo()),
      state: h("span", { class: "quiet state" }),
      save: button("programmes.js.save", () => this.save(), "main"),
    };
  }

  #adding() {
    return h("div", { class: "adding", role: "group", "aria-label": words("programmes.js.add") }, h("p", { class: "quiet", text: words("programmes.js.add") }),
      h("p", { class: "actions" }, ...TYPES.map((type) => h("button", { type: "button", title: words(`programmes.js.type.${type}.what`), text: `+ ${typeName(type)}`, onclick: () => this.add(type) }))));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (!(event.ctrlKey || event.metaKey)) return;
    const isWriting = /** @type {Element} */ (event.target).matches("input:not([type=checkbox]), textarea");
    const key = event.key.toLowerCase();
    if (key === "s") this.save();
    else if (key === "z" && !isWriting) event.shiftKey ? this.redo() : this.undo();
    else if (key === "y" && !isWriting) this.redo();
    else return;
    event.preventDefault();
  }

  // ---------------------------------------------------------------- the server

  #reckonSoon() {
    const asked = JSON.stringify(this.clock);
    if (asked === this.#reckoned) return;
    this.#reckoned = asked;
    clearTimeout(this.#reckoning);
    this.#reckoning = setTimeout(() => this.#reckon(), RECKON_MS);
  }

  async #reckon() {
    this.#asking?.abort();
    if (!this.entries.length) this.#budgets = [];
    if (!this.entries.length || this.#unfinished() >= 0) return this.#drawBars();
    this.#asking = new AbortController();
    const keys = this.entries.map(({ key }) => key);
    try {
      const { data } = await send("POST", `/api/v1/programmes/${this.id}/budget`, { body: { clock: this.clock }, signal: this.#asking.signal });
      [this.#budgets, this.#keys] = [data.items, keys];
      this.show();
    } catch (error) {
      if (error instanceof DOMException) return;
      const why = error instanceof Error ? error.message : `${error}`;
      this.bars.replaceChildren(h("p", { class: "notice warn" }, words("programmes.js.budget.wrong"), " ", h("span", { lang: "en", dir: "auto", text: why })));
    }
  }

  async save() {
    if (!this.isChanged || this.buttons.save.disabled) return;
    this.buttons.save.disabled = true;
    this.told.replaceChildren();
    try {
      await this.#put(this.etag).catch(async (error) => {
        if (!(error instanceof Problem) || error.status !== 412) throw error;
        const { data, etag } = await send("GET", `/api/v1/programmes/${this.id}/clock`);
        if (JSON.stringify(data.clock.map(whole)) !== this.base) return this.#conflict(data.clock, etag);
        return this.#put(etag); // something else of the programme was changed: the clock is as it was
      });
    } catch (error) {
      if (error instanceof Problem) this.#refused(error);
      else tellFailure(error);
    }
    this.buttons.save.disabled = !this.isChanged;
  }

  /** @param {string | null} etag */
  async #put(etag) {
    const sent = JSON.stringify(this.clock);
    const answer = await send("PUT", `/api/v1/programmes/${this.id}/clock`, { body: { clock: this.clock }, etag });
    this.etag = answer.etag;
    this.base = sent;
    this.#changed(words("js.saved"));
    tell(words("programmes.js.told.saved"));
    lookSoon();
  }

  /** Somebody else has saved another clock meanwhile: theirs is a step that can be undone. @param {Part[]} theirs @param {string | null} etag */
  #conflict(theirs, etag) {
    this.etag = etag;
    this.base = JSON.stringify(theirs.map(whole));
    this.draft.keep({ base: this.base, clock: this.clock });
    this.#notice("programmes.js.conflict", [
      ["programmes.js.conflict.mine", () => this.save()],
      ["programmes.js.conflict.theirs", () => { this.told.replaceChildren(); this.change(this.#entries(theirs)); }],
    ], "bad");
  }

  /** @param {Problem} problem */
  #refused(problem) {
    const number = /element (\d+)/.exec(problem.message)?.[1];
    const field = /"(\w+)"/.exec(problem.message)?.[1] ?? problem.errors[0]?.field.split(".").pop();
    const entry = number ? this.entries[Number(number) - 1] : undefined;
    if (entry) this.select(entry.key);
    this.told.replaceChildren(h("p", { class: "notice bad", role: "alert", id: "clock-wrong", text: explained(problem) }));
    const control = field && document.getElementById(`clock-field-${field}`);
    if (!control) return;
    control.closest("details")?.setAttribute("open", "");
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", "clock-wrong");
    control.closest(".field")?.append(h("p", { class: "wrong", text: problem.message }));
    control.focus();
  }

  /** @param {string} text @param {[string, () => void][]} offers @param {string} tone */
  #notice(text, offers, tone) {
    this.told.replaceChildren(h("div", { class: `notice ${tone}`, role: "alert" }, h("p", { text: words(text) }),
      h("p", { class: "actions" }, ...offers.map(([label, act]) => button(label, act)))));
  }

  #restore() {
    const kept = this.draft.read();
    if (!kept || JSON.stringify(kept.clock) === this.base) return this.draft.forget();
    const saved = this.entries;
    this.history.change(this.#entries(kept.clock));
    this.#notice(kept.base === this.base ? "programmes.js.draft" : "programmes.js.draft.older", [
      ["js.draft.discard", () => { this.told.replaceChildren(); this.change(saved); }],
    ], "warn");
  }

  /** The page was looked at again: where nothing is being changed here, it shows what is saved by now. */
  #follow() {
    const source = read();
    const saved = JSON.stringify(source.clock.map(whole));
    if (saved === this.base) this.etag = source.etag;
    else if (!this.isChanged) {
      [this.etag, this.base] = [source.etag, saved];
      for (const segment of source.segments) this.desk.segments.set(segment.id, segment);
      this.change(this.#entries(source.clock));
    }
  }
}

/** @param {string} label @param {() => void} act @param {string} [tone] */
function button(label, act, tone) {
  return h("button", { type: "button", class: tone, text: words(label), onclick: act });
}

const root = document.getElementById("clock");
if (root) {
  const editor = new ClockEditor(root);
  installPreview(editor.id, () => editor.clock);
}
