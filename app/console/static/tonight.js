// @ts-check
// The night: countdowns that tick, the timeline's hand and its keys, cards that unfold, feeds that are tried, and levels of
// what one listens to.

import { Problem, send } from "./api.js";
import { explained } from "./forms.js";
import { look, lookSoon } from "./live.js";
import { serverNow } from "./shell.js";
import { tellFailure } from "./telling.js";
import { words } from "./words.js";

// ---------------------------------------------------------------- what ticks

/** A length of time as a clock shows it: 1:02:03, and 4:05 below an hour. @param {number} ms */
function clockText(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600)];
  const two = (/** @type {number} */ number) => `${number}`.padStart(2, "0");
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (days >= 2) return words("tonight.js.days", { days, time: `${hours % 24}:${rest}` });
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

/** @param {HTMLElement} left @param {number} now @returns {boolean} whether it has just come to its end */
function tickLeft(left, now) {
  const ms = Date.parse(left.dataset.until ?? "") - now;
  const text = words(ms > 0 ? "tonight.js.left" : "tonight.js.past", { time: clockText(ms) });
  if (left.textContent !== text) left.textContent = text;
  const was = left.classList.contains("past");
  left.classList.toggle("past", ms <= 0);
  return ms <= 0 && !was;
}

function tick() {
  const now = serverNow();
  let over = false;
  for (const left of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-until]"))) {
    over = tickLeft(left, now) || over;
  }
  for (const bar of /** @type {NodeListOf<HTMLProgressElement>} */ (document.querySelectorAll("progress[data-begin]"))) {
    bar.value = Math.max(0, (now - Date.parse(bar.dataset.begin ?? "")) / 1000);
  }
  moveHand(now);
  if (over) lookSoon();
}

// ---------------------------------------------------------------- the timeline

const track = () => document.getElementById("timeline-track");

/** Where an instant lies on the drawing. @param {number} at @returns {number | undefined} */
function across(at) {
  const { start, hour } = document.getElementById("timeline-drawing")?.dataset ?? {};
  return start === undefined ? undefined : ((at - Date.parse(start)) / 3_600_000) * Number(hour);
}

/** @param {number} now */
function moveHand(now) {
  document.getElementById("timeline-now")?.setAttribute("transform", `translate(${across(now)?.toFixed(1)} 0)`);
}

/** Begin a little before now, not at noon. */
function showNow() {
  const at = document.getElementById("timeline-now") && across(serverNow());
  const window = track();
  if (at && window) window.scrollLeft = at - window.clientWidth / 3;
}

const bars = () => /** @type {SVGAElement[]} */ ([...document.querySelectorAll("#timeline-drawing a.bar")]);

/** One stop for the tab key: from there arrows lead on. @param {SVGAElement} [stop] */
function setStop(stop) {
  const all = bars();
  const known = stop ?? all.find((bar) => bar.contains(document.activeElement)) ?? all.find((bar) => bar.matches(".live")) ?? all[0];
  for (const bar of all) bar.setAttribute("tabindex", bar === known ? "0" : "-1");
}

/** The bar that an arrow leads to: the next in time on its frequency, or the nearest one of the next frequency. @param {SVGAElement} from @param {string} key */
function neighbour(from, key) {
  const box = from.getBBox();
  const others = bars().filter((bar) => bar !== from).map((bar) => ({ bar, box: bar.getBBox() }));
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const ahead = others.filter(({ box: { x, y } }) => (sideways ? y === box.y && sign * (x - box.x) > 0 : sign * (y - box.y) > 0));
  const far = (/** @type {DOMRect} */ { x, y }) => (sideways ? Math.abs(x - box.x) : Math.abs(y - box.y) * 1e5 + Math.abs(x - box.x));
  return ahead.sort((one, two) => far(one.box) - far(two.box))[0]?.bar;
}

// ---------------------------------------------------------------- cards that unfold

/** Show an airing of this night with everything, and go to it; it stays so, for its number is in the address then. @param {HTMLAnchorElement | SVGAElement} link */
async function unfold(link) {
  const { hash } = new URL(link.getAttribute("href") ?? "", location.href);
  const here = new URL(location.href);
  const number = link.getAttribute("data-unfold") ?? "";
  if (!here.searchParams.getAll("open").includes(number)) here.searchParams.append("open", number);
  here.hash = hash;
  history.replaceState(history.state, "", here);
  if (document.querySelector(`#airing-${number}.folded`)) await look({ afresh: true });
  goTo(hash.slice(1));
}

/** @param {string} id */
function goTo(id) {
  const place = document.getElementById(id);
  if (!place) return;
  const folded = place.closest("details");
  if (folded) folded.open = true;
  const target = place instanceof HTMLFormElement ? place.querySelector("input") ?? place : place;
  target.focus({ preventScroll: true });
  place.scrollIntoView({ block: "start" });
}

/** @param {Element} link */
const isOfThisNight = (link) =>
  new URL(link.getAttribute("href") ?? "", location.href).searchParams.get("night") === document.querySelector(".night")?.getAttribute("data-night");

// ---------------------------------------------------------------- feeds that are tried

/** @param {boolean} good @param {string} text */
function notice(good, text) {
  const told = document.createElement("p");
  told.className = `notice ${good ? "good" : "bad"}`;
  told.textContent = text;
  return told;
}

/** Try a feed and say beside the button what each step found. @param {HTMLButtonElement} button */
async function tryFeed(button) {
  const place = button.closest("li")?.querySelector(".probed");
  if (!place) return;
  button.disabled = true;
  place.textContent = words("tonight.js.probing");
  try {
    const { data } = await send("POST", button.dataset.probe ?? "");
    const steps = document.createElement("ul");
    steps.lang = "en";
    for (const { name, ok, detail } of data.steps) {
      const step = document.createElement("li");
      step.textContent = `${ok === null ? "–" : ok ? "✓" : "✕"} ${name}: ${detail}`;
      steps.append(step);
    }
    place.replaceChildren(notice(data.ok, words(data.ok ? "tonight.js.probe.ok" : "tonight.js.probe.bad")), steps);
  } catch (error) {
    place.textContent = "";
    if (error instanceof Problem) place.append(notice(false, explained(error)));
    else tellFailure(error);
  } finally {
    button.disabled = false;
  }
}

// ---------------------------------------------------------------- for the whole page

document.addEventListener("click", (event) => {
  const pressed = /** @type {Element} */ (event.target);
  const link = /** @type {HTMLAnchorElement | SVGAElement | null} */ (pressed.closest("a[data-unfold]"));
  if (link && isOfThisNight(link) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    unfold(link);
  }
  const button = pressed.closest("button[data-probe]");
  if (button instanceof HTMLButtonElement) tryFeed(button);
});

document.addEventListener("keydown", (event) => {
  const from = /** @type {Element} */ (event.target).closest?.("#timeline-drawing a.bar");
  if (!(from instanceof SVGAElement) || !/^Arrow/.test(event.key)) return;
  event.preventDefault();
  const to = neighbour(from, event.key);
  if (!to) return;
  setStop(to);
  to.focus();
});

// What one listens to has its level shown; nothing of that is loaded before. Captured: these events do not bubble.
document.addEventListener(
  "play",
  async ({ target }) => {
    if (!(target instanceof HTMLAudioElement) || !target.hasAttribute("data-meter")) return;
    const { watch } = await import("./tonight_meter.js");
    watch(target);
  },
  true,
);

document.addEventListener("danpa:looked", () => {
  tick();
  setStop();
});
tick();
setStop();
showNow();
setInterval(() => {
  tick();
  if (document.querySelector("[data-level-of]")) import("./tonight_level.js").catch(() => {}); // behind the first view; off line it waits
}, 1000);
