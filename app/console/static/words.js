// @ts-check
// What scripts say, in the reader's language: the messages that came with the page.

/** @type {Record<string, string[]>} */
const messages = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

export const language = document.documentElement.lang;

/** Which of a language's plural forms, as gettext has them: one in Korean, two in English. @param {number} count */
const form = (count) => (language === "en" && count === 1 ? 0 : Infinity);

/**
 * A message with its places filled in; one that is not there is its key, so that it is seen.
 * @param {string} key @param {Record<string, string | number>} [places]
 */
export function words(key, places = {}) {
  const forms = messages[key] ?? [key];
  const text = forms[Math.min(form(Number(places.count)), forms.length - 1)];
  return text.replace(/\{(\w+)\}/g, (place, name) => `${places[name] ?? place}`);
}

/** The word for a state or a kind; a name that has none is shown as it is. @param {string} prefix @param {string} name */
export function wordOf(prefix, name) {
  const key = `${prefix}.${name}`;
  return key in messages ? words(key) : name;
}

/**
 * What is wrong: the reader's words for the kind of a problem document, and the document's own sentence.
 * @param {unknown} type of the document, as it is or only its last part @param {string} [detail]
 */
export function problemWords(type, detail = "") {
  const key = `problem.${`${type ?? ""}`.split(":").pop()}`;
  return [key in messages ? words(key) : "", detail].filter(Boolean).join(" — ");
}

/** An instant in both zones, the reader's own first. @param {string | number | Date} at @param {{ seconds?: boolean }} [how] */
export function time(at, { seconds = false } = {}) {
  const zones = language === "ko" ? ["Asia/Seoul", "UTC"] : ["UTC", "Asia/Seoul"];
  const [first, second] = zones.map((timeZone) => {
    const text = new Date(at).toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
    return `${text} ${timeZone === "UTC" ? "UTC" : "KST"}`;
  });
  return `${first} (${second})`;
}

/** Seconds as producers write them: 3:10, with tenths where they are asked for. @param {number} seconds @param {number} [digits] */
export function length(seconds, digits = 0) {
  const unit = 10 ** digits;
  const whole = Math.round(seconds * unit);
  const minutes = Math.floor(whole / (60 * unit));
  const rest = ((whole - minutes * 60 * unit) / unit).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}

const RATE = 48_000;

/** A length in samples as the compiler tells it: cut off after tenths, below a second in hundredths. @param {number} samples */
export function lengthOf(samples) {
  const hundredths = Math.floor((samples * 100) / RATE);
  if (samples < RATE) return hundredths || !samples ? `${(hundredths / 100).toFixed(2)} s` : "less than 0.01 s";
  const tenths = Math.floor(hundredths / 10);
  const [hours, minutes, rest] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, tenths % 600];
  const seconds = (rest / 10).toFixed(rest % 10 ? 1 : 0).padStart(rest % 10 ? 4 : 2, "0");
  return hours ? `${hours}:${`${minutes}`.padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** What the compiler says, as it is in JSON; a bare sentence where it was said before there were codes. @typedef {{ code: string, text: string, values: Record<string, any> } | string} Said */

/**
 * What the compiler says, in the reader's language; what has no code, or one without words, as it was said in English.
 * `titles`: of segments that it names by their numbers.
 * @param {Said} said @param {Map<number, { title: string }>} [titles]
 * @returns {string}
 */
export function saidWords(said, titles) {
  if (typeof said === "string") return said;
  const key = `said.${said.code}`;
  if (!isTold(said)) return said.text;
  return words(key, Object.fromEntries(Object.entries(said.values).map(([name, value]) => [name, valueWords(name, value, titles)])));
}

/** Whether the reader's language has words for it. @param {Said} said */
export const isTold = (said) => typeof said !== "string" && said.code !== "" && `said.${said.code}` in messages;

/** Values that are names of ours, by how they are called: what their words begin with. As in words.py. @type {Record<string, string>} */
const NAMED_VALUES = { kind: "kind", kinds: "kind", field: "programmes.js.field", element: "programmes.js.type" };

/**
 * A value of what is said, as its name says what it is.
 * @param {string} name @param {any} value @param {Map<number, { title: string }>} [titles]
 * @returns {string}
 */
function valueWords(name, value, titles) {
  if (Array.isArray(value)) return value.map((one) => valueWords(name, one, titles)).join(value.some((one) => typeof one === "object") ? "; " : ", ");
  if (typeof value === "object") return saidWords(value, titles);
  if (name === "segment_id" && titles?.has(value)) return `${value} “${titles.get(value)?.title}”`;
  if (name.endsWith("_samples")) return lengthOf(value);
  if (name.endsWith("_at")) return `${day(value)} ${time(value)}`;
  if (name.endsWith("_time")) return time(value, { seconds: true });
  return NAMED_VALUES[name] ? wordOf(NAMED_VALUES[name], value) : `${value}`;
}

/** The date of an instant in the reader's zone, in numbers. @param {string} at */
const day = (at) => new Date(at).toLocaleDateString("sv-SE", { timeZone: language === "ko" ? "Asia/Seoul" : "UTC" });
