// Takes pictures of pages as Chromium shows them, in both themes.
//   node screens.js report PAGE NAME   a report from the disk, as it opens, with all charts
//   node screens.js live URL NAME      the live page of a run, as soon as a fault is under way
// Pictures are NAME-light.png and NAME-dark.png.
"use strict";
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [what, where, name] = process.argv.slice(2);
const LIMIT_MS = 90_000;

async function reached(page, url) {
  const until = Date.now() + LIMIT_MS;
  for (;;) {
    try {
      return await page.goto(url, { waitUntil: "domcontentloaded" });
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function main() {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  const themes = ["light", "dark"];
  const pages = await Promise.all(themes.map(async (colorScheme) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
    return context.newPage();
  }));
  if (what === "report") {
    await Promise.all(pages.map((page) => page.goto(pathToFileURL(path.resolve(where)).href)));
  } else {
    await Promise.all(pages.map((page) => reached(page, where)));
    // The log says when a fault begins; two seconds later its band can be seen in the charts.
    await Promise.all(pages.map((page) => page.getByText(" began: ").first().waitFor({ timeout: LIMIT_MS })));
    await pages[0].waitForTimeout(2_000);
  }
  await Promise.all(pages.map((page, n) => page.screenshot({ path: `${name}-${themes[n]}.png`, fullPage: true })));
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
