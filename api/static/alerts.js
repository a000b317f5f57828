// Keeps the list of alerts live: what changed comes as server-sent events, rendered by the server.
"use strict";
(() => {
  const lines = document.getElementById("lines");
  const state = document.getElementById("state");
  const none = document.getElementById("none");
  const most = Number(lines.dataset.most);
  const source = new EventSource(lines.dataset.stream);

  const tell = (which) => {
    state.textContent = state.dataset[which];
    state.classList.toggle("is-live", which === "live");
  };
  const drop = (id) => document.getElementById("alert-" + id)?.remove();
  const finish = () => {
    while (lines.children.length > most) lines.lastElementChild.remove();
    none.hidden = lines.children.length > 0;
  };
  const time = (line) => line.querySelector("time").getAttribute("datetime");

  source.addEventListener("open", () => tell("live"));
  source.addEventListener("error", () => tell("reconnecting"));
  source.addEventListener("alert", (event) => {
    const { id, html } = JSON.parse(event.data);
    const holder = document.createElement("template");
    holder.innerHTML = html.trim();
    const line = holder.content.firstElementChild;
    const had = document.getElementById("alert-" + id)?.contains(document.activeElement);
    drop(id);
    line.classList.add("is-new");
    const later = [...lines.children].find((other) => time(other) <= time(line));
    lines.insertBefore(line, later ?? null);
    if (had) line.querySelector("a").focus();
    finish();
  });
  source.addEventListener("gone", (event) => {
    drop(JSON.parse(event.data).id);
    finish();
  });
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.getElementById("rule").addEventListener("change", (event) => event.target.form.requestSubmit());
  for (const box of document.querySelectorAll(".chip input"))
    box.addEventListener("change", () => box.form.requestSubmit());
})();
