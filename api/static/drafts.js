// Words of a step that was refused come back into their form, so that nobody writes them twice.
"use strict";
(() => {
  const key = `draft:${location.pathname}`;
  const meant = (form) => form.elements.step?.value ?? "";

  const kept = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (kept && document.querySelector(".problem[role=alert]")) {
    const { action, step, text } = JSON.parse(kept);
    const form = [...document.forms].find((one) => one.action === action && meant(one) === step);
    if (form?.elements.text) {
      form.elements.text.value = text;
      form.closest("details")?.setAttribute("open", "");
    }
  }
  document.addEventListener("submit", ({ target: form }) => {
    const text = form.elements.text?.value;
    if (text) sessionStorage.setItem(key, JSON.stringify({ action: form.action, step: meant(form), text }));
  });
})();
