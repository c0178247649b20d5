// @ts-check
// Undo and redo without end. What was written one letter after the other in one field is one step.

/** @template T */
export class History {
  /** @type {T[]} */
  #past = [];
  /** @type {T[]} */
  #future = [];
  /** @type {string | undefined} */
  #step;

  /** @param {T} now */
  constructor(now) {
    this.now = now;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Changes with the same name of a step, one after the other, are one. @param {T} next @param {string} [step] */
  change(next, step) {
    if (step === undefined || step !== this.#step) this.#past.push(this.now);
    this.#step = step;
    this.#future = [];
    this.now = next;
  }

  /** What is changed next is a step of its own. */
  pause() {
    this.#step = undefined;
  }

  undo() {
    this.#move(this.#past, this.#future);
  }

  redo() {
    this.#move(this.#future, this.#past);
  }

  /** @param {T[]} from @param {T[]} to */
  #move(from, to) {
    const next = from.pop();
    if (next === undefined) return;
    to.push(this.now);
    this.now = next;
    this.pause();
  }
}
