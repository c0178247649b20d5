// @ts-check
// The live part of the page: clocks, what has changed, and buttons. Without it the page still shows everything.

import { morph } from "./morph.js";

const TOGETHER_MS = 400; // changes come in bursts: one look for all of them
const AGAIN_MS = 30_000; // countdowns, and an engine that has stopped sends no events

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** How far this computer's clock is from the server's, in milliseconds. */
let behindMs = 0;

function setClock() {
  const now = /** @type {HTMLElement} */ (document.querySelector("[data-now]")).dataset.now;
  behindMs = Date.parse(now ?? "") - Date.now();
}

function showClocks() {
  const now = new Date(Date.now() + behindMs);
  for (const clock of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-clock]"))) {
    const timeZone = clock.dataset.clock === "KST" ? "Asia/Seoul" : "UTC";
    clock.textContent = now.toLocaleTimeString("en-GB", { timeZone });
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let planned;
let looking = false;
let again = false;

/** Look again soon, however many ask for it. */
function lookSoon() {
  planned ??= setTimeout(() => {
    planned = undefined;
    look();
  }, TOGETHER_MS);
}

/** Fetch the page as it is now and change what differs. */
async function look() {
  if (document.hidden) return; // it looks when it is seen again
  again = looking;
  if (looking) return;
  looking = true;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.querySelector("[data-signed-out]")) return location.reload();
    morph(document.documentElement, fresh.documentElement);
    renewOffline(fresh);
    setClock();
    showClocks();
  } catch {
    element("offline").hidden = false;
  } finally {
    looking = false;
    if (again) lookSoon();
  }
}

/** The line that says since when the page is old: hidden, and ready with this moment's time. @param {Document} fresh */
function renewOffline(fresh) {
  const line = element("offline");
  line.hidden = true;
  line.replaceChildren(...document.importNode(fresh.getElementById("offline") ?? line, true).childNodes);
}

function listen() {
  const events = new EventSource("/api/v1/events");
  events.onmessage = lookSoon;
  events.onerror = () => {
    lookSoon();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
}

/** Settles the question that is being asked. @type {((yes: boolean) => void) | undefined} */
let settle;

/** Ask before something that cannot be taken back. @param {string} words @param {string} yes @returns {Promise<boolean>} */
function confirmed(words, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (element("confirm"));
  element("confirm-words").textContent = words;
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

/** @type {ReturnType<typeof setTimeout> | undefined} */
let telling;

/** @param {string} words */
function tell(words) {
  clearTimeout(telling);
  element("told").textContent = words;
  telling = setTimeout(() => (element("told").textContent = ""), 8000);
}

/** @param {HTMLButtonElement} button */
async function act(button) {
  const { action = "", method = "POST", confirm, then } = button.dataset;
  if (confirm && !(await confirmed(confirm, button.textContent ?? ""))) return;
  const told = element("told").dataset;
  button.disabled = true;
  try {
    const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
    const answer = await fetch(action, { method, headers: { "X-CSRF-Token": token } });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    if (then === "leave") return location.assign("/");
    tell(told.accepted ?? "");
    lookSoon();
  } catch (error) {
    tell((told.failed ?? "").replace("{detail}", () => /** @type {Error} */ (error).message));
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("button[data-action]");
  if (button instanceof HTMLButtonElement) act(button);
});
document.addEventListener("visibilitychange", () => look());

setClock();
setInterval(showClocks, 1000);
setInterval(look, AGAIN_MS);
listen();
