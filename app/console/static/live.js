// @ts-check
// Keeps the page as the station is: it listens to what changes and looks again, touching only what differs.
//
// Other modules hear what comes on `document`: "danpa:event", "danpa:progress" and "danpa:batches", with what the server
// said as `detail`, and "danpa:looked" each time that the page was renewed.

import { signInAgain } from "./api.js";
import { morph } from "./morph.js";

const TOGETHER_MS = 400; // changes come in bursts: one look for all of them
const AGAIN_MS = 30_000; // pages that show everything: countdowns, and an engine that has stopped sends no events

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let planned;
/** @type {AbortController | undefined} */
let looking;
let again = false;

/** Look again soon, however many ask for it. */
export function lookSoon() {
  planned ??= setTimeout(() => {
    planned = undefined;
    look();
  }, TOGETHER_MS);
}

/**
 * Fetch the page as it is now and change what differs. With `afresh` a look that is under way is given up: the page's
 * address has changed since.
 * @param {{ afresh?: boolean }} [how]
 */
export async function look({ afresh = false } = {}) {
  if (document.hidden) return; // it looks when it is seen again
  if (looking && !afresh) {
    again = true;
    return;
  }
  looking?.abort();
  const mine = (looking = new AbortController());
  again = false;
  try {
    const answer = await fetch(location.href, { signal: mine.signal });
    if (answer.status === 404) return show("gone");
    if (!answer.ok) throw new Error(`${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine.signal.aborted) return;
    if (fresh.querySelector("[data-signed-out]")) return show("signed-out"); // what is being written stays
    if (!fresh.querySelector("main#content")) throw new Error("this is no page of ours");
    if (isAnother(fresh)) return location.reload();
    show(undefined);
    morph(document.documentElement, fresh.documentElement);
    renewOffline(fresh);
    document.dispatchEvent(new CustomEvent("danpa:looked"));
  } catch {
    if (!mine.signal.aborted) show("offline");
  } finally {
    if (looking === mine) {
      looking = undefined;
      if (again) lookSoon();
    }
  }
}

/** Why the page is as old as it is: one line at most. @param {"offline" | "signed-out" | "gone" | undefined} why */
function show(why) {
  for (const id of ["offline", "signed-out", "gone"]) element(id).hidden = id !== why;
}

/**
 * Whether this page has to be loaded anew: somebody else has signed in, or Danpa is a new version and nothing would be interrupted.
 * @param {Document} fresh
 */
function isAnother(fresh) {
  if (fresh.body.dataset.person !== document.body.dataset.person) return true;
  const [ours, theirs] = [document, fresh].map((page) => page.querySelector("script[src$='/shell.js']")?.getAttribute("src"));
  const isInUse = document.querySelector("[data-dirty], dialog[open]") || [...document.querySelectorAll("audio")].some(({ paused }) => !paused);
  return ours !== theirs && !isInUse;
}

/** The line that says since when the page is old: hidden, and ready with this moment's time. @param {Document} fresh */
function renewOffline(fresh) {
  const line = element("offline");
  line.hidden = true;
  line.replaceChildren(...document.importNode(fresh.getElementById("offline") ?? line, true).childNodes);
}

/** Whether an event is of what this page shows: its main element says which. @param {string} subject */
function concerns(subject) {
  return shown() === "all" || shown().split(" ").includes(subject);
}

const shown = () => document.querySelector("main")?.dataset.live ?? "all";

export function listen() {
  const events = new EventSource("/api/v1/events");
  events.onmessage = ({ data }) => {
    const detail = JSON.parse(data);
    document.dispatchEvent(new CustomEvent("danpa:event", { detail }));
    if (concerns(detail.subject)) lookSoon();
  };
  for (const name of ["progress", "batches"]) {
    events.addEventListener(name, ({ data }) => {
      document.dispatchEvent(new CustomEvent(`danpa:${name}`, { detail: JSON.parse(data) }));
    });
  }
  events.onerror = () => {
    if (shown() !== "none") lookSoon();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
  document.addEventListener("visibilitychange", () => shown() !== "none" && look());
  setInterval(() => shown() === "all" && look(), AGAIN_MS);
  element("sign-in-now").addEventListener("click", async () => (await signInAgain()) && look());
}
