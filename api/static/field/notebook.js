// The notebook: what was noted on this device and is not lost, in IndexedDB. A note is one event,
// `waiting` until the service has acknowledged it, then `sent`; `refused` where it cannot be taken.

const NAME = "tracewarden-field";
const KEPT_SENT = 200;

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function open() {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => {
    const database = opening.result;
    const notes = database.createObjectStore("notes", { keyPath: "seq", autoIncrement: true });
    notes.createIndex("identity", "identity", { unique: true });
    notes.createIndex("state", ["page", "state"]);
    database.createObjectStore("settings");
  };
  return result(opening);
}

export class Notebook {
  #database;
  #page;

  constructor(database, page) {
    this.#database = database;
    this.#page = page;
  }

  static async open(page) {
    // Asked for, so that the browser does not clear away what was not sent yet.
    navigator.storage?.persist?.().catch(() => {});
    return new Notebook(await open(), page);
  }

  #writing(store) {
    // On disk before it is said to be kept: a phone may lose its power right after.
    const options = { durability: "strict" };
    const transaction = this.#database.transaction(store, "readwrite", options);
    return [transaction.objectStore(store), committed(transaction)];
  }

  #reading(store) {
    return this.#database.transaction(store).objectStore(store);
  }

  /** Keep a note; resolves when it is on disk. `identity` tells it from every other. */
  async keep(note) {
    const [notes, done] = this.#writing("notes");
    notes.add({ ...note, page: this.#page, state: "waiting" });
    await done;
  }

  /** The oldest waiting note after `seq`, or undefined; however many wait, it looks at two. */
  nextWaiting(seq) {
    const range = IDBKeyRange.only([this.#page, "waiting"]);
    const reading = this.#reading("notes").index("state").openCursor(range);
    return new Promise((resolve, reject) => {
      reading.onerror = () => reject(reading.error);
      reading.onsuccess = () => {
        const cursor = reading.result;
        if (!cursor || cursor.primaryKey > seq) resolve(cursor?.value);
        else cursor.continuePrimaryKey(cursor.key, seq + 1);
      };
    });
  }

  async count(state) {
    const range = IDBKeyRange.only([this.#page, state]);
    return result(this.#reading("notes").index("state").count(range));
  }

  async mark(seq, state, problem = null) {
    const [notes, done] = this.#writing("notes");
    const reading = notes.get(seq);
    reading.onsuccess = () => {
      if (reading.result) notes.put({ ...reading.result, state, problem });
    };
    await done;
  }

  /** Notes of this page, the newest first. */
  newest(most) {
    const reading = this.#reading("notes").openCursor(null, "prev");
    const found = [];
    return new Promise((resolve, reject) => {
      reading.onerror = () => reject(reading.error);
      reading.onsuccess = () => {
        const cursor = reading.result;
        if (cursor?.value.page === this.#page) found.push(cursor.value);
        if (!cursor || found.length === most) resolve(found);
        else cursor.continue();
      };
    });
  }

  /** Forget acknowledged notes beyond the newest few hundred. */
  async prune() {
    const range = IDBKeyRange.only([this.#page, "sent"]);
    const sent = await result(this.#reading("notes").index("state").getAllKeys(range));
    const old = sent.slice(0, Math.max(0, sent.length - KEPT_SENT));
    if (old.length === 0) return;
    const [notes, done] = this.#writing("notes");
    for (const seq of old) notes.delete(seq);
    await done;
  }

  async setting(name) {
    return result(this.#reading("settings").get(`${this.#page}.${name}`));
  }

  async set(name, value) {
    const [settings, done] = this.#writing("settings");
    settings.put(value, `${this.#page}.${name}`);
    await done;
  }
}
