// @ts-check
// What an element of a clock reads like, in a few words.

import { length, wordOf, words } from "./words.js";

/** @typedef {import("./clock-elements.js").Element} Element */
/** @typedef {import("./find-segment.js").Segment} Segment */

/** @param {string} type */
export const typeName = (type) => words(`programmes.js.type.${type}`);

/** @param {string[]} kinds */
const kindNames = (kinds) => kinds.map((kind) => wordOf("kind", kind)).join(", ");

/** What it is in particular. @param {Element} element @param {Map<number, Segment>} segments @returns {string} */
export function summary(element, segments) {
  switch (element.type) {
    case "fixed":
      return element.segment_id ? (segments.get(element.segment_id)?.title ?? `#${element.segment_id}`) : words("programmes.js.no_segment");
    case "pick":
      return [kindNames(element.kinds), ...element.tags.map((/** @type {string} */ tag) => `#${tag}`), element.count > 1 ? `×${element.count}` : ""].filter(Boolean).join(" ");
    case "awaited":
      return [element.name, element.due].filter(Boolean).join(" · ");
    case "next_episode":
      return element.series;
    case "repeat":
      return element.programme || words("programmes.js.itself");
    case "spoken":
      return element.template.map((/** @type {string} */ part) => words(`programmes.js.part.${part}`)).join(", ");
    case "announcement":
      return element.tags.join(", ");
    case "interval_signal":
      return length(element.seconds);
    case "fill":
      return kindNames(element.kinds);
    default:
      return "";
  }
}

/** Its place and name, as it is said to who cannot see it. @param {Element} element @param {number} place @param {Map<number, Segment>} segments */
export const spokenName = (element, place, segments) =>
  [`${place + 1}.`, element.label || typeName(element.type), element.label ? typeName(element.type) : "", summary(element, segments)].filter(Boolean).join(" ");
