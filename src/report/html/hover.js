// The values of a chart, under the pointer or by the arrow keys: of charts that stay, as in a report, and
// of those that are drawn anew, as on the page of a run. A figure has an element of class `chart` with
// the drawing, and the values in it as JSON (src/report/charts/hover.rs) in a script that is none.
"use strict";
const valuesUnderPointer = (() => {
  const scales = {
    linear: (axis, v) => (v - axis.from) / (axis.to - axis.from),
    log: (axis, v) => Math.log(v / axis.from) / Math.log(axis.to / axis.from),
    nines: (axis, v) => Math.log((1 - v) / (1 - axis.from)) / Math.log((1 - axis.to) / (1 - axis.from)),
  };
  // The last of all has no place on an axis without an end: it stands at the edge.
  const place = (axis, value) => Math.min(1, Math.max(0, scales[axis.scale](axis, value) || 0));
  // Things are counted one by one.
  const count = (value) => value.toLocaleString("en", { maximumFractionDigits: 0 });
  const digits = (value) => value.toLocaleString("en", { maximumSignificantDigits: 4 });
  const shown = (unit, value) => {
    if (value === null || value === undefined) return "\u2013";
    switch (unit) {
      case "us": return value >= 1e6 ? `${digits(value / 1e6)} s` : value >= 1e3 ? `${digits(value / 1e3)} ms` : `${digits(value)} \u00b5s`;
      // Nearly all is not all.
      case "share": return `${(value * 100).toLocaleString("en", { maximumSignificantDigits: value > 0.99 ? 9 : 3 })} %`;
      case "s": return `${digits(value)} s`;
      case "1/s": return `${digits(value)}/s`;
      case "count": return count(value);
      default: return digits(value);
    }
  };
  // A place on an axis, in what the axis counts in (time_unit of src/report/charts/axis.rs).
  const placed = (axis, value) => {
    if (axis.unit !== "s" || axis.to <= 180) return shown(axis.unit, value);
    const [parts, unit, places] = axis.to <= 10_800 ? [60, "min", 2] : [3_600, "h", 4];
    return `${(value / parts).toLocaleString("en", { maximumFractionDigits: places })} ${unit}`;
  };
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== "") element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  const nearest = (plot, x) => {
    const places = plot.at.map((value) => plot.rect.x + place(plot.x, value) * plot.rect.width);
    let best = 0;
    places.forEach((p, n) => {
      // A value that holds up to the next place is meant wherever the pointer is between them.
      if (plot.steps ? p <= x : Math.abs(p - x) < Math.abs(places[best] - x)) best = n;
    });
    return best;
  };

  // Begins with a figure; gives what is to be called when its chart was drawn anew.
  return (figure) => {
    const chart = figure.querySelector(".chart");
    const label = chart.getAttribute("aria-label");
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", "cursor");
    const tip = make("div", "");
    tip.className = "tip";
    tip.hidden = true;
    const voice = make("p", "", figure);
    voice.className = "voice";
    voice.setAttribute("aria-live", "polite");
    let svg = null;
    let usable = [];
    // What is shown, and where the pointer is if it is shown for that.
    let at = null;
    let pointer = null;

    const hide = () => {
      at = null;
      pointer = null;
      tip.hidden = true;
      line.removeAttribute("d");
      voice.textContent = "";
    };
    const show = (plot, n, speak) => {
      at = { plot, n };
      const box = svg.viewBox.baseVal;
      const start = place(plot.x, plot.at[n]);
      // Things that have names lie side by side, up to the end of the axis.
      const until = n + 1 < plot.at.length ? plot.at[n + 1] : plot.names ? plot.x.to : plot.at[n];
      const end = plot.steps ? place(plot.x, until) : start;
      const x = plot.rect.x + ((start + end) / 2) * plot.rect.width;
      const across = plot.names ? [plot] : usable;
      const top = Math.min(...across.map((p) => p.rect.y));
      const bottom = Math.max(...across.map((p) => p.rect.y + p.rect.height));
      line.setAttribute("d", `M${x} ${top}V${bottom}`);
      tip.replaceChildren();
      const head = plot.names ? plot.names[n] : `${plot.x.name} ${placed(plot.x, plot.at[n])}`;
      make("p", head, tip);
      const words = [head];
      // Plots that share their places share the tip; one that has the same series is told apart by name.
      const same = (other) => other.series.some((a) => plot.series.some((b) => a.name === b.name));
      if (!plot.names && usable.some((other) => other !== plot && same(other))) {
        make("p", plot.y.name, tip).className = "which";
        words.push(plot.y.name);
      }
      const list = make("dl", "", tip);
      const shares = (other) => !plot.names && other.at.length === plot.at.length && other.at[n] === plot.at[n];
      const told = [plot, ...usable.filter((other) => other !== plot && shares(other) && !same(other))];
      const names = new Set();
      told.forEach((other) => {
        other.series.forEach((series) => {
          const value = series.values[n];
          if (value === null || value === undefined || (value === 0 && other.series.length > 6)) return;
          if (names.has(series.name)) return;
          names.add(series.name);
          make("dt", series.name, list);
          make("dd", shown(series.unit, value), list);
          words.push(`${series.name} ${shown(series.unit, value)}`);
        });
      });
      tip.hidden = false;
      // As wide as its words, wherever it was before.
      tip.style.left = "0";
      const drawn = svg.getBoundingClientRect();
      const frame = chart.getBoundingClientRect();
      const left = drawn.left - frame.left + chart.scrollLeft + (x / box.width) * drawn.width;
      const isShown = left >= chart.scrollLeft && left <= chart.scrollLeft + frame.width;
      if (speak && !isShown) chart.scrollLeft = left - frame.width / 2;
      const [from, width] = [chart.scrollLeft, tip.offsetWidth];
      const beside = left + 14 + width <= from + frame.width ? left + 14 : left - 14 - width;
      tip.style.left = `${Math.max(from, Math.min(beside, from + frame.width - width))}px`;
      const down = (y) => drawn.top - frame.top + (y / box.height) * drawn.height;
      const [high, room] = [tip.offsetHeight, chart.clientHeight];
      // Beside the line; of things that have names below or above, so as not to cover what is pointed at.
      let wanted = down(plot.rect.y);
      if (plot.names) {
        const below = down(plot.rect.y + plot.rect.height) + 4;
        wanted = below + high <= room ? below : wanted - high - 4;
      }
      tip.style.top = `${Math.max(0, Math.min(wanted, room - high))}px`;
      if (speak) voice.textContent = words.join(", ");
    };
    const point = ({ clientX, clientY }) => {
      const box = svg.viewBox.baseVal;
      const drawn = svg.getBoundingClientRect();
      const x = ((clientX - drawn.left) / drawn.width) * box.width;
      const y = ((clientY - drawn.top) / drawn.height) * box.height;
      const within = (p) => x >= p.rect.x && x <= p.rect.x + p.rect.width;
      const distance = (p) => Math.max(p.rect.y - y, y - p.rect.y - p.rect.height, 0);
      // Of things that have names only what is pointed at is told.
      const reached = (p) => !p.names || distance(p) <= 2;
      const candidates = usable.filter((p) => within(p) && reached(p)).sort((a, b) => distance(a) - distance(b));
      if (candidates.length === 0) hide();
      else show(candidates[0], nearest(candidates[0], x), false);
      pointer = { clientX, clientY };
    };
    const take = () => {
      const before = at && { plot: usable.indexOf(at.plot), value: at.plot.at[at.n] };
      const values = figure.querySelector("script");
      svg = chart.querySelector("svg");
      usable = svg && values ? JSON.parse(values.textContent).plots : [];
      usable = usable.filter((plot) => plot.at.length > 0 && plot.series.length > 0);
      if (usable.length === 0) {
        hide();
        tip.remove();
        chart.removeAttribute("tabindex");
        chart.setAttribute("aria-label", label.replace(/, values by arrow keys$/, ""));
        chart.dataset.silent = "";
        return;
      }
      delete chart.dataset.silent;
      chart.tabIndex = 0;
      chart.setAttribute("aria-label", label);
      svg.append(line);
      chart.append(tip);
      // The same place as before, whatever the axis is now; nobody is told again.
      if (pointer) point(pointer);
      else if (before) {
        const plot = usable[Math.min(before.plot, usable.length - 1)];
        show(plot, nearest(plot, plot.rect.x + place(plot.x, before.value) * plot.rect.width), false);
      }
    };
    chart.addEventListener("pointermove", (event) => { if (usable.length > 0) point(event); });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      if (usable.length === 0) return;
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
      pointer = null;
      event.preventDefault();
    });
    take();
    return take;
  };
})();
