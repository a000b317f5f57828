// What both pages share: words, the line that says what waits, the setup, and the ways of reading.

import { Dictionary } from "./digital-link.js";
import { Notebook } from "./notebook.js";
import { Sender } from "./sender.js";
import { loadKeys } from "./keys.js";
import { Camera } from "./camera.js";

const SHOWN = 60;
const DRAWN_EVERY_MS = 400;
const ACCESS_KEY = /^tw_[a-z2-7]+_[a-z2-7]+$/;
const words = JSON.parse(document.getElementById("words").textContent);

export const by = (id) => document.getElementById(id);

/** The text under `key` with its places filled. */
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Date and time as people here write them, short. */
export function moment(iso) {
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, options).format(new Date(iso));
}

export class Page {
  /** `name` is inspector or warehouse, `path` where its events go, `line(note)` draws one note. */
  constructor({ name, path, line, onRead }) {
    Object.assign(this, { name, path, line, onRead });
    this.keys = null;
  }

  async start() {
    // A worker that cannot be had, as in a private window, leaves a page that needs a connection.
    navigator.serviceWorker?.register("/field/sw.js", { scope: "/field/" }).catch(() => {});
    this.notebook = await Notebook.open(this.name);
    const answer = await fetch("/field/dictionary.json");
    this.dictionary = new Dictionary(await answer.json());
    this.sender = new Sender(this.notebook, this.path, (state) => this.#sendingIs(state));
    this.camera = new Camera(by("video"), (text) => this.#read(text));
    this.#listen();
    await this.#showSetup();
    await this.loadKeys();
    await this.draw();
    this.sender.start();
    document.body.dataset.ready = "yes";
  }

  #listen() {
    by("camera").addEventListener("click", () => this.#toggleCamera());
    by("send").addEventListener("click", () => this.sender.send());
    by("refresh").addEventListener("click", () => this.loadKeys());
    by("setup-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#saveSetup();
    });
    by("code-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = by("code").value.trim();
      by("code").value = "";
      if (text) this.#read(text);
    });
    // A scanner in keyboard mode types without asking where the cursor is.
    addEventListener("keydown", (event) => {
      const isWriting = document.activeElement?.matches("input[type=text]");
      if (!isWriting && event.key.length === 1 && !event.ctrlKey && !event.metaKey) by("code").focus();
    });
    for (const name of ["online", "offline"]) addEventListener(name, () => this.#drawStatus());
  }

  async #toggleCamera() {
    const camera = by("camera");
    if (this.camera.isOn) {
      this.camera.stop();
    } else {
      try {
        await this.camera.start();
      } catch (error) {
        this.show("caution", say(error.name === "NotAllowedError" ? "camera_denied" : "camera_none"));
      }
    }
    by("view").hidden = !this.camera.isOn;
    camera.textContent = say(this.camera.isOn ? "camera_stop" : "camera_start");
  }

  /** One at a time, in the order read. */
  #read(text) {
    this.reading = (this.reading ?? Promise.resolve())
      .then(() => (ACCESS_KEY.test(text) ? this.#takeKey(text) : this.onRead(text)))
      .catch((error) => this.show("warning", say("fault", { detail: error.message })));
    return this.reading;
  }

  // ---- keys of the brand

  async loadKeys() {
    this.keys = await loadKeys(this.notebook);
    by("keys").textContent = this.keys
      ? say(this.keys.isFresh ? "keys_fresh" : "keys_kept", { at: moment(this.keys.at) })
      : say("keys_none");
    by("keys").dataset.count = this.keys?.keys.size ?? 0;
  }

  // ---- setup

  async #showSetup() {
    for (const field of document.querySelectorAll("[data-setting]")) {
      field.value = (await this.notebook.setting(field.dataset.setting)) ?? "";
    }
    by("access-key").placeholder = (await this.notebook.setting("key")) ? say("key_is_set") : "";
    by("setup").open = !(await this.notebook.setting("key"));
  }

  async #saveSetup() {
    for (const field of document.querySelectorAll("[data-setting]")) {
      const problem = this.problemOf?.(field.dataset.setting, field.value.trim());
      if (problem) {
        this.#setupSays(problem);
        field.focus();
        return;
      }
    }
    for (const field of document.querySelectorAll("[data-setting]")) {
      await this.notebook.set(field.dataset.setting, field.value.trim());
    }
    const key = by("access-key").value.trim();
    by("access-key").value = "";
    if (key) await this.#takeKey(key);
    else this.#setupSays(say("setup_saved"));
    await this.afterSetup?.();
  }

  async #takeKey(key) {
    const found = ACCESS_KEY.test(key) ? await this.sender.tryKey(key) : "no";
    if (found === "no") {
      by("setup").open = true;
      this.#setupSays(say("key_wrong"));
      return;
    }
    await this.notebook.set("key", key);
    by("access-key").placeholder = say("key_is_set");
    this.#setupSays(say(found === "yes" ? "key_good" : "key_unchecked"));
    await this.sender.send();
  }

  #setupSays(text) {
    by("setup-told").textContent = text;
  }

  // ---- what was noted

  /** Note an event; resolves when it is kept on this device. `shown` is what the list says of it. */
  async note(identity, event, shown) {
    await this.notebook.keep({ identity, event, shown, noted_at: new Date().toISOString() });
    await this.draw();
    this.sender.send();
  }

  show(level, title, more = "") {
    const told = by("told");
    told.className = `verdict ${level}`;
    told.replaceChildren(element("h2", "", title), element("p", "", more));
    told.hidden = false;
    navigator.vibrate?.(level === "ok" ? 60 : [80, 60, 80]);
  }

  async draw() {
    this.drawnAt = Date.now();
    const notes = await this.notebook.newest(SHOWN);
    by("notes").replaceChildren(...notes.map((note) => this.#row(note)));
    by("notes-none").hidden = notes.length > 0;
    await this.#drawStatus();
  }

  #row(note) {
    const row = element("li", `note-${note.state}`);
    row.dataset.state = note.state;
    const [title, detail] = this.line(note);
    row.append(element("strong", "", title), element("span", "mono", detail));
    const state = element("span", "state", say(`state_${note.state}`));
    row.append(element("time", "soft", moment(note.noted_at)), state);
    if (note.problem) row.append(element("span", "soft problem", note.problem));
    const action = this.actionOf?.(note);
    if (action) row.append(action);
    return row;
  }

  async #sendingIs(state) {
    this.sendingState = state;
    // Thousands may be on their way: the list need not follow each.
    if (state === "sending" && Date.now() - this.drawnAt < DRAWN_EVERY_MS) return;
    await this.draw();
  }

  #statusWith(waiting) {
    if (!navigator.onLine) return "offline";
    if (waiting === 0) return "idle";
    // All was tried, and something was put off: its time lies ahead of the service's.
    return this.sendingState === "idle" ? "later" : (this.sendingState ?? "sending");
  }

  async #drawStatus() {
    const waiting = await this.notebook.count("waiting");
    const line = by("status");
    line.textContent = `${say(`status_${this.#statusWith(waiting)}`)} ${
      waiting ? say("waiting", { count: waiting }) : say("nothing_waits")
    }`;
    line.dataset.waiting = waiting;
    by("send").disabled = waiting === 0;
  }
}
