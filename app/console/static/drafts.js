// @ts-check
// What is being written in a form is kept in this browser until it is sent: an ended session, a lost line, a closed tab lose
// nothing. Only the fields that somebody has changed are kept, by their names: put back, they stand over what others have
// changed meanwhile, and it is said. A form whose rows come and go is kept whole (`data-draft-whole`).
//
// A form in which something is being written has `data-dirty`: morph.js leaves it as it is, its revision with it.

import * as kept from "./kept.js";
import { words } from "./words.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */
/** A field's name, what it holds, the value of a box, and which one it is among those of this name. @typedef {[string, string | boolean, string | null, number]} Kept */

const KEPT_FOR_MS = 14 * 24 * 3600 * 1000;

const BEGINS = () => `danpa:draft:${document.body.dataset.person}:`;

/** @param {HTMLFormElement} form */
const place = (form) => `${BEGINS()}${form.dataset.draft}`;

/** @param {Control} control */
const isBox = (control) => control instanceof HTMLInputElement && /^(checkbox|radio)$/.test(control.type);

/** The fields that may be kept. @param {HTMLFormElement} form @returns {Control[]} */
function fields(form) {
  const never = /^(password|file|hidden|submit|button)$/;
  return /** @type {Control[]} */ ([...form.elements]).filter(({ name, type }) => name && !never.test(type));
}

/** Whether a field differs from what the page came with. @param {Control} control */
export function isChanged(control) {
  if (isBox(control)) return /** @type {any} */ (control).checked !== /** @type {any} */ (control).defaultChecked;
  if (control instanceof HTMLSelectElement) {
    const first = Math.max(0, [...control.options].findIndex(({ defaultSelected }) => defaultSelected));
    return control.selectedIndex !== first;
  }
  return control.value !== control.defaultValue;
}

/** Each field with what names it. @param {HTMLFormElement} form @returns {[Control, Kept][]} */
function named(form) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return fields(form).map((control) => {
    const box = isBox(control) ? control.value : null;
    const key = JSON.stringify([control.name, box]);
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    return [control, [control.name, isBox(control) ? /** @type {any} */ (control).checked : control.value, box, nth]];
  });
}

/** Note that something is being written, and keep it where the form wants that. @param {HTMLFormElement} form */
export function keep(form) {
  form.dataset.dirty = "";
  if (!form.dataset.draft) return;
  const isWhole = form.hasAttribute("data-draft-whole");
  const values = named(form).flatMap(([control, field]) => (isWhole || isChanged(control) ? [field] : []));
  kept.keep(place(form), { at: Date.now(), etag: form.dataset.etag ?? null, values });
}

/** It was sent, or is not wanted any more. @param {HTMLFormElement} form */
export function forget(form) {
  delete form.dataset.dirty;
  if (!form.dataset.draft) return;
  kept.forget(place(form));
  form.querySelector(".draft")?.remove();
}

/** Put what was being written back, and say so. @param {HTMLFormElement} form */
function restore(form) {
  if ("dirty" in form.dataset) return;
  const { at = 0, etag = null, values = [] } = kept.read(place(form)) ?? {};
  if (Date.now() - at > KEPT_FOR_MS) return kept.forget(place(form));
  if (!values.length) return;
  const now = new Map(named(form).map(([control, [name, , box, nth]]) => [JSON.stringify([name, box, nth]), control]));
  const lost = values.filter((/** @type {Kept} */ [name, value, box, nth]) => {
    const control = now.get(JSON.stringify([name, box, nth]));
    if (control && isBox(control)) /** @type {any} */ (control).checked = value;
    else if (control) control.value = `${value}`;
    return !control && value;
  });
  form.dataset.dirty = "";
  form.prepend(note(form, etag !== (form.dataset.etag ?? null), lost));
  form.closest("details")?.setAttribute("open", "");
  form.dispatchEvent(new CustomEvent("danpa:restored", { bubbles: true }));
}

/** @param {HTMLFormElement} form @param {boolean} isOlder somebody else has changed it since @param {Kept[]} lost what has no field any more */
function note(form, isOlder, lost) {
  const line = document.createElement("p");
  line.className = "notice warn draft";
  line.setAttribute("role", "status");
  line.append(words(isOlder ? "js.draft.over_others" : "js.draft.kept"), " ");
  if (lost.length) line.append(words("js.draft.no_field", { text: lost.map(([, value]) => value).join(", ") }), " ");
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "plain";
  discard.textContent = words("js.draft.discard");
  discard.addEventListener("click", () => {
    forget(form);
    form.reset();
  });
  line.append(discard);
  return line;
}

/** Those of the reader that are kept in this browser. */
const drafts = () => kept.places().filter((name) => name.startsWith(BEGINS()));

export const hasDrafts = () => drafts().length > 0;

/** Somebody leaves a browser that others use too. */
export const forgetAll = () => drafts().forEach(kept.forget);

export function install() {
  const all = () => document.querySelectorAll("form[data-draft]").forEach((form) => restore(/** @type {HTMLFormElement} */ (form)));
  document.addEventListener("reset", ({ target }) => delete (/** @type {HTMLFormElement} */ (target).dataset.dirty));
  document.addEventListener("danpa:looked", all);
  all();
}
