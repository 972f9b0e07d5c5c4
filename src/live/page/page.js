// Puts the parts that the server sends into their places. It makes no HTML itself: the server has
// escaped what it sends, and the page's policy lets nothing else run.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const connection = byId("connection");
  const pause = byId("pause");
  const theme = byId("theme");
  let paused = false;
  let kept = null;
  let over = false;

  const put = (update) => {
    for (const [name, html] of Object.entries(update.parts)) {
      const place = byId(name);
      if (!place) continue;
      place.innerHTML = html;
      const figure = place.closest("figure");
      if (figure) figure.hidden = false;
    }
    const spoken = byId("spoken");
    if (spoken.textContent !== update.spoken) spoken.textContent = update.spoken;
  };

  const take = (update) => {
    if (update.over) {
      over = true;
      source.close();
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

  const source = new EventSource("events");
  source.onopen = () => { connection.textContent = ""; };
  source.onmessage = (event) => take(JSON.parse(event.data));
  // The browser tries again by itself.
  source.onerror = () => {
    if (over) return;
    connection.textContent = source.readyState === EventSource.CLOSED
      ? "The run's process no longer answers. Its folder has the report."
      : "The connection is lost; trying again.";
  };
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

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  theme.hidden = false;
  const mark = () => theme.setAttribute("aria-pressed", String(isDark()));
  mark();
  dark.addEventListener("change", mark);
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    mark();
  });
})();
