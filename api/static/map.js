// Draws one alert's map without tiles: outlines, the dealer's area, and points with their accuracy.
"use strict";
(() => {
  const holder = document.getElementById("map");
  const MOST_NAMES = 25; // more names than that hide the borders
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const words = JSON.parse(holder.dataset.words);
  const word = (name) => words[name] ?? name;

  const draw = (content) => {
    if (!content.points.length && !content.authorised) {
      holder.textContent = holder.dataset.none;
      holder.classList.add("is-empty");
      return;
    }
    holder.textContent = "";
    const map = L.map(holder, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
    L.control.scale({ imperial: false }).addTo(map);
    const area = L.geoJSON(content.authorised ?? undefined, {
      style: { color: style("--area"), weight: 1.5, fillColor: style("--area"), fillOpacity: 0.22 },
      interactive: false,
    });
    const bounds = content.authorised ? area.getBounds() : L.latLngBounds([]);
    for (const point of content.points)
      bounds.extend(L.latLng(point.lat, point.lon).toBounds(2 * point.accuracy_m));
    // Nearer than that no border would be seen around the points.
    map.fitBounds(bounds.pad(0.15), { maxZoom: 8 });
    document.getElementById("legend-area").hidden = !content.authorised;
    document.getElementById("legend-site").hidden = !content.sites.length;
    L.geoJSON(content.outlines, {
      style: { color: style("--line-strong"), weight: 1, fill: false },
      interactive: false,
      onEachFeature: (feature, layer) => {
        if (content.outlines.features.length > MOST_NAMES) return;
        const name = document.createElement("span");
        name.textContent = feature.properties.name;
        layer.bindTooltip(name, { permanent: true, direction: "center", className: "place-name" });
      },
    }).addTo(map);
    area.addTo(map);
    for (const site of content.sites) {
      const told = document.createElement("span");
      told.textContent = [word(site.role), site.dealer, `GLN ${site.gln}`].filter(Boolean).join(" · ");
      L.circleMarker([site.lat, site.lon], {
        radius: 4, color: style("--low"), weight: 2, fillColor: style("--card"), fillOpacity: 1,
      }).bindTooltip(told).addTo(map);
    }
    for (const point of content.points) {
      const at = [point.lat, point.lon];
      L.circle(at, {
        radius: point.accuracy_m, color: style("--point"), weight: 1, fillOpacity: 0.15, interactive: false,
      }).addTo(map);
      const told = document.createElement("span");
      told.textContent = `${word(point.kind)} · ${point.at} · ± ${Math.round(point.accuracy_m)} m`;
      L.circleMarker(at, {
        radius: 6, color: style("--card"), weight: 2, fillColor: style("--point"), fillOpacity: 1,
      }).bindTooltip(told).addTo(map);
    }
    holder.dataset.drawn = "yes";
  };

  fetch(holder.dataset.url, { credentials: "same-origin" })
    .then((answer) => answer.json())
    .then(draw, () => { holder.textContent = holder.dataset.none; });
})();
