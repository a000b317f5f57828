// What was read, as the one URI of an item or a case on id.gs1.org: from a Digital Link, from a
// scanner's element string (FNC1 as ASCII 29), from (01)…(21)…, or from a bare SSCC.

import { CodeError, encode, parse } from "./digital-link.js";
import { hasCheckDigit } from "./linters.js";

const FNC1 = "\x1d";
const STEM = "https://id.gs1.org";

function fromElements(elements) {
  const value = (ai) => elements.find(([name]) => name === ai)?.[1];
  const [unit, gtin, serial] = [value("00"), value("01"), value("21")];
  if (unit) return { epc: `${STEM}/00/${unit}`, kind: "unit", label: unit };
  if (!gtin || !serial) return null;
  return { epc: `${STEM}/01/${gtin}/21/${encode(serial)}`, kind: "item", label: serial };
}

function aiAt(text, position, dictionary) {
  const ai = [2, 3, 4]
    .map((length) => text.slice(position, position + length))
    .find((digits) => dictionary.ais.has(digits));
  if (!ai) throw new CodeError("no AI stands there");
  return ai;
}

function elementsOf(text, dictionary) {
  const elements = [];
  let position = 0;
  while (position < text.length) {
    const ai = aiAt(text, position, dictionary);
    const start = position + ai.length;
    const { predefined, longest } = dictionary.ais.get(ai);
    const mark = text.indexOf(FNC1, start);
    const end = predefined ? start + longest : mark < 0 ? text.length : mark;
    elements.push([ai, text.slice(start, end)]);
    position = text[end] === FNC1 ? end + 1 : end;
  }
  return elements;
}

function bracketed(text) {
  const found = [...text.matchAll(/\((\d{2,4})\)((?:(?!\(\d{2,4}\)).)*)/g)];
  return found.map(([, ai, value]) => [ai, value.trim()]);
}

function elementsIn(text, dictionary) {
  if (/^https?:\/\//i.test(text)) return parse(text, dictionary).path;
  if (text.startsWith("(")) return bracketed(text);
  if (/^\d{18}$/.test(text) && hasCheckDigit(text)) return [["00", text]];
  const body = text.replace(/^\](?:C1|d2|e0|J1|Q3)/, "").replace(/^\x1d/, "");
  return elementsOf(body, dictionary);
}

function allowedElements(text, dictionary) {
  try {
    const elements = elementsIn(text.trim(), dictionary);
    return elements.every(([ai, value]) => dictionary.allows(ai, value)) ? elements : [];
  } catch (error) {
    if (error instanceof CodeError) return [];
    throw error;
  }
}

/** `{epc, kind, label}` of an item or a case or pallet; null where it is neither. */
export function unitOf(text, dictionary) {
  return fromElements(allowedElements(text, dictionary));
}

/** The GLN of a place or party that was read, or null. */
export function glnOf(text, dictionary) {
  const found = allowedElements(text, dictionary).find(([ai]) => ["414", "417"].includes(ai));
  return found ? found[1] : null;
}
