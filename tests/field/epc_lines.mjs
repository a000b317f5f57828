// Reads JSON lines: first the dictionary, then what scanners send; writes what each names.
// Run by tests/field/test_epc.py.

import { createInterface } from "node:readline";
import { Dictionary } from "../../api/static/field/digital-link.js";
import { glnOf, unitOf } from "../../api/static/field/epc.js";

let dictionary = null;
for await (const line of createInterface({ input: process.stdin })) {
  const value = JSON.parse(line);
  if (!dictionary) {
    dictionary = new Dictionary(value);
    continue;
  }
  const unit = unitOf(value, dictionary);
  process.stdout.write(JSON.stringify([unit?.epc ?? null, glnOf(value, dictionary)]) + "\n");
}
