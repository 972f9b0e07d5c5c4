// Opens a report in Chromium as people do, from the disk and without a network, and holds it to what
// its module promises. Arguments: the page, a folder for screenshots, and a name for them.
"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [file, shots, name] = process.argv.slice(2);
const url = pathToFileURL(path.resolve(file)).href;
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 380, height: 800 };

async function open(browser, { viewport = WIDE, colorScheme = "light", hash = "" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, offline: true });
  const page = await context.newPage();
  const heard = [];
  page.on("console", (message) => heard.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { heard.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("popup", (popup) => heard.push(`popup: ${popup.url()}`));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== url && !request.url().startsWith("data:,")) heard.push(`request: ${request.url()}`);
  });
  await page.goto(url + hash, { waitUntil: "load" });
  return { context, page, heard };
}

// What is in the page, and what must not be.
async function content(page) {
  const found = await page.evaluate(() => {
    const count = (selector) => document.querySelectorAll(selector).length;
    const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((h) => Number(h.tagName[1]));
    return {
      evil: globalThis.evil,
      executable: count("script:not([type])"),
      foreign: count("img, iframe, object, embed, video, audio, form, base, link:not([rel=icon]), svg script, svg a, svg foreignObject, svg image, svg use"),
      handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
      links: [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")),
      ids: [...document.querySelectorAll("[id]")].map((e) => e.id),
      landmarks: ["header", "main", "footer"].map(count),
      h1: count("h1"),
      skips: headings.some((level, n) => n > 0 && level > headings[n - 1] + 1),
      uncaptioned: count("table:not(:has(> caption))"),
      unscoped: count("th:not([scope])"),
      charts: count("figure svg"),
      untitled: [...document.querySelectorAll("figure svg")].filter((svg) => svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label") || !svg.querySelector("desc")).length,
      lang: document.documentElement.lang,
      title: document.title,
    };
  });
  assert.equal(found.evil, undefined, "a script of the target ran");
  assert.equal(found.executable, 1, "one script, the page's own");
  assert.equal(found.foreign, 0, "an element that a target brought");
  assert.equal(found.handlers, 0, "an element that acts by an attribute");
  const inside = found.links.every((href) => href.startsWith("#") && found.ids.includes(href.slice(1)));
  assert.ok(inside, `links lead to places in the page: ${found.links}`);
  assert.equal(new Set(found.ids).size, found.ids.length, "an id is there twice");
  assert.deepEqual(found.landmarks, [1, 1, 1]);
  assert.equal(found.h1, 1);
  assert.equal(found.skips, false, "a level of headings is left out");
  assert.equal(found.uncaptioned, 0, "a table without a caption");
  assert.equal(found.unscoped, 0, "a header cell without a scope");
  assert.equal(found.untitled, 0, "a chart without title and description");
  assert.equal(found.lang, "en");
  assert.ok(found.title.length > 5);
  return found;
}

// Every control has its turn as Tab is pressed, and shows it.
async function keyboard(page) {
  await page.locator("#fold").click();
  assert.equal(await page.locator("details:not([open])").count(), 0, "all folds opened");
  await page.locator("h1").click();
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); getSelection().removeAllRanges(); });
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, summary, [tabindex='0']")].filter((e) => !e.hidden);
    all.forEach((e, n) => { e.dataset.stop = n; });
    return all.length;
  });
  const seen = new Set();
  for (let n = 0; n < wanted + 5; n += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      return { stop: e.dataset.stop, outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, what: e.outerHTML.slice(0, 80) };
    });
    if (at.stop === undefined) continue;
    seen.add(at.stop);
    assert.ok(at.outline, `no mark of the focus on ${at.what}`);
  }
  assert.equal(seen.size, wanted, `Tab reached ${seen.size} of ${wanted} controls`);
  const summary = page.locator("summary").first();
  const fold = page.locator("details").first();
  await summary.focus();
  for (const [key, open] of [["Enter", false], ["Space", true]]) {
    await page.keyboard.press(key);
    assert.equal(await fold.evaluate((e) => e.open), open, `${key} on a fold`);
  }
  return wanted;
}

async function sorting(page) {
  const tables = page.locator("table:has(th button)");
  const many = await tables.count();
  assert.ok(many > 0, "no table can be sorted");
  for (let n = 0; n < many; n += 1) {
    const table = tables.nth(n);
    const columns = await table.locator("thead th").count();
    for (let column = 0; column < columns; column += 1) {
      const head = table.locator("thead th").nth(column);
      await head.locator("button").focus();
      for (const key of ["Enter", "Space"]) {
        await page.keyboard.press(key);
        const [direction, values] = await table.evaluate((t, c) => [
          t.tHead.rows[0].cells[c].getAttribute("aria-sort"),
          [...t.tBodies[0].rows].map((r) => {
            const cell = r.cells[c];
            return cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
          }),
        ], column);
        assert.ok(["ascending", "descending"].includes(direction), direction);
        if (await head.evaluate((h) => h.classList.contains("figure"))) {
          const figures = values.filter((v) => v !== "").map(Number);
          const sorted = [...figures].sort((a, b) => (direction === "ascending" ? a - b : b - a));
          assert.deepEqual(figures, sorted, `column ${column} of table ${n} is not ${direction}`);
          assert.ok(values.slice(figures.length).every((v) => v === ""), "cells without a figure stand last");
        } else {
          const order = (a, b) => a.localeCompare(b, "en", { numeric: true });
          const sorted = [...values].sort((a, b) => (direction === "ascending" ? order(a, b) : order(b, a)));
          assert.deepEqual(values, sorted, `column ${column} of table ${n} is not ${direction}`);
        }
      }
      const others = await table.locator("th[aria-sort='ascending'], th[aria-sort='descending']").count();
      assert.equal(others, 1, "one column is the one sorted by");
    }
  }
  return many;
}

// Contrast of every text with what is behind it (WCAG 2.2, 1.4.3, AA).
async function contrast(page, theme) {
  const poor = await page.evaluate(() => {
    const parse = (colour) => {
      const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
      return { rgb: [r, g, b], a };
    };
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const colour = parse(getComputedStyle(e).backgroundColor);
        if (colour.a > 0.99) return colour.rgb;
      }
      return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      // Text on the coloured cells of a chart has them behind it, which no style tells.
      if (element.closest("svg")) continue;
      if (!node.data.trim() || !element.checkVisibility({ opacityProperty: true }) || element.closest("script, style")) continue;
      const style = getComputedStyle(element);
      const colour = style.color;
      const [a, b] = [luminance(parse(colour).rgb), luminance(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.add(`${ratio.toFixed(2)} ${colour} ${element.tagName} ${node.data.trim().slice(0, 40)}`);
    }
    return [...found];
  });
  assert.deepEqual(poor, [], `too little contrast in the ${theme} theme`);
}

async function theme(page) {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const button = page.locator("#theme");
  const before = await background();
  assert.equal(await button.textContent(), "Dark theme");
  await button.focus();
  await page.keyboard.press("Space");
  assert.equal(await button.textContent(), "Light theme", "the button says what it will do");
  assert.notEqual(await background(), before, "the theme changes the page");
  // A browser keeps what a page stores in a process of its own, and hands it there a moment later. A
  // reload before that may lose it for good, so it is chosen again, and given longer.
  for (const moment of [200, 1_000, 4_000]) {
    if (await button.textContent() !== "Light theme") await button.click();
    await page.waitForTimeout(moment);
    await page.reload();
    if (await button.textContent() === "Light theme") break;
  }
  assert.equal(await button.textContent(), "Light theme", "the choice outlives a reload");
  await page.keyboard.press("Tab");
  await button.click();
  assert.equal(await background(), before);
}

async function permalinks(browser) {
  const { context, page, heard } = await open(browser, { hash: "#setup" });
  // Links open the folds that they lead to; the page hears of them a moment later.
  const opened = (id) => page.locator(`section.fold:has(#${id}) details[open]`).waitFor({ timeout: 5000 });
  await opened("setup");
  await page.locator("#verdicts .permalink").focus();
  await page.keyboard.press("Enter");
  await opened("verdicts");
  assert.ok(page.url().endsWith("#verdicts"));
  assert.deepEqual(heard, []);
  await context.close();
}

// Should markup get into the page after all, its policy keeps it from acting.
async function policy(browser) {
  const { context, page } = await open(browser);
  const refused = await page.evaluate(async () => {
    const told = [];
    addEventListener("securitypolicyviolation", (event) => told.push(event.effectiveDirective));
    const add = (name, attributes, text = "") => {
      const element = Object.assign(document.createElement(name), { textContent: text });
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      document.body.append(element);
    };
    add("script", {}, "globalThis.evil = 2");
    add("style", {}, "body { display: none }");
    add("div", { onclick: "globalThis.evil = 3" });
    document.body.lastElementChild.click();
    add("img", { src: "https://substorm.test/x.png" });
    add("iframe", { src: "https://substorm.test/" });
    await fetch("https://substorm.test/").catch(() => {});
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    return { told: [...new Set(told)].sort(), evil: globalThis.evil, shown: getComputedStyle(document.body).display };
  });
  assert.equal(refused.evil, undefined, "a script was brought in and ran");
  assert.notEqual(refused.shown, "none", "a style was brought in and holds");
  const wanted = ["connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem", "style-src-elem"];
  assert.deepEqual(refused.told, wanted);
  await context.close();
}

// Without scripts everything is there but what needs them, and no control that would do nothing.
async function scriptless(browser) {
  const context = await browser.newContext({ viewport: WIDE, offline: true, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  assert.equal(await page.locator("button:visible").count(), 0, "a button that does nothing");
  assert.ok(await page.getByText("Did it pass?").isVisible());
  assert.ok((await page.locator("summary:visible").count()) > 3);
  await page.locator("summary").first().click();
  assert.equal(await page.locator("details").first().getAttribute("open"), "", "folds open");
  await context.close();
}

// What a tip tells of a plot's place is what the page has of it.
async function tells(figure, plot, n) {
  const said = await figure.locator(".tip dt").evaluateAll((names) => names.map((name) => [name.textContent, name.nextElementSibling.textContent]));
  const read = (unit, text) => {
    const value = Number.parseFloat(text.replaceAll(",", ""));
    if (unit === "us") return value * { "µs": 1, ms: 1e3, s: 1e6 }[text.split(" ").pop()];
    return unit === "share" ? value / 100 : value;
  };
  for (const { name, unit, values: all } of plot.series) {
    const wanted = all[n];
    // Of many series those that are zero are not told.
    if (wanted === null || (wanted === 0 && plot.series.length > 6)) continue;
    const told = said.filter(([of]) => of === name).map(([, text]) => read(unit, text));
    // To the digits that are shown: three of most shares, four of others.
    const isIt = (value) => Math.abs(value - wanted) <= Math.abs(wanted) * (unit === "share" ? 5e-3 : 5e-4);
    assert.ok(told.some(isIt), `${name}, place ${n}: ${wanted} is not in ${JSON.stringify(said)}`);
  }
}

// Values of a chart, under the pointer and by the arrow keys.
async function values(page, pointer = true) {
  const charts = page.locator("figure:has(.chart[tabindex])");
  const many = await charts.count();
  assert.equal(await page.locator("figure:has(.chart)").count(), many, "every chart has values");
  for (let n = 0; n < many; n += 1) {
    const figure = charts.nth(n);
    const chart = figure.locator(".chart");
    await chart.focus();
    await page.keyboard.press("End");
    // Where the chart is scrolled to its end too, and on a narrow screen.
    const shape = await figure.locator(".tip").evaluate((tip) => {
      const [inner, outer] = [tip, tip.parentElement].map((e) => e.getBoundingClientRect());
      const lines = [...tip.querySelectorAll("dd")].map((dd) => dd.getClientRects().length && dd.offsetHeight);
      return { inside: inner.left >= outer.left - 1 && inner.right <= outer.right + 1, tallest: lines.length > 0 ? Math.max(...lines) : Infinity };
    });
    assert.ok(shape.inside && shape.tallest < 30, `figures are not broken: ${JSON.stringify(shape)}`);
    const last = await figure.locator("[aria-live]").textContent();
    await page.keyboard.press("Home");
    const first = await figure.locator("[aria-live]").textContent();
    assert.ok(/\d/.test(first) && /\d/.test(last), `values are told: ${first}`);
    await page.keyboard.press("ArrowRight");
    assert.ok(await figure.locator(".tip").isVisible());
    const plots = await figure.locator("script").evaluate((e) => JSON.parse(e.textContent).plots);
    await tells(figure, plots[0], Math.min(1, plots[0].at.length - 1));
    await page.keyboard.press("Escape");
    assert.ok(await figure.locator(".tip").isHidden());
    if (!pointer) continue;
    const box = await figure.locator("svg").boundingBox();
    const scale = box.width / (await figure.locator("svg").evaluate((e) => e.viewBox.baseVal.width));
    for (const plot of plots) {
      const { rect, names, at, x } = plot;
      // What lies side by side is pointed at where it is widest, away from its neighbours; it is called by
      // its name.
      const wide = at.map((from, n) => (n + 1 < at.length ? at[n + 1] : x.to) - from);
      const meant = wide.indexOf(Math.max(...wide));
      const share = names ? (at[meant] + wide[meant] / 2 - x.from) / (x.to - x.from) : 0.5;
      const place = { x: (rect.x + rect.width * share) * scale, y: (rect.y + rect.height / 2) * scale };
      await chart.hover({ position: place });
      assert.ok(await figure.locator(".tip").isVisible(), "values under the pointer");
      const within = await figure.locator(".tip").evaluate((tip) => {
        const [inner, outer] = [tip, tip.parentElement].map((e) => e.getBoundingClientRect());
        const across = inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
        return across && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
      });
      assert.ok(within, "the values stay within the chart");
      if (!names) continue;
      assert.equal(await figure.locator(".tip p").first().textContent(), names[meant]);
      await tells(figure, plot, meant);
    }
    await page.mouse.move(2, 2);
  }
  return many;
}

// No figure is cut without a way to it and a hint at it, and a header stands as its column does.
async function frames(page) {
  const wrong = () => page.evaluate(() => {
    const found = [];
    for (const frame of document.querySelectorAll(".frame")) {
      const inner = frame.firstElementChild;
      if (!inner.checkVisibility()) continue;
      const name = `${inner.getAttribute("aria-label")}`;
      const hidden = inner.scrollWidth - inner.clientWidth - inner.scrollLeft > 1;
      if (frame.classList.contains("cut-right") !== hidden) found.push(`${name}: the hint and the edge`);
      if (hidden && getComputedStyle(frame, "::after").backgroundImage === "none") found.push(`${name}: no hint`);
      if (hidden && (inner.tabIndex !== 0 || !inner.hasAttribute("role") || !name)) found.push(`${name}: no way by keys`);
      if (hidden && getComputedStyle(inner).overflowX !== "auto") found.push(`${name}: does not scroll`);
    }
    for (const table of document.querySelectorAll("table")) {
      const [heads, row] = [table.tHead.rows[0].cells, table.tBodies[0].rows[0]];
      if (!row) continue;
      [...heads].forEach((head, n) => {
        const [one, other] = [head, row.cells[n]].map((e) => getComputedStyle(e).textAlign);
        if (one !== other) found.push(`${head.textContent}: ${one} over ${other}`);
      });
    }
    return found;
  });
  await page.waitForTimeout(100);
  assert.deepEqual(await wrong(), []);
  await page.evaluate(() => document.querySelectorAll(".frame > *").forEach((inner) => { inner.scrollLeft = inner.scrollWidth; }));
  await page.waitForTimeout(100);
  assert.deepEqual(await wrong(), []);
  assert.equal(await page.locator(".frame.cut-right").count(), 0, "scrolled to its end nothing is cut");
  await page.evaluate(() => document.querySelectorAll(".frame > *").forEach((inner) => { inner.scrollLeft = 0; }));
  await page.waitForTimeout(100);
}

// On paper every colour is the light theme's, whatever was chosen.
async function ink(browser) {
  const values = (page) => page.evaluate(() => {
    const text = document.querySelector("style").textContent;
    const names = [...new Set(text.match(/--chart-[\w-]+(?=:)/g))];
    const style = getComputedStyle(document.documentElement);
    return names.map((name) => `${name} ${style.getPropertyValue(name)}`);
  });
  const light = await open(browser);
  const wanted = await values(light.page);
  assert.ok(wanted.length > 10);
  await light.context.close();
  for (const chosen of ["dark", "light", undefined]) {
    const { context, page } = await open(browser, { colorScheme: "dark" });
    await page.evaluate((theme) => { if (theme) document.documentElement.dataset.theme = theme; }, chosen);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.deepEqual(await values(page), wanted, `colours of charts on paper, ${chosen}`);
    const behind = await page.locator("figure").first().evaluate((e) => getComputedStyle(e).backgroundColor);
    assert.equal(behind, "rgb(255, 255, 255)");
    await contrast(page, "printed");
    await context.close();
  }
}

async function paper(browser) {
  const { context, page, heard } = await open(browser, { colorScheme: "dark" });
  const pdf = await page.pdf({ path: path.join(shots, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  assert.deepEqual(heard, []);
  await context.close();
}

async function looks(browser) {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [WIDE, NARROW, { width: 1600, height: 1000 }]) {
      const { context, page, heard } = await open(browser, { viewport, colorScheme });
      await page.screenshot({ path: path.join(shots, `${name}-${viewport.width}-${colorScheme}.png`) });
      await page.locator("#fold").click();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `the page is ${width} px wide on a screen of ${viewport.width}`);
      await contrast(page, colorScheme);
      await frames(page);
      await page.screenshot({ path: path.join(shots, `${name}-${viewport.width}-${colorScheme}-whole.png`), fullPage: true });
      assert.deepEqual(heard, []);
      await context.close();
    }
  }
}

(async () => {
  fs.mkdirSync(shots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    const { context, page, heard } = await open(browser);
    const found = await content(page);
    await theme(page);
    const controls = await keyboard(page);
    const tables = await sorting(page);
    const told = await values(page);
    assert.ok(told > 0, "no chart tells its values");
    const before = page.viewportSize();
    await page.setViewportSize({ width: 380, height: 800 });
    assert.equal(await values(page, false), told);
    await page.setViewportSize(before);
    assert.deepEqual(heard, [], "the console stays silent and nothing is asked for");
    await context.close();
    await permalinks(browser);
    await policy(browser);
    await scriptless(browser);
    await paper(browser);
    await ink(browser);
    await looks(browser);
    console.log(JSON.stringify({ controls, tables, charts: found.charts, title: found.title }));
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
