"use strict";
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

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
      button.append(...head.childNodes);
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

  // Charts: the values at a place (hover.js).
  all("figure:has(.chart)").forEach(valuesUnderPointer);
})();
