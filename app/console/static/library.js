// @ts-check
// The library's list, which goes on as one scrolls, and the small player in its rows.
//
// The server sends the first stretch of rows with the page; what comes after it is asked for stretch by stretch. A stretch
// is all that lies between two ids, newest first, so it is the same whatever comes in above it: the list is renewed in place
// and nothing that was scrolled to is lost. Stretches far from the window are emptied and keep their height.

import { attempt } from "./api.js";
import { morph } from "./morph.js";
import { tell } from "./telling.js";
import { words } from "./words.js";

const NEAR = "1600px 0px"; // some screens above and below

/** @typedef {{ element: HTMLElement, before: number, last: number, isFilled: boolean }} Stretch */

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Stretches after the first, in their order. @type {Stretch[]} */
let stretches = [];
let shownSearch = location.search;
let loading = new AbortController();
/** Whether the next stretch is being asked for. */
let isGoingOn = false;

const first = () => document.getElementById("first-stretch");

/** @param {HTMLElement | null | undefined} list */
const lastId = (list) => Number(list?.dataset.last ?? 0);

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const stretch = stretches.find((one) => one.element === target);
      if (!stretch || isIntersecting === stretch.isFilled) continue;
      if (isIntersecting) renew(stretch);
      else clear(stretch);
    }
  },
  { rootMargin: NEAR },
);

const end = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && goOn(), { rootMargin: NEAR });

/** @param {Record<string, number>} bounds @returns {Promise<HTMLElement | null>} the rows; null where they are not wanted any more */
async function rows(bounds) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(bounds)) asked.set(name, `${value}`);
  const mine = loading;
  try {
    const answer = await attempt("GET", `/library/rows?${asked}`, { signal: mine.signal });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    return mine.signal.aborted ? null : fresh.querySelector("ol.stretch");
  } catch {
    return null; // the shell says that the connection is gone; the next look or scroll asks again
  }
}

/** Show the next stretch, if the end of what is shown is near. */
async function goOn() {
  const before = stretches.at(-1);
  const goesOn = before ? before.element.hasAttribute("data-goes-on") : first()?.hasAttribute("data-goes-on");
  if (isGoingOn || !goesOn) return;
  isGoingOn = true;
  const beforeId = before?.last ?? lastId(first());
  const list = await rows({ before_id: beforeId, begins: placeAfter(before) });
  isGoingOn = false;
  if (!list?.firstElementChild) return;
  const made = document.importNode(list, true);
  element("more").append(made);
  stretches.push({ element: made, before: beforeId, last: lastId(made), isFilled: true });
  near.observe(made);
  end.unobserve(element("list-end")); // observing anew tells again whether it is still near
  end.observe(element("list-end"));
}

/** @param {Stretch | undefined} stretch */
function placeAfter(stretch) {
  const list = /** @type {HTMLOListElement} */ (stretch?.element ?? first());
  return list.start + Number(list.dataset.rows ?? list.childElementCount);
}

/** @param {Stretch} stretch */
function clear(stretch) {
  const { element: list } = stretch;
  list.dataset.rows = `${list.childElementCount}`;
  list.style.height = `${list.offsetHeight}px`;
  list.replaceChildren();
  stretch.isFilled = false;
}

/** Ask for a stretch's rows as they are now. @param {Stretch} stretch */
async function renew(stretch) {
  stretch.isFilled = true;
  const { before, last, element: list } = stretch;
  const place = stretches.indexOf(stretch);
  const begins = placeAfter(stretches[place - 1]);
  const fresh = await rows({ before_id: before, down_to_id: last, begins });
  if (!fresh || !stretches.includes(stretch) || !stretch.isFilled) {
    if (!fresh && !list.childElementCount) stretch.isFilled = false;
    return;
  }
  const isCut = fresh.hasAttribute("data-goes-on"); // more has come into it than one stretch may hold
  if (isCut) stretch.last = lastId(fresh);
  if (isCut || stretch !== stretches.at(-1) || list.hasAttribute("data-goes-on")) fresh.setAttribute("data-goes-on", "");
  morph(list, fresh);
  list.removeAttribute("style");
  if (isCut) stretches.splice(place + 1).forEach(drop);
  markPlaying();
}

/** @param {Stretch} stretch */
function drop({ element: list }) {
  near.unobserve(list);
  list.remove();
}

/** The page was renewed: other filters begin the list anew, and of the same list what is shown is renewed too. */
function looked() {
  markPlaying();
  if (location.search !== shownSearch) {
    shownSearch = location.search;
    loading.abort();
    loading = new AbortController();
    stretches.splice(0).forEach(drop);
  }
  // Rows may have left the first stretch or come into it: the second begins where it ends now
  const ends = lastId(first());
  while (stretches.length && stretches[0].last >= ends) drop(/** @type {Stretch} */ (stretches.shift()));
  if (stretches.length) stretches[0].before = ends;
  for (const stretch of stretches) if (stretch.isFilled) renew(stretch);
  end.unobserve(element("list-end"));
  end.observe(element("list-end"));
}

// ---------------------------------------------------------------- listening

const audio = new Audio();
/** The segment that is heard. */
let playing = "";

/** @param {HTMLElement} button */
function play(button) {
  const wanted = button.dataset.play ?? "";
  if (playing === wanted) {
    playing = "";
    audio.pause();
  } else {
    playing = wanted;
    audio.src = `/api/v1/segments/${wanted}/audio`;
    audio.play().catch(() => {
      if (playing !== wanted) return; // another one was chosen meanwhile
      stopped();
      tell(words("library.js.cannot_play"), { bad: true });
    });
  }
  markPlaying();
}

function stopped() {
  playing = "";
  markPlaying();
}

function markPlaying() {
  for (const button of document.querySelectorAll("[data-play]")) {
    const isPlaying = /** @type {HTMLElement} */ (button).dataset.play === playing;
    if ((button.getAttribute("aria-pressed") === "true") !== isPlaying) button.setAttribute("aria-pressed", `${isPlaying}`);
  }
}

audio.addEventListener("ended", stopped);
document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-play]");
  if (button) play(/** @type {HTMLElement} */ (button));
});
document.addEventListener("danpa:looked", looked);
if (document.getElementById("list-end")) end.observe(element("list-end"));
