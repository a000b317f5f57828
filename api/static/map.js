// Draws one alert's map without tiles: outlines, the dealer's area, and points with their accuracy.
"use strict";
(() => {
  const holder = document.getElementById("map");
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = (content) => {
    if (!content.points.length && !content.authorised) {
      holder.textContent = holder.dataset.none;
      holder.classList.add("is-empty");
      return;
    }
    holder.textContent = "";
    const map = L.map(holder, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
    L.control.scale({ imperial: false }).addTo(map);
    L.geoJSON(content.outlines, {
      style: { color: style("--line-strong"), weight: 1, fill: false },
      interactive: false,
    }).addTo(map);
    const bounds = L.latLngBounds([]);
    if (content.authorised) {
      const area = L.geoJSON(content.authorised, {
        style: { color: style("--area"), weight: 1.5, fillColor: style("--area"), fillOpacity: 0.22 },
        interactive: false,
      }).addTo(map);
      bounds.extend(area.getBounds());
    }
    for (const point of content.points) {
      const at = [point.lat, point.lon];
      const circle = L.circle(at, {
        radius: point.accuracy_m, color: style("--point"), weight: 1, fillOpacity: 0.15, interactive: false,
      }).addTo(map);
      bounds.extend(circle.getBounds());
      const told = document.createElement("span");
      told.textContent = `${point.kind} · ${point.at} · ± ${Math.round(point.accuracy_m)} m`;
      L.circleMarker(at, {
        radius: 6, color: style("--card"), weight: 2, fillColor: style("--point"), fillOpacity: 1,
      }).bindTooltip(told).addTo(map);
    }
    map.fitBounds(bounds.pad(0.15), { maxZoom: 12 });
    holder.dataset.drawn = "yes";
  };

  fetch(holder.dataset.url, { credentials: "same-origin" })
    .then((answer) => answer.json())
    .then(draw, () => { holder.textContent = holder.dataset.none; });
})();
