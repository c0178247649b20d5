// @ts-check
// A segment's page: its sound, its edits, its notes at their places, and what sounds like it.

import { get } from "./api.js";
import { isTyping } from "./dom.js";
import { placeNotes } from "./note-places.js";
import { tellFailure } from "./telling.js";
import { time, words } from "./words.js";

/** @typedef {import("./listening.js").SegmentOf} SegmentOf */

/** @returns {SegmentOf} */
const read = () => JSON.parse(document.getElementById("segment")?.textContent ?? "{}");

/** @type {import("./cutting.js").Cutting | undefined} */
let cutting;

async function begin() {
  if (!document.getElementById("wave")) return; // it is still being measured
  // The sound comes a little behind the page: its details can be written and decided on meanwhile
  const [{ Cutting }, { Listening }] = await Promise.all([import("./cutting.js"), import("./listening.js")]);
  const segment = read();
  cutting ??= new Cutting(segment, (edits) => new Listening(segment, edits));
}

placeNotes(() => cutting?.listening);
document.addEventListener("danpa:looked", () => (cutting ? cutting.renew(read()) : begin().catch(tellFailure)));
begin().catch(tellFailure);

// ---------------------------------------------------------------- keys

document.addEventListener("keydown", (event) => {
  if (!cutting || event.defaultPrevented || isTyping(event.target)) return;
  if (event.key === " " && event.target instanceof Element && event.target.closest("button, a, summary, input")) return;
  if (act(event)) event.preventDefault();
});

/** @param {KeyboardEvent} event @returns {boolean} whether it did something */
function act(event) {
  const { key, ctrlKey, metaKey, shiftKey } = event;
  if (!cutting) return false;
  if ((ctrlKey || metaKey) && /^[zy]$/i.test(key)) {
    cutting.step(shiftKey || /y/i.test(key) ? 1 : -1);
    return true;
  }
  if (ctrlKey || metaKey) return false;
  if (/^b$/i.test(key)) cutting.listening.swap();
  else if (key === "Delete" && cutting.listening.wave.chosen) cutting.do("remove");
  else if (" []".includes(key) || /^j$/i.test(key)) return cutting.listening.wave.key(event);
  else return false;
  return true;
}

// ---------------------------------------------------------------- notes and cuts that are heard from elsewhere on the page

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-hear-cut]"));
  if (!button || !cutting) return;
  const { listening } = cutting;
  const cut = Number(button.dataset.hearCut);
  const at = button.dataset.hearAt === undefined ? 0 : Number(button.dataset.hearAt);
  const isWhole = listening.segment.cuts.find(({ number }) => number === cut)?.whole ?? true;
  const isThere = listening.segment.cuts.some(({ number, state }) => number === cut && state === "ready");
  if (isWhole || isThere) listening.show(isWhole ? 0 : cut, at);
  else listening.show(0, listening.inRecording(at, cut)); // its sound was let go of: the recording has the place
  listening.wave.play();
  document.getElementById("listen")?.scrollIntoView({ block: "start" });
});

// ---------------------------------------------------------------- what is looked up when somebody asks

document.addEventListener("toggle", async ({ target }) => {
  if (!(target instanceof HTMLDetailsElement) || target.id !== "alike" || !target.open) return;
  const { showAlike } = await import("./alike.js");
  showAlike(read(), () => cutting?.listening.wave.player.pause());
}, { capture: true });

document.addEventListener("click", async ({ target }) => {
  const list = document.getElementById("recall-places");
  if (!list || !(/** @type {Element} */ (target).closest("#recall-open"))) return;
  try {
    const { items } = await get(`/api/v1/segments/${read().id}/whereabouts`);
    list.replaceChildren(
      ...items.filter((/** @type {any} */ one) => one.fate !== "aired" && one.feed_name).map((/** @type {any} */ one) => {
        const row = document.createElement("li");
        row.textContent = words(`segments.js.place.${one.fate}`, { feed: one.feed_name, time: time(one.starts_at) });
        return row;
      }),
    );
  } catch (error) {
    tellFailure(error);
  }
});
