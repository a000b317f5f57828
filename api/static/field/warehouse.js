// The warehouse's page: what is scanned goes out, comes in or comes back, as one EPCIS event each.

import { eventOf, takenBack } from "./epcis.js";
import { glnOf, unitOf } from "./epc.js";
import { ed25519 } from "./ed25519.js";
import { Page, by, element, say } from "./page.js";
import { verify } from "./verify.js";

const SAME_STEP_MS = 12 * 3600_000;
const verifies = ed25519(crypto.subtle, () => import("/static/vendor/noble/index.js"));

const stepNow = () => document.querySelector("input[name=step]:checked").value;

function isGln(text) {
  return page.dictionary.allows("414", text);
}

/** Why scans cannot be noted yet, or null. */
async function missing(step, other) {
  if (!(await page.notebook.setting("place"))) return say("place_missing");
  if (step === "shipping" && !other) return say("other_missing");
  if (other && !isGln(other)) return say("gln_wrong", { text: other });
  return null;
}

/** The last note of this unit, if it is the same step on the same way and nobody took it back. */
async function alreadyNoted(epc, step, other) {
  const notes = await page.notebook.newest(1000);
  const last = notes.find((note) => note.shown.epc === epc && note.state !== "refused");
  if (!last || last.shown.back || Date.now() - Date.parse(last.noted_at) > SAME_STEP_MS) return null;
  return last.shown.step === step && last.shown.other === other ? last : null;
}

/** A signature that does not hold is said, though goods that move are noted all the same. */
async function doubt(text) {
  if (!page.keys || !text.includes("TW=")) return null;
  const found = await verify(text, page.keys.keys, page.dictionary, await verifies);
  return ["invalid", "unknown-key"].includes(found.signature) ? say("doubt") : null;
}

async function onRead(text) {
  const step = stepNow();
  const gln = glnOf(text, page.dictionary);
  if (gln) {
    by("other").value = gln;
    await rememberOther();
    return page.show("note", by("other-label").textContent, gln);
  }
  const other = by("other").value.trim();
  const problem = await missing(step, other);
  if (problem) return page.show("caution", problem);
  const unit = unitOf(text, page.dictionary);
  if (!unit) return page.show("warning", say("no_unit"), say("no_unit_more", { text: text.slice(0, 200) }));
  if (await alreadyNoted(unit.epc, step, other)) {
    return page.show("note", say("noted_already"), unit.label);
  }
  const id = crypto.randomUUID();
  const [place, party] = [await page.notebook.setting("place"), await page.notebook.setting("party")];
  const event = eventOf({ step, epc: unit.epc, place, party: party || place, other, id, at: new Date() });
  await page.note(event.eventID, { event }, { ...unit, step, other });
  const doubtful = await doubt(text);
  page.show(doubtful ? "caution" : "ok", say(`noted_${step}`), `${unit.label} ${doubtful ?? ""}`);
  return undefined;
}

async function takeBack(note) {
  const event = takenBack(note.event.event, new Date());
  await page.note(`${event.eventID}#error`, { event }, { ...note.shown, back: event.eventID });
}

/** A button that takes a note back, where that was not done yet. */
function actionOf(note) {
  if (note.shown.back || note.state === "refused" || page.back.has(note.event.event.eventID)) return null;
  const button = element("button", "quiet", say("take_back"));
  button.type = "button";
  button.addEventListener("click", async () => {
    if (!confirm(say("take_back_sure", { label: note.shown.label }))) return;
    await takeBack(note);
  });
  return button;
}

class WarehousePage extends Page {
  back = new Set();

  async draw() {
    const notes = await this.notebook.newest(1000);
    this.back = new Set(notes.map((note) => note.shown.back).filter(Boolean));
    await super.draw();
  }
}

const page = new WarehousePage({
  name: "warehouse",
  path: "/v1/item-events",
  onRead,
  line: ({ shown }) => [
    say(shown.back ? "taken_back" : `step_${shown.step}`),
    shown.other && !shown.back ? `${shown.label} → ${shown.other}` : shown.label,
  ],
});
page.actionOf = actionOf;
page.problemOf = (name, value) => {
  if (name === "place" && !value) return say("place_missing");
  return ["place", "party"].includes(name) && value && !isGln(value)
    ? say("gln_wrong", { text: value })
    : null;
};

function rememberOther() {
  return page.notebook.set(`other.${stepNow()}`, by("other").value.trim());
}

async function showStep() {
  const step = stepNow();
  by("other-label").textContent = say(step === "shipping" ? "other_receiver" : "other_sender");
  by("other").value = (await page.notebook.setting(`other.${step}`)) ?? "";
  await page.notebook.set("step", step);
}

for (const radio of document.querySelectorAll("input[name=step]")) {
  radio.addEventListener("change", showStep);
}
by("other").addEventListener("input", () => {
  // At once, since what is scanned next is no part of the GLN.
  if (by("other").value.length === 13) by("other").blur();
  rememberOther();
});
by("other").addEventListener("keydown", (event) => {
  if (event.key === "Enter") by("other").blur();
});
page.start().then(async () => {
  const step = await page.notebook.setting("step");
  if (step) document.querySelector(`input[value=${step}]`).checked = true;
  await showStep();
});
