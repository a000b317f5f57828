// The named checks of GS1's Barcode Syntax Dictionary, as codes/linters.py has them: true where a
// text passes. Lengths and character sets are judged before. The two coupon codes (AI 8110, 8112)
// are not judged here: no code of ours carries one.

const CHARSET_82 =
  "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const CHECK_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/** The mod-10 check digit that belongs after `digits`. */
export function checkDigit(digits) {
  let sum = 0;
  for (let at = digits.length - 1, weight = 3; at >= 0; at--, weight = 4 - weight) {
    sum += weight * Number(digits[at]);
  }
  return String((10 - (sum % 10)) % 10);
}

export function hasCheckDigit(digits) {
  return digits.length > 1 && checkDigit(digits.slice(0, -1)) === digits.at(-1);
}

function primes(count) {
  const found = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime)) found.push(candidate);
  }
  return found;
}

const PRIMES = primes(97);

function hasCheckPair(text) {
  const body = [...text.slice(0, -2)];
  if (text.length < 2 || text.length > PRIMES.length + 2) return false;
  if (!body.every((character) => CHARSET_82.includes(character))) return false;
  const sum = body
    .reverse()
    .reduce((total, character, at) => total + CHARSET_82.indexOf(character) * PRIMES[at], 0);
  return CHECK_32[(sum % 1021) >> 5] + CHECK_32[(sum % 1021) & 31] === text.slice(-2);
}

function daysOf(year, month) {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

function isDate(text, zeroDay) {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6)].map(Number);
  if (month < 1 || month > 12 || (!zeroDay && day === 0)) return false;
  return day <= daysOf(year || 2000, month);
}

function ibanHolds(text, countries) {
  if (!countries.has(text.slice(0, 2)) || text.length < 11) return false;
  if (!/^[0-9A-Z]*$/.test(text)) return false;
  let rest = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    for (const digit of String(parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

function isPosition(text) {
  const match = /^([1-9][0-9]*)\/([1-9][0-9]*)$/.exec(text);
  return match !== null && BigInt(match[1]) <= BigInt(match[2]);
}

function isPieceOfTotal(text) {
  const half = text.length >> 1;
  if (text.length % 2 || !text) return false;
  const [piece, total] = [BigInt(text.slice(0, half)), BigInt(text.slice(half))];
  return piece > 0n && piece <= total;
}

/** The linters by the dictionary's names; `lists` are the code lists that some look up in. */
export function lintersWith(lists) {
  const sets = Object.fromEntries(
    Object.entries(lists).map(([name, values]) => [name, new Set(values)]),
  );
  const below = (limit) => (text) => Number(text) < limit;
  const linters = {
    csum: hasCheckDigit,
    csumalpha: hasCheckPair,
    gcppos1: (text) => /^[0-9]{4}/.test(text),
    gcppos2: (text) => /^[0-9]{4}/.test(text.slice(1)),
    yyyymmd0: (text) => isDate(text, true),
    yyyymmdd: (text) => isDate(text, false),
    yymmd0: (text) => isDate("20" + text, true),
    yymmdd: (text) => isDate("20" + text, false),
    hh: below(24),
    mi: below(60),
    ss: below(60),
    hhmi: (text) => Number(text.slice(0, 2)) < 24 && Number(text.slice(2)) < 60,
    iso3166: (text) => sets.countries_numeric.has(text),
    iso3166999: (text) => text === "999" || sets.countries_numeric.has(text),
    iso3166alpha2: (text) => sets.countries_alpha2.has(text),
    iso4217: (text) => sets.currencies_numeric.has(text),
    iso5218: (text) => ["0", "1", "2", "9"].includes(text),
    iban: (text) => ibanHolds(text, sets.countries_alpha2),
    importeridx: (text) => /^[-_0-9A-Za-z]$/.test(text),
    pieceoftotal: isPieceOfTotal,
    posinseqslash: isPosition,
    zero: (text) => /^0*$/.test(text),
    nonzero: (text) => !/^0*$/.test(text),
    nozeroprefix: (text) => !text.startsWith("0"),
    hyphen: (text) => /^-*$/.test(text),
    hasnondigit: (text) => !/^[0-9]+$/.test(text),
    winding: (text) => ["0", "1", "9"].includes(text),
    yesno: (text) => ["0", "1"].includes(text),
    latitude: (text) => Number(text) <= 180e7,
    longitude: (text) => Number(text) <= 360e7,
    pcenc: (text) => !/%(?![0-9A-Fa-f]{2})/.test(text),
    mediatype: (text) => sets.media_types.has(text),
    packagetype: (text) => sets.package_types.has(text),
  };
  return (name, text) => !(name in linters) || linters[name](text);
}
