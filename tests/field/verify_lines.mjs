// Reads JSON lines: first {dictionary, jwks}, then URIs; writes what each signature is worth, by
// WebCrypto and by the library. Run by tests/field/test_verification.py.

import { createInterface } from "node:readline";
import { Dictionary } from "../../api/static/field/digital-link.js";
import { byLibrary, ed25519 } from "../../api/static/field/ed25519.js";
import { keysOf, verify } from "../../api/static/field/verify.js";

const library = await import("../../api/static/vendor/noble/index.js");
const ways = {
  webcrypto: await ed25519(crypto.subtle, () => {
    throw new Error("node has Ed25519 in WebCrypto");
  }),
  library: byLibrary(library),
  without: await ed25519(
    { importKey: () => Promise.reject(new DOMException("no", "NotSupportedError")) },
    () => library,
  ),
};
let given = null;
for await (const line of createInterface({ input: process.stdin })) {
  const value = JSON.parse(line);
  if (!given) {
    given = { dictionary: new Dictionary(value.dictionary), keys: keysOf(value.jwks) };
    continue;
  }
  const told = {};
  for (const [name, verifies] of Object.entries(ways)) {
    const { link, ...said } = await verify(value, given.keys, given.dictionary, verifies);
    told[name] = { ...said, parsed: link !== null };
  }
  process.stdout.write(JSON.stringify(told) + "\n");
}
