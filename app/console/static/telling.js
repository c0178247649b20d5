// @ts-check
// What the page tells people, and what it asks them.

import { words } from "./words.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let telling;

/**
 * Say something for some seconds, longer where it went wrong or more may be done. `offer` is that: to undo it, for example.
 * @param {string} text
 * @param {{ bad?: boolean, offer?: { label: string, act: () => void } }} [how]
 */
export function tell(text, { bad = false, offer } = {}) {
  clearTimeout(telling);
  const told = element("told");
  const dialog = document.querySelector("dialog:modal");
  if (dialog && told.parentElement !== dialog) {
    dialog.append(told); // all outside of an open dialog is out of reach, and not read out
    dialog.addEventListener("close", () => document.body.append(told), { once: true });
  }
  told.classList.toggle("bad", bad);
  told.textContent = text;
  if (offer) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = offer.label;
    button.addEventListener("click", () => {
      told.textContent = "";
      offer.act();
    });
    told.append(button);
  }
  telling = setTimeout(() => (told.textContent = ""), bad || offer ? 20_000 : 8000);
}

/** What was told once. @type {Set<string>} */
const toldOnce = new Set();

/** Say what is wrong from now on, and not again while the page is open. @param {string} text */
export function tellOnce(text) {
  if (toldOnce.has(text)) return;
  toldOnce.add(text);
  tell(text, { bad: true });
}

/** Tell what went wrong, in the words that came with it. @param {unknown} error */
export function tellFailure(error) {
  tell(words("js.failed", { detail: error instanceof Error ? error.message : `${error}` }), { bad: true });
}

/** Settles the question that is being asked. @type {((yes: boolean) => void) | undefined} */
let settle;

/** Ask before something that cannot be taken back. @param {string} text @param {string} yes @returns {Promise<boolean>} */
export function confirmed(text, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (element("confirm"));
  element("confirm-words").textContent = text;
  element("confirm-yes").textContent = yes;
  settle?.(false);
  dialog.returnValue = "no";
  dialog.showModal();
  dialog.onclose = () => {
    // The event comes a little after the closing: it may find the next question open already.
    if (!dialog.open) settle?.(dialog.returnValue === "yes");
  };
  return new Promise((resolve) => (settle = resolve));
}
