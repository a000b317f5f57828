#!/bin/sh
# Fetches through npm what the pages and the simulated world serve locally, and lays it in its place:
# the map library for the console, a code reader and a signature check for the pages of the field, the
# font of evidence reports, and administrative borders for the simulator.
set -eu

if ! command -v npm >/dev/null 2>&1; then
    printf '%s\n' "install: npm is missing; it brings the map library, the code reader, the font and the borders." \
        "install: install Node.js 20 or newer (Debian and Ubuntu: apt-get install nodejs npm), then run this again." >&2
    exit 1
fi
npm ci --no-audit --no-fund --loglevel=error >&2

map=api/static/vendor/leaflet
zxing=api/static/vendor/zxing
noble=api/static/vendor/noble
borders=simulator/boundaries
fonts=evidence/fonts
rm -rf "$map" "$zxing" "$noble"
mkdir -p "$map" "$zxing/reader" "$noble" "$borders" "$fonts"
cp -R node_modules/leaflet/dist/images node_modules/leaflet/dist/leaflet.css node_modules/leaflet/dist/leaflet.js \
    node_modules/leaflet/LICENSE "$map/"
cp node_modules/zxing-wasm/dist/es/reader/index.js node_modules/zxing-wasm/dist/reader/zxing_reader.wasm "$zxing/reader/"
cp node_modules/zxing-wasm/dist/es/share.js node_modules/zxing-wasm/LICENSE "$zxing/"
cp node_modules/@noble/ed25519/index.js node_modules/@noble/ed25519/LICENSE "$noble/"
cp node_modules/us-atlas/states-10m.json node_modules/us-atlas/counties-10m.json "$borders/"
cp node_modules/us-atlas/LICENSE "$borders/LICENSE.us-atlas"
font=node_modules/@expo-google-fonts/noto-sans-sc
cp "$font/400Regular/NotoSansSC_400Regular.ttf" "$fonts/NotoSansSC-Regular.ttf"
cp "$font/LICENSE_FONT" "$fonts/LICENSE.noto-sans-sc"
