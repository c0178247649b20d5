// @ts-check
// Of the feeds in a form only those of the chosen site are shown, and sent.

/**
 * @param {HTMLSelectElement} select whose values are sites
 * @param {string} [but] a site whose feeds are not asked for, since the line keeps them
 */
export function followSite(select, but) {
  const show = () => {
    for (const of of /** @type {NodeListOf<HTMLFieldSetElement>} */ (select.form?.querySelectorAll("[data-of-site]") ?? [])) {
      of.hidden = of.disabled = of.dataset.ofSite !== select.value || select.value === but;
    }
  };
  select.addEventListener("change", show);
  select.form?.addEventListener("reset", () => setTimeout(show));
  select.form?.addEventListener("danpa:restored", show);
  show();
}
