// Reads JSON lines of what was scanned; writes the EPCIS event, and that which takes it back.
// Run by tests/field/test_epcis.py.

import { createInterface } from "node:readline";
import { eventOf, offsetOf, takenBack } from "../../api/static/field/epcis.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { at, ...scanned } = JSON.parse(line);
  const event = eventOf({ ...scanned, at: new Date(at) });
  const offsets = [0, -480, 300, -345].map(offsetOf);
  const back = takenBack(event, new Date(at));
  process.stdout.write(JSON.stringify({ event, back, offsets }) + "\n");
}
