// Sends waiting notes one by one and believes nothing but an acknowledgement: a note that was sent
// twice, since its answer was lost, counts once by its event's id.

const TIMEOUT_MS = 20_000;
const EVERY_MS = 15_000;
/** A problem that time mends: the device's clock is ahead. */
const LATER = "/problems/event-from-future";

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

async function isAcknowledged(answer, count) {
  // A hotel's network answers 200 to everything.
  return answer.status === 202 && (await problemOf(answer)).accepted === count;
}

export class Sender {
  #notebook;
  #path;
  #tell;
  #again = false;

  /** `tell(state)` hears `sending`, `idle`, `offline`, `key` (no key, or it is not accepted). */
  constructor(notebook, path, tell) {
    this.#notebook = notebook;
    this.#path = path;
    this.#tell = tell;
  }

  start() {
    addEventListener("online", () => this.send());
    setInterval(() => this.send(), EVERY_MS);
    return this.send();
  }

  #post(key, events) {
    return fetch(this.#path, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify(events),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  /** Whether the service takes the key: `yes`, `no`, or `offline`. */
  async tryKey(key) {
    try {
      const answer = await this.#post(key, []);
      if (await isAcknowledged(answer, 0)) return "yes";
      return [401, 403].includes(answer.status) ? "no" : "offline";
    } catch {
      return "offline";
    }
  }

  /** Send what waits; one tab at a time, however many are open. */
  async send() {
    this.#again = true;
    const lock = `tracewarden-send-${this.#path}`;
    await navigator.locks.request(lock, { ifAvailable: true }, async (held) => {
      while (held && this.#again) {
        this.#again = false;
        this.#tell(await this.#sendAll());
      }
    });
  }

  async #sendAll() {
    if ((await this.#notebook.count("waiting")) === 0) return "idle";
    const key = await this.#notebook.setting("key");
    if (!key) return "key";
    this.#tell("sending");
    let note = await this.#notebook.nextWaiting(0);
    while (note) {
      const stopped = await this.#sendOne(note, key);
      if (stopped) return stopped;
      note = await this.#notebook.nextWaiting(note.seq);
    }
    await this.#notebook.prune();
    return "idle";
  }

  /** Why sending must stop, or null where the next note may be sent. */
  async #sendOne(note, key) {
    let answer;
    try {
      answer = await this.#post(key, [note.event]);
      if (await isAcknowledged(answer.clone(), 1)) {
        await this.#notebook.mark(note.seq, "sent");
        this.#tell("sending");
        return null;
      }
    } catch {
      return "offline";
    }
    if ([401, 403].includes(answer.status)) return "key";
    const problem = await problemOf(answer);
    // Only what names a problem of this event's own may be put aside; all else is tried again.
    const isItsOwn = [400, 413, 422].includes(answer.status) && problem.type;
    if (!isItsOwn) return "offline";
    if (problem.type !== LATER) await this.#notebook.mark(note.seq, "refused", problem.detail);
    return null;
  }
}
