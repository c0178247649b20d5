// @ts-check
// How pages speak with the API. A session that has ended is renewed in place, and what was being sent goes on.

import { words } from "./words.js";

/** What the API refused, in its words: a problem document (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} document */
  constructor(status, document) {
    super(document.detail ?? document.title ?? `${status}`);
    this.status = status;
    /** Each field that is wrong and why. @type {{ field: string, message: string }[]} */
    this.errors = document.errors ?? [];
    this.document = document;
  }
}

/** Nothing came back: it may have been done or not. */
export class NoAnswer extends Error {
  constructor() {
    super(words("js.no_answer"));
  }
}

/** @typedef {{ data: any, etag: string | null, status: number, headers: Headers }} Answer */

/**
 * Ask the API. A `body` that is a plain value goes as JSON, a Blob or FormData as it is.
 * @param {string} method @param {string} path
 * @param {{ body?: any, etag?: string | null, headers?: Record<string, string>, signal?: AbortSignal, keepalive?: boolean }} [more]
 * @returns {Promise<Answer>}
 * @throws {Problem} the API refused
 * @throws {Error} no answer came, in the reader's words
 */
export async function send(method, path, more = {}) {
  const { key, call } = repeatable(method, path, more);
  const headers = key ? { "Idempotency-Key": key } : more.headers;
  const answer = await attempt(method, path, { ...more, headers });
  unanswered.delete(call);
  if (answer.status === 401 && (await signInAgain())) return send(method, path, more);
  const type = answer.headers.get("content-type") ?? "";
  // What has no content (204) is called JSON all the same
  const data = answer.status !== 204 && /\bjson\b/.test(type) ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Problem(answer.status, typeof data === "object" ? data : {});
  return { data, etag: answer.headers.get("etag"), status: answer.status, headers: answer.headers };
}

/** @param {string} path @param {{ signal?: AbortSignal }} [more] */
export const get = async (path, more) => (await send("GET", path, more)).data;

/** One request, with the page's token. @param {string} method @param {string} path @param {any} more @returns {Promise<Response>} */
export async function attempt(method, path, { body, etag, headers = {}, signal, keepalive }) {
  const isRaw = body === undefined || body instanceof Blob || body instanceof FormData || body instanceof ArrayBuffer;
  try {
    return await fetch(path, {
      method,
      signal,
      keepalive,
      body: isRaw ? body : JSON.stringify(body),
      headers: {
        ...(isRaw ? {} : { "Content-Type": "application/json" }),
        ...(etag ? { "If-Match": etag } : {}),
        "X-CSRF-Token": token(),
        ...headers,
      },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NoAnswer();
  }
}

const meta = () => document.querySelector('meta[name="csrf-token"]');

export const token = () => meta()?.getAttribute("content") ?? "";

/**
 * The key under which a creating call may be repeated: where no answer came, the same call again has the same one, and what it
 * creates is there once. @type {Map<string, string>}
 */
const unanswered = new Map();

/** Calls with headers of their own, such as uploads, have their own ways. @param {string} method @param {string} path @param {any} more */
function repeatable(method, path, { body, headers }) {
  if (method !== "POST" || headers) return { key: "", call: "" };
  const call = `${path} ${JSON.stringify(body)}`;
  const key = unanswered.get(call) ?? [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  unanswered.set(call, key);
  return { key, call };
}

/** @type {Promise<boolean> | undefined} */
let asking;

/** Ask for the key once, whoever else waits for it too. @returns {Promise<boolean>} whether there is a session now */
export function signInAgain() {
  asking ??= askForKey().finally(() => (asking = undefined));
  return asking;
}

/** @returns {Promise<boolean>} */
function askForKey() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("sign-in-again"));
  const key = /** @type {HTMLInputElement | null} */ (document.getElementById("sign-in-again-key"));
  const button = document.getElementById("sign-in-again-yes");
  if (!dialog || !key || !button) return Promise.resolve(false);
  const wrong = /** @type {HTMLElement} */ (document.getElementById("sign-in-again-wrong"));
  key.value = wrong.textContent = "";
  dialog.returnValue = "no";
  dialog.showModal();
  key.focus();
  return new Promise((resolve) => {
    const enter = async () => {
      const answer = await attempt("POST", "/api/v1/session", { body: { key: key.value.trim() } }).catch(() => null);
      if (!answer?.ok) {
        wrong.textContent = answer ? (await answer.json()).detail : words("js.no_answer");
        return;
      }
      const session = await answer.json();
      // What the one before began is not done in another's name; what they wrote stays with them
      if (`${session.person_id}` !== document.body.dataset.person) return location.reload();
      meta()?.setAttribute("content", session.csrf_token);
      dialog.close("yes");
    };
    button.onclick = enter;
    key.onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      enter();
    };
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}
