// The brand's public keys: fetched when there is a connection, kept with the date for when not.

import { keysOf } from "./verify.js";

const TIMEOUT_MS = 8_000;

async function fetched() {
  const answer = await fetch("/.well-known/jwks.json", {
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const jwks = await answer.json();
  keysOf(jwks);
  return { jwks, at: new Date().toISOString() };
}

/** `{keys, at, isFresh}`; null where keys were never had. */
export async function loadKeys(notebook) {
  let kept;
  let isFresh = true;
  try {
    kept = await fetched();
    await notebook.set("keys", kept);
  } catch {
    kept = await notebook.setting("keys");
    isFresh = false;
  }
  return kept ? { keys: keysOf(kept.jwks), at: kept.at, isFresh } : null;
}
