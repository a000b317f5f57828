// The list of cases by keyboard: j and k move, x chooses, Enter opens, / searches.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("#cases tbody tr")];
  const all = document.getElementById("all");
  const search = document.getElementById("q");
  let at = -1;

  const boxes = () => rows.map((row) => row.querySelector("input[name=case]")).filter(Boolean);
  const move = (by) => {
    if (!rows.length) return;
    at = Math.min(Math.max(at + by, 0), rows.length - 1);
    rows[at].querySelector("a.go").focus();
  };
  const typing = (target) => target.closest("input:not([type=checkbox]), select, textarea") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "x" && at >= 0) rows[at].querySelector("input[name=case]")?.click();
    else if (event.key === "/") search.focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("#cases tbody tr");
    if (row) at = rows.indexOf(row);
    for (const one of rows) one.classList.toggle("at", one === row);
  });
  all?.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; });
  // What narrows nothing stays out of the address, so that it can be read and sent.
  const narrow = document.getElementById("narrow");
  const idle = (field) => field.name === "state" && field.type === "hidden"
    ? narrow.querySelector("input[name=state]:checked") !== null
    : field.value === "" || (field === narrow.elements.sort && field.selectedIndex === 0);
  narrow?.addEventListener("submit", () => {
    for (const field of narrow.elements) if (field.name && idle(field)) field.disabled = true;
  });
  addEventListener("pageshow", () => { for (const field of narrow?.elements ?? []) field.disabled = false; });
  for (const choice of document.querySelectorAll("#narrow select, #narrow input[type=checkbox]"))
    choice.addEventListener("change", () => choice.form.requestSubmit());
})();
