// @ts-check
// Makes what is on the page like a fresh copy of it, touching only what differs: an audio that plays goes on, opened
// details stay open, and the focus stays where it is, because their elements are never replaced. A dialog that is open stays
// until it is closed, also where the page has none any more: what is being written in it is told what became of its subject.

/**
 * Make `old` like `fresh`. Elements with an id are matched by it, others by their place.
 * @param {Element} old
 * @param {Element} fresh
 */
export function morph(old, fresh) {
  if (old.hasAttribute("data-keep")) return;
  if (old instanceof HTMLAudioElement && !old.paused) return; // a new version is heard when this one has ended
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
}

/** @param {Element} old @param {Element} fresh */
function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isReaders(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isReaders(old, name)) old.setAttribute(name, value);
  }
}

/** What the reader set, not the server. @param {Element} element @param {string} name */
function isReaders(element, name) {
  return name === "open" && (element instanceof HTMLDetailsElement || element instanceof HTMLDialogElement);
}

/** @param {Element} old @param {Element} fresh */
function morphChildren(old, fresh) {
  const stay = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...old.children]) {
    if (child.id && !stay.has(child.id)) drop(child);
  }
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const match = findMatch(old, place, child);
    if (!match) {
      old.insertBefore(document.importNode(child, true), place);
      continue;
    }
    while (place && place !== match) place = drop(place);
    place = match.nextSibling;
    if (match instanceof Element) morph(match, /** @type {Element} */ (child));
    else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
  }
  while (place) place = drop(place);
}

/**
 * The node that becomes `child`: the one with its id, else the one at its place if that is of the same kind.
 * @param {Element} old @param {ChildNode | null} place @param {ChildNode} child @returns {ChildNode | null}
 */
function findMatch(old, place, child) {
  if (child instanceof Element && child.id) {
    for (let node = place; node; node = node.nextSibling) {
      if (node instanceof Element && node.id === child.id) return node.nodeName === child.nodeName ? node : null;
    }
    return null;
  }
  const isAlike = place && place.nodeName === child.nodeName && !(place instanceof Element && place.id);
  return isAlike ? place : null;
}

/** Remove a node, unless it is an open dialog, and return the one after it. @param {ChildNode} node @returns {ChildNode | null} */
function drop(node) {
  const next = node.nextSibling;
  if (!(node instanceof HTMLDialogElement && node.open)) node.remove();
  return next;
}
