// Keeps the pages of the field on the device, so that they open without a connection. VERSION and
// SHELL stand before this text; VERSION changes with any of the files.

const CACHE = `field-${VERSION}`;

self.addEventListener("install", (event) => {
  const fresh = SHELL.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(fresh))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("field-") && name !== CACHE;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const isOurs = url.origin === self.location.origin && SHELL.includes(url.pathname);
  if (event.request.method !== "GET" || !isOurs) return;
  event.respondWith(
    caches
      .match(url.pathname, { cacheName: CACHE, ignoreVary: true })
      .then((kept) => kept ?? fetch(event.request)),
  );
});
