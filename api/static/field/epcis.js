// Scans of a warehouse as EPCIS 2.0 events, in the terms of docs/custody.md.

const STEM = "https://id.gs1.org";

function parties(member, name, gln) {
  if (!gln) return {};
  const kinds = ["possessing_party", "owning_party"];
  return { [member]: kinds.map((type) => ({ type, [name]: `${STEM}/417/${gln}` })) };
}

/** "+08:00" for minutes as Date.getTimezoneOffset gives them, west positive. */
export function offsetOf(minutesWest) {
  const minutes = Math.abs(minutesWest);
  const two = (number) => String(number).padStart(2, "0");
  return `${minutesWest > 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function received({ place, party, other }, disposition) {
  return {
    bizStep: "receiving",
    disposition,
    bizLocation: { id: `${STEM}/414/${place}` },
    ...parties("sourceList", "source", other),
    ...parties("destinationList", "destination", party),
  };
}

/** What people here call a step, in CBV's terms, which has no step of its own for a return. */
const STEPS = {
  shipping: ({ party, other }) => ({
    bizStep: "shipping",
    disposition: "in_transit",
    ...parties("sourceList", "source", party),
    ...parties("destinationList", "destination", other),
  }),
  receiving: (scan) => received(scan, "in_progress"),
  returning: (scan) => received(scan, "returned"),
};

/**
 * One event for one scan. `step` is shipping, receiving or returning; `place`, `party` and `other`
 * are GLNs: where it happened, whose place that is, and who sends or receives on the other side.
 */
export function eventOf({ step, epc, place, party, other, id, at }) {
  return {
    type: "ObjectEvent",
    eventID: `urn:uuid:${id}`,
    eventTime: at.toISOString(),
    eventTimeZoneOffset: offsetOf(at.getTimezoneOffset()),
    action: "OBSERVE",
    epcList: [epc],
    readPoint: { id: `${STEM}/414/${place}` },
    ...STEPS[step]({ place, party, other }),
  };
}

/** The same event, declared to be an error: it never was. */
export function takenBack(event, at) {
  const errorDeclaration = { declarationTime: at.toISOString(), reason: "did_not_occur" };
  return { ...event, errorDeclaration };
}
