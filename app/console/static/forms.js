// @ts-check
// Forms that send what they hold to the API, say beside each field what is wrong with it, and lose nothing.
//
//   <form data-send="PUT /api/v1/sites/3" data-etag='"7"' data-then="/sites/{id}" data-draft="site-3">
//
// A field's name is its place in the body (`options.preroll_s`; `entries.0.khz` is in a list). What it holds goes as its kind
// says: numbers as numbers, a checkbox without a value as true or false, checkboxes with values as a list, `data-as="json"`,
// "list" (by commas), "number" or "kst" (a date and time in Korea) as such, and "none" not at all. An empty field is null, with
// `data-empty="text"` an empty text, with "omit" left out. With `data-changed-only` a form sends what somebody has changed and
// nothing else. Afterwards the page is renewed, or `data-then` is opened, with what the answer holds in its places. With
// `data-draft` what is being written is kept (drafts.js).

import { NoAnswer, Problem, send } from "./api.js";
import { forget, install as installDrafts, isChanged, keep } from "./drafts.js";
import { look, lookSoon } from "./live.js";
import { confirmed, tell, tellFailure } from "./telling.js";
import { problemWords, saidWords, words } from "./words.js";

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
  const isWhole = !form.hasAttribute("data-changed-only");
  for (const control of controls(form)) {
    if (!isWhole && !isChanged(control)) continue;
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
  if (control.dataset.as === "none") return undefined;
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    if (isListed(control)) return control.checked ? [control.value] : [];
    return control.checked;
  }
  if (control instanceof HTMLInputElement && control.type === "radio" && !control.checked) return undefined;
  const text = control.value;
  const { as = control.type, empty = "null" } = control.dataset;
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
  for (const { field, message } of problem.errors) {
    const shown = controls(form); // "lead_in" may be wrong as a whole: then it is told at its first field
    const control =
      shown.find(({ name }) => name === field || field.startsWith(`${name}.`)) ??
      shown.find(({ name }) => field && name.startsWith(`${field}.`));
    if (!control) {
      if (!problem.document.said) rest.push(field ? `${field}: ${message}` : message);
      continue;
    }
    const wrong = document.createElement("p");
    wrong.className = "wrong";
    wrong.id = `${control.id || control.name}-wrong`;
    wrong.textContent = problem.errors.length === 1 && problem.document.said ? saidWords(problem.document.said) : message;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", wrong.id);
    (control.closest(".field") ?? control.parentElement ?? form).append(wrong);
    first ??= control;
  }
  if (rest.length || !first) {
    const wrong = document.createElement("p");
    wrong.className = "notice bad form-wrong";
    wrong.setAttribute("role", "alert");
    wrong.textContent = explained(problem, rest.join("; "));
    if (problem.status === 412 && form.dataset.draft) wrong.append(" ", reloader());
    form.prepend(wrong);
  }
  first?.focus();
}

/** To see what somebody else has saved, with what one has written oneself over it: the draft is put back. */
function reloader() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words("js.see_theirs");
  button.addEventListener("click", () => location.reload());
  return button;
}

/** A refusal for people to read. @param {Problem} problem @param {string} [detail] instead of the document's own */
export const explained = (problem, detail) => problemWords(problem.document.type, detail || (problem.document.said ? saidWords(problem.document.said) : problem.message));

/** @param {HTMLFormElement} form */
function clearProblem(form) {
  for (const wrong of form.querySelectorAll(".wrong, .form-wrong")) wrong.remove();
  for (const control of fields(form)) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
}

/** Forms whose answer has not come yet. @type {WeakSet<HTMLFormElement>} */
const underWay = new WeakSet();

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function submit(form, submitter) {
  if (underWay.has(form)) return;
  const ask = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (ask && !(await confirmed(ask, submitter?.textContent ?? ""))) return;
  const [method, path] = (submitter?.dataset.send ?? form.dataset.send ?? "").split(" ");
  clearProblem(form);
  underWay.add(form);
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
    form.dataset.dirty = ""; // what is wrong with it stays beside its fields until it is put right
    if (error instanceof Problem) showProblem(form, error);
    else tellFailure(error instanceof NoAnswer && form.dataset.draft ? new Error(`${error.message} ${words("js.draft.safe")}`) : error);
  } finally {
    underWay.delete(form);
    if (submitter instanceof HTMLButtonElement) submitter.disabled = false;
  }
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
    else if (form?.dataset.send || form?.dataset.draft) keep(form);
  });
  document.addEventListener("click", (event) => {
    const opener = /** @type {Element} */ (event.target).closest("[data-open]");
    const dialog = opener && document.getElementById(opener.getAttribute("data-open") ?? "");
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
    const closer = /** @type {Element} */ (event.target).closest("[data-close]");
    const left = closer?.closest("dialog");
    left?.close();
    // Given up: it is the page's again. A draft waits for another time
    for (const form of left?.querySelectorAll("form[data-dirty]:not([data-draft])") ?? []) /** @type {HTMLFormElement} */ (form).reset();
  });
  installDrafts();
}
