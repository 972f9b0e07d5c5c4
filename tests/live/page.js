// Opens the live page of a run in Chromium and follows it to the end: it shows the run, survives a
// reload, shows the band of a fault and its hits when that begins, shows values under the pointer and by
// the arrow keys, and becomes the report. The page of a run that is killed says so.
// Arguments: the program, a scenario, the folder for runs; a folder for screenshots, if wanted.
"use strict";
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [program, scenario, out, shots] = process.argv.slice(2);
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const NARROW = { width: 380, height: 800 };
const WIDE = { width: 1280, height: 900 };

// Starts the run; gives the process, and where its page is.
function start() {
  const { CI, GITHUB_ACTIONS, ...env } = process.env;
  const run = spawn(program, ["run", scenario, "--out", out, "--serve", "0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  run.printed = "";
  run.stdout.setEncoding("utf8");
  run.stdout.on("data", (text) => { run.printed += text; });
  run.ended = new Promise((ended) => run.on("exit", (code) => ended(code)));
  const address = new Promise((found, lost) => {
    let said = "";
    run.stderr.on("data", (text) => {
      said += text;
      const match = said.match(/watched at (http:\S+)/);
      if (match) found(match[1]);
    });
    run.on("exit", () => lost(new Error(`no address in: ${said}`)));
  });
  return { run, address };
}

// Status and headers of a request with these headers.
function ask(url, headers) {
  return new Promise((answer, failed) => {
    http.get(url, { headers }, (response) => {
      response.resume();
      answer({ status: response.statusCode, headers: response.headers });
    }).on("error", failed);
  });
}

const figure = (page, row) => page.locator(`#rates tr:has(th:text-is("${row}")) td`).last()
  .textContent().then((text) => Number(text.replaceAll(",", "")));

// Whether a band lies behind the plot of verdicts at this time of the load, in seconds.
const isBand = (page, time) => page.evaluate((at) => {
  const chart = document.querySelector("#chart-verdicts");
  const [{ rect, x }] = JSON.parse(chart.querySelector("script").textContent).plots;
  const place = new DOMPoint(rect.x + (rect.width * (at - x.from)) / (x.to - x.from), rect.y + rect.height / 2);
  const bands = [...chart.querySelectorAll('svg [fill="var(--chart-band)"]')];
  return at < x.to && bands.some((band) => band.isPointInFill(place));
}, time);

async function until(what, holds) {
  for (let n = 0; n < 100; n += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  assert.fail(what);
}

// What is sent first holds what there is to see: all of it is there without a script.
async function scriptless(browser, url, known) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  assert.equal(await page.locator("#rates table").count(), 1, "figures without a script");
  assert.ok(await figure(page, "done") >= known, "those of now");
  assert.equal(await page.locator("#chart-verdicts svg").count(), 1, "charts without a script");
  await context.close();
}

async function shoot(page, name) {
  if (!shots) return;
  fs.mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the window`);
}

// Each control has its turn as Tab is pressed.
async function keyboard(page) {
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  const reached = new Set();
  for (let n = 0; n < 12; n += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.className));
  }
  for (const id of ["skip", "pause", "theme", "times"]) assert.ok(reached.has(id), `Tab does not reach ${id}: ${[...reached]}`);
}

// Values show under the pointer, stay there while the chart goes on, and go when the pointer does.
async function pointer(page) {
  const chart = page.locator("#chart-verdicts");
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.locator("svg").boundingBox();
  const at = (share) => page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
  const tip = chart.locator(".tip");
  const head = () => tip.locator("p").first().textContent();
  await at(0.2);
  await tip.waitFor({ state: "visible" });
  const first = await head();
  await at(0.6);
  assert.notEqual(await head(), first, "another place has other values");
  assert.match(await tip.textContent(), /correct_accept/);
  // Drawn anew, with the pointer where it was: the axis goes on, so the place is a later one.
  const drawing = await chart.locator("svg").elementHandle();
  await page.waitForFunction((old) => !old.isConnected, drawing);
  await tip.waitFor({ state: "visible" });
  assert.equal(await chart.locator(".cursor").getAttribute("d").then(Boolean), true);
  await page.mouse.move(1, 1);
  await tip.waitFor({ state: "hidden" });

  // By the keys, the value stays when the chart is drawn anew, and nobody is told it twice.
  await chart.focus();
  for (const key of ["Home", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await tip.waitFor({ state: "visible" });
  const third = await head();
  const voice = () => page.locator("figure:has(#chart-verdicts) > .voice").textContent();
  assert.ok((await voice()).startsWith(third), `${await voice()} of ${third}`);
  const again = await chart.locator("svg").elementHandle();
  await page.waitForFunction((old) => !old.isConnected, again);
  assert.equal(await head(), third);
  await page.keyboard.press("Escape");
  await tip.waitFor({ state: "hidden" });
}

async function follow(browser, url, run) {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: "light" });
  const page = await context.newPage();
  const heard = [];
  page.on("console", (message) => { if (message.type() !== "info") heard.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => heard.push(`error: ${error.message}`));
  page.on("request", (request) => { if (!request.url().startsWith(url) && !request.url().startsWith("data:")) heard.push(`request: ${request.url()}`); });

  await page.goto(url);
  assert.match(await page.locator("h1").textContent(), /^live/);
  assert.ok((await page.content()).includes("&lt;b&gt;users&lt;/b&gt; &amp; takes"), "text of the scenario is escaped");
  await page.waitForSelector("#rates table", { timeout: 30_000 });
  assert.equal(await page.locator("#answers").textContent().then((text) => text.includes("store-outage")), false, "it has not begun");
  const before = await figure(page, "done");
  await page.waitForFunction((n) => Number(document.querySelector("#rates tbody tr:last-child td:last-child").textContent.replaceAll(",", "")) > n, before);
  await page.waitForSelector("#chart-verdicts svg");
  await keyboard(page);
  await pointer(page);

  // After a reload all is there at once, before an event has come.
  const known = await figure(page, "done");
  await page.reload({ waitUntil: "domcontentloaded" });
  assert.ok(await figure(page, "done") >= known, "the page knows what it knew before");
  await page.waitForSelector("#chart-verdicts svg");

  // The band of a fault under way is in the chart.
  await page.waitForFunction(() => document.querySelector("#answers").textContent.includes("store-outage"), null, { timeout: 20_000 });
  await page.waitForFunction(() => document.querySelector("#chart-verdicts svg")?.textContent.includes("store-outage"));
  // A second into it, which the chart's last one has to be over for.
  await until("no band behind the outage", () => isBand(page, 9.7));
  assert.equal(await isBand(page, 8), false, "a band before the outage");
  assert.match(await page.locator("#spoken").textContent(), /store-outage began/);
  // It bites before it ends.
  await page.waitForFunction(() => /[1-9]\d* connections? hit so far/.test(document.querySelector("#answers").textContent));
  // What does not need the fault comes after it: that does not wait.
  await scriptless(browser, url, known);
  await shoot(page, "live-light");
  await page.locator("#theme").click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await shoot(page, "live-dark");
  await page.setViewportSize(NARROW);
  await fits(page);
  await shoot(page, "live-narrow");
  await page.setViewportSize(WIDE);

  // A page that is paused stands still, and knows everything when it goes on.
  await page.locator("#pause").click();
  const still = await figure(page, "done");
  await page.waitForTimeout(1_500);
  assert.equal(await figure(page, "done"), still);
  await page.locator("#pause").click();
  await page.waitForFunction((n) => Number(document.querySelector("#rates tbody tr:last-child td:last-child").textContent.replaceAll(",", "")) > n, still);

  // At the end the same address is the report.
  await page.waitForSelector("#fold", { state: "attached", timeout: 40_000 });
  await page.waitForLoadState("load");
  assert.equal(page.url(), url);
  assert.equal(await page.locator("#rates").count(), 0);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "the choice of a theme stays");
  await shoot(page, "live-over");
  assert.deepEqual(heard, []);
  await context.close();
  return run.ended;
}

// The page of a run that is killed: it says that nobody is there any more, and keeps what it has.
async function killed(browser) {
  const { run, address } = start();
  try {
    const page = await browser.newPage({ viewport: WIDE });
    const other = await browser.newPage({ viewport: WIDE });
    const url = await address;
    await Promise.all([page.goto(url), other.goto(url)]);
    for (const tab of [page, other]) {
      await tab.waitForSelector("#rates table", { timeout: 30_000 });
      await tab.waitForSelector("#chart-verdicts svg");
    }
    run.kill("SIGKILL");
    for (const tab of [page, other]) {
      await tab.waitForFunction(() => document.querySelector("#connection").textContent.includes("was killed"), null, { timeout: 30_000 });
      assert.equal(await tab.locator("#state").textContent(), "No longer there");
      assert.ok(await tab.locator("#rates table").count() > 0, "what was heard stays");
    }
    await shoot(page, "live-killed");
  } finally {
    run.kill("SIGKILL");
  }
}

async function main() {
  const { run, address } = start();
  let browser;
  try {
    const url = await address;
    const served = await ask(url, {});
    assert.equal(served.status, 200);
    const policy = served.headers["content-security-policy"];
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/);
    assert.equal((await ask(url, { host: "rebound.example" })).status, 421);
    assert.equal((await ask(`${url}events`, { host: "rebound.example:80" })).status, 421);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
    const code = await follow(browser, url, run);
    const [folder] = fs.readdirSync(out);
    const report = JSON.parse(fs.readFileSync(path.join(out, folder, "run.json"), "utf8"));
    assert.equal(code, report.exit_code);
    assert.match(run.printed, /live/);
    await killed(browser);
    console.log("as it should be");
  } finally {
    if (browser) await browser.close();
    run.kill("SIGKILL");
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
