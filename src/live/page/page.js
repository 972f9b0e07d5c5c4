// Puts the parts that the server sends into their places. It makes no HTML itself: the server has
// escaped what it sends, and the page's policy lets nothing else run.
"use strict";
(() => {
  // The browser tries again every few seconds; after this time nobody will answer any more.
  const GONE_AFTER_MS = 6000;
  // Under load there is something new each second.
  const SILENT_AFTER_MS = 10000;

  const byId = (id) => document.getElementById(id);
  const connection = byId("connection");
  const pause = byId("pause");
  let paused = false;
  let kept = null;
  let over = false;
  let heard = Date.now();
  let lost = null;
  let gone = false;

  const charts = new Map();
  document.querySelectorAll("figure:has(.chart)").forEach((figure) => {
    charts.set(figure.querySelector(".chart").id, valuesUnderPointer(figure));
  });

  const put = (update) => {
    for (const [name, html] of Object.entries(update.parts)) {
      const place = byId(name);
      if (!place) continue;
      place.innerHTML = html;
      const figure = place.closest("figure");
      if (figure) figure.hidden = false;
      if (charts.has(name)) charts.get(name)();
    }
    const spoken = byId("spoken");
    if (spoken.textContent !== update.spoken) spoken.textContent = update.spoken;
  };

  const take = (update) => {
    heard = Date.now();
    if (update.over) {
      over = true;
      source.close();
      say("");
      // The same address is the report now, where there is one.
      if (update.report) location.reload();
      else put(update);
      return;
    }
    if (!paused) {
      put(update);
      return;
    }
    kept = { ...update, parts: { ...(kept ? kept.parts : {}), ...update.parts } };
  };

  // How the page stands with the run's process.
  const clock = (at) => new Date(at).toLocaleTimeString("en-GB");
  const say = (text) => { if (connection.textContent !== text) connection.textContent = text; };
  const tell = () => {
    if (over) return;
    if (lost !== null && (source.readyState === EventSource.CLOSED || Date.now() - lost > GONE_AFTER_MS)) {
      gone = true;
      const label = document.createElement("span");
      label.className = "label bad";
      label.textContent = "No longer there";
      byId("state").replaceChildren(label);
      say(`The run's process has not answered since ${clock(lost)}: it has ended or was killed, and the page shows `
        + "what was last heard. What it recorded is in its folder; substorm report DIR makes a report of that.");
    } else if (lost !== null) say("The connection is lost; trying again.");
    else if (Date.now() - heard > SILENT_AFTER_MS) say(`Nothing new since ${clock(heard)}.`);
    else say("");
  };
  const source = new EventSource("events");
  source.onopen = () => {
    // Whoever answers now may be another run.
    if (gone) location.reload();
    lost = null;
    tell();
  };
  source.onmessage = (event) => {
    take(JSON.parse(event.data));
    tell();
  };
  source.onerror = () => {
    lost ??= Date.now();
    tell();
  };
  setInterval(tell, 1000);
  addEventListener("pagehide", () => { over = true; source.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused && kept) {
      put(kept);
      kept = null;
    }
  });
})();
