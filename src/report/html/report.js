"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // The theme: the system's, until somebody chooses. A page from disk may be refused a memory.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const remember = (value) => { try { localStorage.setItem("substorm-theme", value); } catch { /* not kept */ } };
  const remembered = () => { try { return localStorage.getItem("substorm-theme"); } catch { return null; } };
  // The button says what it does.
  const show = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();

  // Folds: all at once, by a link to what is inside, and for paper.
  const folds = all("details");
  const fold = document.getElementById("fold");
  const areOpen = () => folds.every((one) => one.open);
  const tell = () => {
    fold.textContent = areOpen() ? "Close all" : "Open all";
    fold.setAttribute("aria-pressed", String(areOpen()));
  };
  fold.hidden = folds.length === 0;
  fold.addEventListener("click", () => {
    const open = !areOpen();
    folds.forEach((one) => { one.open = open; });
    tell();
  });
  folds.forEach((one) => one.addEventListener("toggle", tell));
  const unfold = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* not one of ours */ }
    const target = document.getElementById(id);
    const section = target && target.closest("section.fold");
    if (section) all("details", section).forEach((one) => { one.open = true; });
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
  let before = [];
  addEventListener("beforeprint", () => {
    before = folds.filter((one) => !one.open);
    before.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => before.forEach((one) => { one.open = false; }));

  // Tables: a button in each header of those that have an order to change.
  const order = (cell) => {
    if (cell.dataset.value === undefined) return cell.textContent.trim();
    return cell.dataset.value === "" ? NaN : Number(cell.dataset.value);
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  };
  all("table").forEach((table) => {
    const body = table.tBodies[0];
    if (!body || body.rows.length < 2) return;
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent.trim();
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const figures = head.classList.contains("figure");
        const first = figures ? "descending" : "ascending";
        const other = figures ? "ascending" : "descending";
        const next = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((one) => one.setAttribute("aria-sort", one === head ? next : "none"));
        const sign = next === "ascending" ? 1 : -1;
        const rows = Array.from(body.rows, (row) => [order(row.cells[column]), row]);
        rows.sort(([a], [b]) => {
          // What has no figure stands last, whichever way.
          const none = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
          return none || sign * compare(a, b);
        });
        body.append(...rows.map(([, row]) => row));
      });
    });
  });

  // Frames: which edge cuts what is within.
  all(".frame").forEach((frame) => {
    const inner = frame.firstElementChild;
    const mark = () => {
      const hidden = inner.scrollWidth - inner.clientWidth - inner.scrollLeft;
      frame.classList.toggle("cut-left", inner.scrollLeft > 1);
      frame.classList.toggle("cut-right", hidden > 1);
      // A chart without values is gone to only where there is something to scroll.
      if (inner.dataset.silent === undefined) return;
      if (inner.scrollWidth - inner.clientWidth > 1) inner.tabIndex = 0;
      else inner.removeAttribute("tabindex");
    };
    inner.addEventListener("scroll", mark, { passive: true });
    const sizes = new ResizeObserver(mark);
    [inner, inner.firstElementChild].forEach((one) => { if (one) sizes.observe(one); });
  });

  // Charts: the values at a place, under the pointer or by the arrow keys.
  const scales = {
    linear: (axis, v) => (v - axis.from) / (axis.to - axis.from),
    log: (axis, v) => Math.log(v / axis.from) / Math.log(axis.to / axis.from),
    nines: (axis, v) => Math.log((1 - v) / (1 - axis.from)) / Math.log((1 - axis.to) / (1 - axis.from)),
  };
  // The last of all has no place on an axis without an end: it stands at the edge.
  const place = (axis, value) => Math.min(1, Math.max(0, scales[axis.scale](axis, value) || 0));
  const digits = (value) => value.toLocaleString("en", { maximumSignificantDigits: 4 });
  const shown = (unit, value) => {
    if (value === null || value === undefined) return "\u2013";
    switch (unit) {
      case "us": return value >= 1e6 ? `${digits(value / 1e6)} s` : `${digits(value / 1e3)} ms`;
      case "share": return `${(value * 100).toLocaleString("en", { maximumSignificantDigits: 6 })} %`;
      case "s": return `${digits(value)} s`;
      case "1/s": return `${digits(value)}/s`;
      default: return digits(value);
    }
  };
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== "") element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  all("figure:has(.chart)").forEach((figure) => {
    const chart = figure.querySelector(".chart");
    const svg = chart.querySelector("svg");
    const { plots } = JSON.parse(figure.querySelector("script").textContent);
    const usable = plots.filter((plot) => plot.at.length > 0 && plot.series.length > 0);
    if (!svg || usable.length === 0) {
      chart.removeAttribute("tabindex");
      chart.setAttribute("aria-label", chart.getAttribute("aria-label").replace(/, values by arrow keys$/, ""));
      chart.dataset.silent = "";
      return;
    }
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", "cursor");
    svg.append(line);
    const tip = make("div", "", chart);
    tip.className = "tip";
    tip.hidden = true;
    const voice = make("p", "", figure);
    voice.className = "voice";
    voice.setAttribute("aria-live", "polite");
    const box = svg.viewBox.baseVal;
    let at = null;

    const nearest = (plot, x) => {
      const places = plot.at.map((value) => plot.rect.x + place(plot.x, value) * plot.rect.width);
      let best = 0;
      places.forEach((p, n) => {
        // A value that holds up to the next place is meant wherever the pointer is between them.
        if (plot.steps ? p <= x : Math.abs(p - x) < Math.abs(places[best] - x)) best = n;
      });
      return best;
    };
    const show = (plot, n, speak) => {
      at = { plot, n };
      const start = place(plot.x, plot.at[n]);
      const end = plot.steps && n + 1 < plot.at.length ? place(plot.x, plot.at[n + 1]) : start;
      const x = plot.rect.x + ((start + end) / 2) * plot.rect.width;
      const top = Math.min(...usable.map((p) => p.rect.y));
      const bottom = Math.max(...usable.map((p) => p.rect.y + p.rect.height));
      line.setAttribute("d", `M${x} ${top}V${bottom}`);
      tip.replaceChildren();
      const head = `${plot.x.name} ${shown(plot.x.unit, plot.at[n])}`;
      make("p", head, tip);
      const list = make("dl", "", tip);
      const words = [head];
      // Plots that share their places share the tip.
      usable.filter((other) => other === plot || (other.at.length === plot.at.length && other.at[n] === plot.at[n])).forEach((other) => {
        other.series.forEach((series) => {
          const value = series.values[n];
          if (value === null || value === undefined || (value === 0 && other.series.length > 6)) return;
          if (words.includes(`${series.name} ${shown(series.unit, value)}`)) return;
          make("dt", series.name, list);
          make("dd", shown(series.unit, value), list);
          words.push(`${series.name} ${shown(series.unit, value)}`);
        });
      });
      tip.hidden = false;
      const drawn = svg.getBoundingClientRect();
      const frame = chart.getBoundingClientRect();
      const left = drawn.left - frame.left + chart.scrollLeft + (x / box.width) * drawn.width;
      const isShown = left >= chart.scrollLeft && left <= chart.scrollLeft + frame.width;
      if (speak && !isShown) chart.scrollLeft = left - frame.width / 2;
      const [from, width] = [chart.scrollLeft, tip.offsetWidth];
      const beside = left + 14 + width <= from + frame.width ? left + 14 : left - 14 - width;
      tip.style.left = `${Math.max(from, Math.min(beside, from + frame.width - width))}px`;
      tip.style.top = `${drawn.top - frame.top + (plot.rect.y / box.height) * drawn.height}px`;
      if (speak) voice.textContent = words.join(", ");
    };
    const hide = () => {
      at = null;
      tip.hidden = true;
      line.removeAttribute("d");
      voice.textContent = "";
    };
    chart.addEventListener("pointermove", (event) => {
      const drawn = svg.getBoundingClientRect();
      const x = ((event.clientX - drawn.left) / drawn.width) * box.width;
      const y = ((event.clientY - drawn.top) / drawn.height) * box.height;
      const within = (p) => x >= p.rect.x && x <= p.rect.x + p.rect.width;
      const distance = (p) => Math.max(p.rect.y - y, y - p.rect.y - p.rect.height, 0);
      const candidates = usable.filter(within).sort((a, b) => distance(a) - distance(b));
      if (candidates.length > 0) show(candidates[0], nearest(candidates[0], x), false);
      else hide();
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
      const plot = at ? at.plot : usable[0];
      const last = plot.at.length - 1;
      if (event.key === "Escape") hide();
      else if (event.key === "Home") show(plot, 0, true);
      else if (event.key === "End") show(plot, last, true);
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (usable.length < 2) return;
        const next = (usable.indexOf(plot) + (event.key === "ArrowDown" ? 1 : usable.length - 1)) % usable.length;
        const x = plot.rect.x + place(plot.x, plot.at[at ? at.n : 0]) * plot.rect.width;
        show(usable[next], nearest(usable[next], x), true);
      } else if (step) show(plot, at ? Math.max(0, Math.min(last, at.n + step)) : 0, true);
      else return;
      event.preventDefault();
    });
  });
})();
