// GS1 Digital Link URIs, strictly: the same parts, and the same refusals, as codes/digital_link.py.
// The dictionary of application identifiers comes from the service (/field/dictionary.json).

import { lintersWith } from "./linters.js";

const CHARSETS = {
  N: /^[0-9]*$/,
  X: /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*$/,
  Y: /^[#/0-9A-Z-]*$/,
  Z: /^[-_0-9A-Za-z]*={0,2}$/,
};
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/;
const DOMAIN = /^[A-Za-z0-9\-.:[\]]+$/;
const SHORT_GTINS = [8, 12, 13];

export class CodeError extends Error {}

function refuse(detail) {
  throw new CodeError(detail);
}

/** RFC 3986's normal form: unreserved characters literal, all else %XX in upper case. */
export function encode(value) {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => "%" + character.charCodeAt(0).toString(16).toUpperCase(),
  );
}

/** Text without percent-encoding, one character a byte; `+` in a query is a space. */
export function decode(text, inQuery) {
  const spaced = inQuery ? text.replaceAll("+", " ") : text;
  return spaced.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

export function pathOf(path) {
  return path.map(([ai, value]) => `/${ai}/${encode(value)}`).join("");
}

export class Dictionary {
  constructor({ ais, lists }) {
    this.ais = new Map(Object.entries(ais));
    this.passes = lintersWith(lists);
  }

  isKey(ai) {
    return this.ais.get(ai).sequences.length > 0;
  }

  /** Whether `ai` is known and allows `value`. */
  allows(ai, value) {
    const entry = this.ais.get(ai);
    if (!entry || value.length < entry.shortest || value.length > entry.longest) return false;
    let position = 0;
    for (const [charset, shortest, longest, optional, linters] of entry.components) {
      const text = value.slice(position, position + longest);
      if (optional && !text) continue;
      if (text.length < shortest || !CHARSETS[charset].test(text)) return false;
      if (charset === "Z" && text.endsWith("=") && text.length % 3) return false;
      if (!linters.every((name) => this.passes(name, text))) return false;
      position += text.length;
    }
    return true;
  }

  allowsPath(keys) {
    return this.ais.get(keys[0]).sequences.includes(keys.join("/"));
  }
}

function splitPath(path, dictionary) {
  const segments = path.split("/");
  const pairs = [];
  for (let end = segments.length; end >= 3; end -= 2) {
    const ai = segments[end - 2];
    if (!dictionary.ais.has(ai)) break;
    pairs.unshift([ai, segments[end - 1]]);
    if (dictionary.isKey(ai)) return [segments.slice(0, end - 2).join("/"), pairs];
  }
  return refuse("there is no GS1 key in the path");
}

function checked(ai, raw, inQuery, dictionary) {
  if (!raw) refuse(`AI ${ai} has no value`);
  let value = decode(raw, inQuery);
  // In a query GS1's engine takes a short GTIN, since there it is no key.
  if (ai === "01" && inQuery && SHORT_GTINS.includes(value.length)) value = value.padStart(14, "0");
  if (!dictionary.allows(ai, value)) refuse(`AI ${ai} has a value that it may not have`);
  return [ai, value];
}

function splitQuery(query, dictionary) {
  const attributes = [];
  const other = [];
  for (const part of query.split("&").filter(Boolean)) {
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    if (equals < 0 || (key && !/^[0-9]+$/.test(key))) other.push(part);
    else if (dictionary.ais.has(key)) attributes.push([key, part.slice(equals + 1)]);
    else refuse("the query has an unknown AI");
  }
  return [attributes, other];
}

function checkAttributes(path, attributes, dictionary) {
  const keys = path.map(([ai]) => ai);
  const seen = new Set(keys);
  for (const [ai] of attributes) {
    if (seen.has(ai)) refuse(`AI ${ai} stands there twice`);
    seen.add(ai);
    if (!dictionary.ais.get(ai).attribute) refuse(`AI ${ai} cannot be a data attribute`);
    for (let at = 1; at <= keys.length; at++) {
      if (dictionary.allowsPath(keys.toSpliced(at, 0, ai))) refuse(`AI ${ai} belongs into the path`);
    }
  }
}

/** The parts of a URI: `stem`, `path`, `attributes`, `other`. Throws CodeError where it is none. */
export function parse(uri, dictionary) {
  if (!URI_CHARACTERS.test(uri)) refuse("it has characters that no URI may have");
  const scheme = /^(?:https?|HTTPS?):\/\//.exec(uri);
  if (!scheme) refuse("it does not start with http:// or https:// in one case");
  const slash = uri.indexOf("/", scheme[0].length);
  if (slash <= scheme[0].length) refuse("there is no domain with a path after it");
  if (!DOMAIN.test(uri.slice(scheme[0].length, slash))) refuse("the domain is none");
  const rest = uri.slice(slash).split("#", 1)[0];
  const mark = rest.indexOf("?");
  const [stem, pairs] = splitPath(mark < 0 ? rest : rest.slice(0, mark), dictionary);
  const path = pairs.map(([ai, raw]) => checked(ai, raw, false, dictionary));
  const [raws, other] = splitQuery(mark < 0 ? "" : rest.slice(mark + 1), dictionary);
  const attributes = raws.map(([ai, raw]) => checked(ai, raw, true, dictionary));
  if (!dictionary.allowsPath(path.map(([ai]) => ai))) refuse("the path is in another order");
  checkAttributes(path, attributes, dictionary);
  return { stem: uri.slice(0, slash) + stem, path, attributes, other };
}
