// What a code's signature is worth, by public keys alone: as `tracewarden codes verify` says it.

import { CodeError, decode, encode, parse, pathOf } from "./digital-link.js";

const CONTEXT = "tracewarden-code/1\n";
// 64 bytes are 102.4 characters of base32, so that the last one has three unused bits, all zero.
const TOKEN = /^([A-Z0-9-]{1,16})\.([A-Z2-7]{102}[AIQY])$/;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function fromBase32(text) {
  const bytes = new Uint8Array((text.length * 5) >> 3);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    held = (held << 5) | BASE32.indexOf(character);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return bytes;
}

function fromBase64Url(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** What is signed: the path, then the attributes sorted by AI. */
function signedText({ path, attributes }) {
  const sorted = attributes
    .map(([ai, value]) => [ai, value])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const query = sorted.map(([ai, value]) => `${ai}=${encode(value)}`).join("&");
  return pathOf(path) + (query ? "?" + query : "");
}

function tokensOf(other) {
  return other
    .map((part) => [part.split("=", 1)[0], part])
    .filter(([key]) => decode(key, true) === "TW")
    .map(([key, part]) => decode(part.slice(key.length + 1), true));
}

/** Ed25519 keys of a JWK set by their ids; keys of other kinds are passed over. */
export function keysOf(jwks) {
  const ours = jwks.keys.filter((jwk) => jwk.kty === "OKP" && jwk.crv === "Ed25519");
  return new Map(
    ours.map((jwk) => [
      jwk.kid,
      { raw: fromBase64Url(jwk.x), revoked: (jwk.revoked_at ?? null) !== null },
    ]),
  );
}

async function judge(link, keys, verifies) {
  const tokens = tokensOf(link.other);
  if (tokens.length === 0) return ["absent", null];
  const match = TOKEN.exec(tokens[0]);
  if (tokens.length > 1 || !match) return ["invalid", null];
  const [, keyId, signature] = match;
  const key = keys.get(keyId);
  if (!key) return ["unknown-key", keyId];
  const message = new TextEncoder().encode(CONTEXT + keyId + "\n" + signedText(link));
  if (!(await verifies(key.raw, fromBase32(signature), message))) return ["invalid", keyId];
  return [key.revoked ? "revoked-key" : "valid", keyId];
}

/** What is no Digital Link is `invalid` where it claims a signature, and `absent` where not. */
function unreadable(uri) {
  const query = uri.split("#", 1)[0].split("?").slice(1).join("?");
  const claims = query.split("&").some((part) => part.split("=", 1)[0] === "TW");
  return { ok: false, signature: claims ? "invalid" : "absent", gtin: null, serial: null,
    key_id: null, link: null };
}

/** The verification of a URI. `verifies(key, signature, message)` is of ./ed25519.js. */
export async function verify(uri, keys, dictionary, verifies) {
  let link;
  try {
    link = parse(uri, dictionary);
  } catch (error) {
    if (error instanceof CodeError) return unreadable(uri);
    throw error;
  }
  const [signature, key_id] = await judge(link, keys, verifies);
  const [[ai, value]] = link.path;
  const serial = link.path.find(([name]) => name === "21");
  return {
    ok: signature === "valid",
    signature,
    gtin: ai === "01" ? value : null,
    serial: ai === "01" && serial ? serial[1] : null,
    key_id,
    link,
  };
}
