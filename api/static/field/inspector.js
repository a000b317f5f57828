// The inspector's page: read a code, see at once what its signature is worth, keep the finding.

import { decode } from "./digital-link.js";
import { ed25519 } from "./ed25519.js";
import { Page, by, element, say } from "./page.js";
import { verify } from "./verify.js";

const LEVEL = {
  valid: "ok",
  invalid: "warning",
  "unknown-key": "warning",
  "revoked-key": "caution",
  absent: "note",
};
const FIX_KEPT_MS = 300_000;
const verifies = ed25519(crypto.subtle, () => import("/static/vendor/noble/index.js"));
let fix = null;

/** The radius holds at 95 % (W3C Geolocation); a fix that is only guessed proves no county. */
function locationNow() {
  if (!fix || Date.now() - fix.timestamp > FIX_KEPT_MS) return {};
  const { longitude, latitude, accuracy } = fix.coords;
  const source = accuracy <= 100 ? "gnss" : accuracy <= 5000 ? "network" : "ip";
  const crs = /micromessenger/i.test(navigator.userAgent) ? "unknown" : "wgs84";
  const at = { lon: longitude, lat: latitude, accuracy_m: accuracy, level: 0.95, source, crs };
  return { location: at };
}

/** The address without the signature: its domain is what an inspector looks at. */
function unsigned(uri) {
  return decode(uri.replace(/[?&]TW=[^&#]*/g, ""), false);
}

function facts(found, uri) {
  const named = { ...Object.fromEntries([...found.link.path, ...found.link.attributes]) };
  const rows = [
    ["sscc", named["00"]], ["gtin", named["01"]], ["serial", named["21"]], ["lot", named["10"]],
    ["expires", named["17"]?.replace(/^(..)(..)(..)$/, "20$1-$2-$3")], ["key_id", found.key_id],
  ];
  const list = element("dl");
  for (const [key, value] of rows.filter(([, text]) => text)) {
    list.append(element("dt", "", say(key)), element("dd", "mono", value));
  }
  list.append(element("dt", "", say("read")), element("dd", "mono small", unsigned(uri)));
  return list;
}

async function onRead(uri) {
  if (!page.keys) {
    page.show("caution", say("keys_none"), say("keys_none_more"));
    return;
  }
  const found = await verify(uri, page.keys.keys, page.dictionary, await verifies);
  if (!found.link) {
    page.show("warning", say("unreadable"), say("unreadable_more", { text: uri.slice(0, 300) }));
    return;
  }
  const verdict = found.signature;
  page.show(LEVEL[verdict], say(`verdict_${verdict}`), say(`verdict_${verdict}_more`));
  by("told").dataset.verdict = verdict;
  by("told").append(facts(found, uri));
  const event_id = `finding-${crypto.randomUUID()}`;
  const reader_id = await page.notebook.setting("reader_id");
  const event = {
    event_id, uri, scanned_at: new Date().toISOString(), reader: "inspector",
    ...(reader_id ? { reader_id } : {}), ...locationNow(),
  };
  const label = found.serial ?? found.link.path.map(([, value]) => value).join(" ");
  await page.note(event_id, event, { verdict, label, placed: "location" in event });
}

const page = new Page({
  name: "inspector",
  path: "/v1/scans",
  onRead,
  line: ({ shown }) => [say(`verdict_${shown.verdict}_short`), shown.label],
});

by("locate").addEventListener("change", () => {
  if (!by("locate").checked) {
    navigator.geolocation.clearWatch(page.watch);
    fix = null;
    by("located").textContent = "";
    return;
  }
  page.watch = navigator.geolocation.watchPosition(
    (found) => {
      fix = found;
      const metres = Math.round(found.coords.accuracy);
      by("located").textContent = say("located", { metres });
    },
    () => {
      by("located").textContent = say("located_not");
    },
    { enableHighAccuracy: true, maximumAge: 60_000 },
  );
});

page.start();
