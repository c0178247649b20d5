// @ts-check
// Forms that send what they hold to the API, say beside each field what is wrong with it, and lose nothing.
//
//   <form data-send="PUT /api/v1/sites/3" data-etag='"7"' data-then="/sites/{id}" data-draft="site-3">
//
// A field's name is its place in the body (`options.preroll_s`; `entries.0.khz` is in a list). What it holds goes as its kind
// says: numbers as numbers, a checkbox without a value as true or false, checkboxes with values as a list, `data-as="json"`,
// "list" (by commas), "number" or "kst" (a date and time in Korea) as such. An empty field is null, with `data-empty="text"` an
// empty text, with "omit" left out. Afterwards the
// page is renewed, or `data-then` is opened, with what the answer holds in its places. With `data-draft` what is being
// written is kept in this browser until it is sent: a lost connection, an ended session or a closed tab loses nothing.

import { Problem, send } from "./api.js";
import { look, lookSoon } from "./live.js";
import { confirmed, tell, tellFailure } from "./telling.js";
import { words } from "./words.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** Every field, also of a part that is not shown now. @param {HTMLFormElement} form @returns {Control[]} */
function fields(form) {
  return /** @type {Control[]} */ ([...form.elements]).filter(
    (control) => control.name && control.type !== "submit" && control.type !== "button",
  );
}

/** The fields that are sent: none that is disabled, by itself or with its fieldset. @param {HTMLFormElement} form */
const controls = (form) => fields(form).filter((control) => !control.matches(":disabled"));

/** What a form holds, as the API takes it. @param {HTMLFormElement} form @returns {Record<string, any>} */
export function body(form) {
  /** @type {Record<string, any>} */
  const whole = {};
  for (const control of controls(form)) {
    const value = valueOf(control);
    if (value === undefined) continue;
    const path = control.name.split(".");
    const last = /** @type {string} */ (path.pop());
    const place = path.reduce((at, name, n) => (at[name] ??= /^\d+$/.test(path[n + 1] ?? last) ? [] : {}), whole);
    if (isListed(control)) place[last] = [...(place[last] ?? []), ...value];
    else place[last] = value;
  }
  return whole;
}

/** @param {Control} control */
const isListed = (control) => control.type === "checkbox" && control.hasAttribute("value");

/** @param {Control} control @returns {any} */
function valueOf(control) {
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    if (isListed(control)) return control.checked ? [control.value] : [];
    return control.checked;
  }
  if (control instanceof HTMLInputElement && control.type === "radio" && !control.checked) return undefined;
  const text = control.value;
  const { as = control.type, empty = "null" } = control.dataset;
  if (as === "none") return undefined;
  if (as === "list") return text.split(",").map((part) => part.trim()).filter(Boolean);
  if (text.trim() === "") return { null: null, text: "", omit: undefined }[empty];
  if (as === "number" || as === "range") return Number(text);
  if (as === "json") return JSON.parse(text);
  if (as === "kst") return `${text}${text.length === 16 ? ":00" : ""}+09:00`;
  return text;
}

/** Say what is wrong: beside its field, or at the head of the form. @param {HTMLFormElement} form @param {Problem} problem */
function showProblem(form, problem) {
  let first;
  const rest = [];
  for (const { field, message } of /** @type {any[]} */ (problem.errors)) {
    const shown = controls(form); // "lead_in" may be wrong as a whole: then it is told at its first field
    const control =
      shown.find(({ name }) => name === field || field.startsWith(`${name}.`)) ??
      shown.find(({ name }) => field && name.startsWith(`${field}.`));
    if (!control) {
      rest.push(field ? `${field}: ${message}` : message);
      continue;
    }
    const wrong = document.createElement("p");
    wrong.className = "wrong";
    wrong.id = `${control.id || control.name}-wrong`;
    wrong.textContent = message;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", wrong.id);
    (control.closest(".field") ?? control.parentElement ?? form).append(wrong);
    first ??= control;
  }
  if (rest.length || !problem.errors.length) {
    const wrong = document.createElement("p");
    wrong.className = "notice bad form-wrong";
    wrong.setAttribute("role", "alert");
    wrong.textContent = explained(problem, rest.join("; "));
    form.prepend(wrong);
  }
  first?.focus();
}

/** A refusal in the reader's language where we have words for its kind, and in the API's. @param {Problem} problem @param {string} [detail] */
export function explained(problem, detail) {
  const key = `js.problem.${`${problem.document.type ?? ""}`.split(":").pop()}`;
  const known = words(key);
  return [known === key ? "" : known, detail || problem.message].filter(Boolean).join(" — ");
}

/** @param {HTMLFormElement} form */
function clearProblem(form) {
  for (const wrong of form.querySelectorAll(".wrong, .form-wrong")) wrong.remove();
  for (const control of fields(form)) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function submit(form, submitter) {
  const ask = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (ask && !(await confirmed(ask, submitter?.textContent ?? ""))) return;
  const [method, path] = (submitter?.dataset.send ?? form.dataset.send ?? "").split(" ");
  clearProblem(form);
  if (submitter instanceof HTMLButtonElement) submitter.disabled = true;
  try {
    const { data } = await send(method, path, { body: body(form), etag: form.dataset.etag });
    forget(form);
    const event = new CustomEvent("danpa:sent", { bubbles: true, cancelable: true, detail: data });
    if (!form.dispatchEvent(event)) return; // a module does the rest
    form.closest("dialog")?.close();
    const then = form.dataset.then;
    if (then) return location.assign(then.replace(/\{(\w+)\}/g, (_, name) => data?.[name] ?? ""));
    tell(form.dataset.told ?? words("js.saved"));
    if (form.hasAttribute("data-reset")) form.reset();
    lookSoon();
  } catch (error) {
    if (error instanceof Problem) showProblem(form, error);
    else tellFailure(error);
  } finally {
    if (submitter instanceof HTMLButtonElement) submitter.disabled = false;
  }
}

// ---------------------------------------------------------------- drafts

/** @param {HTMLFormElement} form */
const place = (form) => `danpa:draft:${document.body.dataset.person}:${form.dataset.draft}`;

/** @param {HTMLFormElement} form */
function keep(form) {
  if (!form.dataset.draft) return;
  const values = fields(form)
    .filter(({ type }) => type !== "password" && type !== "file" && type !== "hidden")
    .map((control) => [control.name, control instanceof HTMLInputElement && /checkbox|radio/.test(control.type) ? control.checked : control.value]);
  localStorage.setItem(place(form), JSON.stringify({ at: Date.now(), values }));
}

/** @param {HTMLFormElement} form */
function forget(form) {
  if (!form.dataset.draft) return;
  localStorage.removeItem(place(form));
  form.querySelector(".draft")?.remove();
}

/** Put what was being written back, and say so. @param {HTMLFormElement} form */
function restore(form) {
  const kept = form.dataset.draft && localStorage.getItem(place(form));
  if (!kept || form.querySelector(".draft")) return;
  const { values } = JSON.parse(kept);
  const now = fields(form).filter(({ type }) => type !== "password" && type !== "file" && type !== "hidden");
  values.forEach((/** @type {[string, any]} */ [name, value], /** @type {number} */ n) => {
    const control = now[n]?.name === name ? now[n] : undefined;
    if (control instanceof HTMLInputElement && /checkbox|radio/.test(control.type)) control.checked = value;
    else if (control) control.value = value;
  });
  const note = document.createElement("p");
  note.className = "notice warn draft";
  note.setAttribute("role", "status");
  note.append(words("js.draft.kept"), " ");
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "plain";
  discard.textContent = words("js.draft.discard");
  discard.addEventListener("click", () => {
    forget(form);
    form.reset();
  });
  note.append(discard);
  form.prepend(note);
  form.closest("details")?.setAttribute("open", "");
}

// ---------------------------------------------------------------- filters

/** @type {ReturnType<typeof setTimeout> | undefined} */
let filtering;

/** Show what a form with `data-filter` asks for, as one types: it becomes the page's address. @param {HTMLFormElement} form */
function filter(form) {
  clearTimeout(filtering);
  filtering = setTimeout(() => {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && value) asked.append(name, value);
    const query = `${asked}`;
    history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
    look({ afresh: true });
  }, 60);
}

// ---------------------------------------------------------------- for the whole page

export function install() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.send) {
      event.preventDefault();
      submit(form, event.submitter);
    } else if (form.hasAttribute("data-filter")) {
      event.preventDefault();
      filter(form);
    }
  });
  document.addEventListener("input", (event) => {
    const form = /** @type {Control} */ (event.target).form;
    if (form?.hasAttribute("data-filter")) filter(form);
    else if (form) keep(form);
  });
  document.addEventListener("click", (event) => {
    const opener = /** @type {Element} */ (event.target).closest("[data-open]");
    const dialog = opener && document.getElementById(opener.getAttribute("data-open") ?? "");
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
    const closer = /** @type {Element} */ (event.target).closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
  });
  const restoreAll = () => document.querySelectorAll("form[data-draft]").forEach((form) => restore(/** @type {HTMLFormElement} */ (form)));
  document.addEventListener("danpa:looked", restoreAll);
  restoreAll();
}
