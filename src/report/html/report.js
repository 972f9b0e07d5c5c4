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
  const show = () => theme.setAttribute("aria-pressed", String(isDark()));
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
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
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
})();
