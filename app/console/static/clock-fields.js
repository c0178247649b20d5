// @ts-check
// The form of one element of a clock: every field that its type has, each with a hint.

import { RULES, groupsOf, isTouched } from "./clock-elements.js";
import { h } from "./dom.js";
import { picker } from "./find-segment.js";
import { wordOf, words } from "./words.js";

/** @typedef {import("./clock-elements.js").Element} Element */
/** @typedef {import("./clock-elements.js").Field} Field */
/** @typedef {import("./find-segment.js").Segment} Segment */
/** What the station has to choose from. @typedef {{ segments: Map<number, Segment>, people: [number, string][], series: string[], programmes: string[], kinds: string[], elastic: string[] }} Desk */
/** @typedef {(name: string, value: any) => void} Change */

/** @param {string} name */
const idOf = (name) => `clock-field-${name}`;

/** @param {string} name @param {string} type */
const labelOf = (name, type) => specific("programmes.js.field", name, type) ?? name;

/** A message for a field of this type, else for the field anywhere. @param {string} prefix @param {string} name @param {string} type @returns {string | null} */
function specific(prefix, name, type) {
  for (const key of [`${prefix}.${name}.${type}`, `${prefix}.${name}`]) {
    const text = words(key);
    if (text !== key) return text;
  }
  return null;
}

/** The form of an element. @param {Element} element @param {Desk} desk @param {Change} change */
export function elementForm(element, desk, change) {
  const form = h("form", { class: "form element-form", onsubmit: (/** @type {Event} */ event) => event.preventDefault() });
  form.append(h("p", { class: "quiet", text: words(`programmes.js.type.${element.type}.what`) }));
  for (const [group, fields] of groupsOf(element.type)) {
    const controls = fields.map((field) => control(field, element, desk, change));
    if (group === "own") form.append(...controls);
    else form.append(h("details", { open: isTouched(element, fields) }, h("summary", { text: words(`programmes.js.group.${group}`) }), h("div", { class: "form columns" }, ...controls)));
  }
  return form;
}

/** @param {Field} field @param {Element} element @param {Desk} desk @param {Change} change @returns {HTMLElement} */
function control(field, element, desk, change) {
  const { name, kind } = field;
  const value = element[name];
  const label = labelOf(name, element.type);
  const hint = specific("programmes.js.hint", name, element.type);
  switch (kind) {
    case "segment": {
      const found = picker(idOf(name), label, { segment: desk.segments.get(value), hint: hint ?? undefined });
      found.addEventListener("danpa:picked", (event) => {
        const segment = /** @type {CustomEvent<Segment | null>} */ (event).detail;
        if (segment) desk.segments.set(segment.id, segment);
        change(name, segment?.id ?? null);
      });
      return found;
    }
    case "check":
      return h("div", { class: "field" },
        h("label", { class: "check" }, h("input", { type: "checkbox", id: idOf(name), checked: value, "aria-describedby": hint ? `${idOf(name)}-hint` : null,
          onchange: (/** @type {any} */ event) => change(name, event.target.checked) }), ` ${label}`),
        hintLine(name, hint));
    case "kinds":
    case "elastic":
      return boxes(name, label, hint, kind === "elastic" ? desk.elastic : desk.kinds, "kind", value, change);
    case "parts":
      return boxes(name, label, hint, ["station", "date", "time", "frequencies", "next"], "programmes.js.part", value, change);
    case "rules":
      return rules(name, label, hint, value, change);
    default:
      return h("div", { class: "field" }, h("label", { for: idOf(name), text: label }), entry(field, value, hint, desk, change), hintLine(name, hint));
  }
}

/** @param {string} name @param {string | null} hint */
const hintLine = (name, hint) => hint && h("p", { class: "hint", id: `${idOf(name)}-hint`, text: hint });

/** A field in one line. @param {Field} field @param {any} value @param {string | null} hint @param {Desk} desk @param {Change} change */
function entry(field, value, hint, desk, change) {
  const { name, kind } = field;
  const common = { id: idOf(name), "aria-describedby": hint ? `${idOf(name)}-hint` : null };
  if (kind === "choice" || kind === "person" || kind === "code") {
    /** @type {[string, string][]} */
    const options =
      kind === "choice" ? (field.choices ?? []).map((one) => [one, words(`programmes.js.${name}.${one}`)])
      : kind === "person" ? [["", words("programmes.js.nobody")], ...desk.people.map(([id, person]) => /** @type {[string, string]} */ ([`${id}`, person]))]
      : [["", words("programmes.js.itself")], ...desk.programmes.map((code) => /** @type {[string, string]} */ ([code, code]))];
    const list = h("select", { ...common, onchange: () => change(name, kind === "person" ? Number(list.value) || null : list.value) }, ...options.map(([key, text]) => h("option", { value: key, text })));
    list.value = value ?? "";
    return list;
  }
  const isNumber = kind === "number";
  const input = h("input", {
    ...common, autocomplete: "off", type: isNumber ? "number" : "text", min: field.least, max: field.most, step: field.step,
    list: kind === "series" ? `${idOf(name)}-known` : null, value: kind === "tags" ? value.join(", ") : (value ?? ""),
    oninput: () => {
      const text = input.value.trim();
      const isWrong = isNumber && (!input.checkValidity() || (text === "" && field.empty !== null));
      input.setAttribute("aria-invalid", `${isWrong}`);
      if (isWrong) return; // what is not a number yet changes nothing
      if (kind === "tags") change(name, listOf(text));
      else change(name, text === "" ? (field.empty === null ? null : "") : isNumber ? Number(text) : text);
    },
  });
  if (kind !== "series") return input;
  return h("span", { class: "with-list" }, input, h("datalist", { id: `${idOf(name)}-known` }, ...desk.series.map((one) => h("option", { value: one }))));
}

/** @param {string} text */
const listOf = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);

/** Several of a few. What is chosen keeps the order of the choices. @param {string} name @param {string} label @param {string | null} hint @param {string[]} choices @param {string} prefix @param {string[]} value @param {Change} change */
function boxes(name, label, hint, choices, prefix, value, change) {
  /** @type {HTMLInputElement[]} */
  const inputs = choices.map((one) =>
    h("input", { type: "checkbox", value: one, checked: value.includes(one), onchange: () => change(name, inputs.filter((input) => input.checked).map((input) => input.value)) }),
  );
  return h("fieldset", { class: "field", id: idOf(name), tabindex: "-1" }, h("legend", { text: label }),
    h("div", { class: "days" }, ...inputs.map((input) => h("label", { class: "check" }, input, ` ${wordOf(prefix, input.value)}`))),
    hintLine(name, hint));
}

/** A list of rotation rules. @param {string} name @param {string} label @param {string | null} hint @param {Record<string, any>[]} value @param {Change} change */
function rules(name, label, hint, value, change) {
  let held = structuredClone(value);
  const rows = h("div", { class: "rules" });
  const told = () => change(name, structuredClone(held));
  const draw = () =>
    rows.replaceChildren(...held.map((rule, place) =>
      h("div", { class: "rule" }, ...ruleControls(name, rule, place, told),
        h("button", { type: "button", class: "plain", "aria-label": words("programmes.js.rule.remove", { name: label, number: place + 1 }), text: "✕",
          onclick: () => { held = held.filter((one) => one !== rule); told(); draw(); } }))));
  draw();
  return h("fieldset", { class: "field", id: idOf(name), tabindex: "-1" }, h("legend", { text: label }), rows,
    h("button", { type: "button", text: words("programmes.js.rule.add"), "aria-label": `${label}: ${words("programmes.js.rule.add")}`,
      onclick: () => { held.push({ ...RULES[name] }); told(); draw(); } }),
    hintLine(name, hint));
}

/** @param {string} list @param {Record<string, any>} rule @param {number} place @param {() => void} told @returns {HTMLElement[]} */
function ruleControls(list, rule, place, told) {
  const name = (/** @type {string} */ key) => `${words(`programmes.js.rule.${key}`)} ${place + 1}`;
  const value = h("input", { "aria-label": name("value"), placeholder: words("programmes.js.rule.any"), value: rule.value ?? "", oninput: () => { rule.value = value.value.trim() || null; told(); } });
  const of = choice(name("of"), ["item", "presenter", "tag"], "of", rule.of, (chosen) => {
    rule.of = chosen;
    value.disabled = chosen === "item"; // a rule of an item has no value
    if (value.disabled) rule.value = null;
    told();
  });
  value.disabled = rule.of === "item";
  const number = (/** @type {string} */ key, /** @type {() => string} */ field) => {
    const input = h("input", { type: "number", min: 1, max: 3660, "aria-label": name(key), value: rule[field()], oninput: () => { if (input.value && input.checkValidity()) { rule[field()] = Number(input.value); told(); } } });
    return input;
  };
  if (list === "spacings") return [of, value, number("minutes", () => "minutes")];
  if (list === "quotas") return [of, value, number("most", () => "most"), choice(name("per"), ["night", "week"], "per", rule.per, (chosen) => { rule.per = chosen; told(); })];
  const unit = () => (rule.airings === null || rule.airings === undefined ? "days" : "airings");
  return [of, value, number("rest", unit), choice(name("unit"), ["days", "airings"], "unit", unit(), (chosen) => {
    const count = rule[unit()];
    rule.days = rule.airings = null;
    rule[chosen] = chosen === "airings" ? Math.round(count) : count;
    told();
  })];
}

/** @param {string} label @param {string[]} options @param {string} prefix @param {string} value @param {(chosen: string) => void} chosen */
function choice(label, options, prefix, value, chosen) {
  const list = h("select", { "aria-label": label, onchange: () => chosen(list.value) }, ...options.map((one) => h("option", { value: one, text: words(`programmes.js.rule.${prefix}.${one}`) })));
  list.value = value;
  return list;
}
