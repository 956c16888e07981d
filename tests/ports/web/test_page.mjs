// The explorer in headless Chromium, from file://.
//   node test_page.mjs PAGE MODELS PLAYWRIGHT PICTURES
// MODELS: as test_module.mjs has them. PLAYWRIGHT: the folder where npm put playwright-core. PICTURES: where screenshots
// go, for people.
import assert from "node:assert/strict";
import fs from "node:fs";
import {createRequire} from "node:module";
import path from "node:path";
import test, {after, before} from "node:test";

import {forgeSignature} from "./forge.mjs";

const [file, models, playwright, pictures] = process.argv.slice(2).map((name) => path.resolve(name));
const {chromium} = createRequire(`${playwright}/`)("playwright-core");
const URL = `file://${file}`;
const SHIPPED = "af5e19b5";
const DESKTOP = {viewport: {width: 1280, height: 860}};
const PHONE = {viewport: {width: 360, height: 740}, deviceScaleFactor: 2, hasTouch: true};
fs.mkdirSync(pictures, {recursive: true});

let browser;
before(async () => {
  // As root, which CI is, Chromium has no sandbox of its own; the page is ours.
  browser = await chromium.launch({executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"]});
});
after(() => browser?.close());

// A test with the page open. It fails if the console has an error or the page asks for anything but itself.
function pageTest(name, settings, body) {
  test(name, async () => {
    const context = await browser.newContext(settings);
    const page = await context.newPage();
    const faults = [];
    page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== URL) faults.push(`request: ${request.url().slice(0, 100)}`);
    });
    await page.goto(URL);
    await page.waitForSelector("html[data-ready]", {timeout: 60_000});
    await body(page, faults);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

const badge = (page) => page.locator("#badge");
const caption = (page) => page.locator(".output figcaption").textContent();

// The pixels of the digit at hand, as they are on the screen: how dark each is, row by row.
const digit = (page, selector = ".digit") => page.locator(selector).evaluate((canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({length: data.length / 4}, (_, i) => data[4 * i]);
});
const differs = (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

const ONE = [[0.5, 0.15], [0.5, 0.85]];
const TWO = [[0.3, 0.28], [0.38, 0.18], [0.52, 0.14], [0.64, 0.2], [0.68, 0.32], [0.6, 0.46], [0.48, 0.6], [0.36, 0.74],
  [0.28, 0.82], [0.45, 0.84], [0.6, 0.82], [0.76, 0.83]];
const SCRAWL = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9], [0.1, 0.1], [0.5, 0.5], [0.9, 0.5], [0.1, 0.5]];

async function draw(page, points) {
  const box = await page.locator(".pad").boundingBox();
  const at = ([u, v]) => [box.x + box.width * u, box.y + box.height * v];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), {steps: 4});
  await page.mouse.up();
}

const openModel = async (page, name) => {
  await page.setInputFiles("#file", path.join(models, `${name}.pvae`));
  await page.waitForFunction((file) => document.querySelector("#facts").textContent.includes(file), `${name}.pvae`);
};

// Everything that a person sees or reaches is there, has a size and lies within the page; and no two cards overlap.
async function checkLayout(page) {
  const found = await page.evaluate(() => {
    const wrong = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) wrong.push("the page scrolls sideways");
    const shown = (element) => element.checkVisibility() && !element.closest(".spoken");
    const parts = "h1, h2, button, select, input, canvas, figcaption, dd, dt, summary";
    for (const element of document.querySelectorAll(parts)) {
      if (!shown(element)) continue;
      const box = element.getBoundingClientRect();
      const name = `${element.tagName} ${element.className} ${element.textContent.slice(0, 20)}`;
      if (box.width < 4 || box.height < 4) wrong.push(`${name} has no size`);
      if (box.left < 0 || box.right > width + 0.5) wrong.push(`${name} leaves the page`);
      if (element.matches("button") && element.scrollWidth > element.clientWidth + 1) wrong.push(`${name} is cut`);
    }
    const boxes = [...document.querySelectorAll(".card, .top, footer, .refusal")].filter(shown)
      .map((element) => ({name: element.className, ...element.getBoundingClientRect().toJSON()}));
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        const apart = a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom;
        if (!apart) wrong.push(`${a.name} on ${b.name}`);
      }
    }
    return {wrong, cards: boxes.length};
  });
  assert.deepEqual(found.wrong, []);
  assert.ok(found.cards >= 6, `${found.cards} parts`);
}

// A screenshot of the top, which must have ink, paper and an accent on it.
async function photograph(page, name) {
  await page.waitForSelector(".plane[data-ready]");
  const picture = await page.screenshot({path: path.join(pictures, `${name}.png`), animations: "disabled"});
  const colors = await page.evaluate(async (png) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const words = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
    const counts = new Map();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    return {different: counts.size, most: Math.max(...counts.values()) / words.length};
  }, picture.toString("base64"));
  assert.ok(colors.different > 100 && colors.most < 0.9, JSON.stringify(colors));
}

pageTest("the page signs its model, and says what that means", DESKTOP, async (page) => {
  assert.equal(await badge(page).getAttribute("data-state"), "same");
  assert.match(await badge(page).textContent(), new RegExp(`same bits ${SHIPPED}`));
  assert.equal(await page.locator("#signature").isVisible(), false);
  await badge(page).click();
  const text = await page.locator("#signature").textContent();
  assert.match(text, /every bit is equal/);
  assert.match(text, /wasm32 \/ simd128/);
  assert.equal(await page.locator("#signature td:text-is('equal')").count(), 4);
  await checkLayout(page);
});

pageTest("a drawing is reconstructed and judged", DESKTOP, async (page) => {
  await draw(page, TWO);
  assert.equal(await caption(page), "What the model makes of it");
  assert.equal(await page.locator(".verdict").textContent(), "Normal");
  const two = await digit(page);
  assert.ok(differs(two, await digit(page, ".seen")) < 12, "the reconstruction is like the drawing");
  assert.ok(await page.locator(".band").first().isVisible(), "the posterior is shown");
  await photograph(page, "light");
  await page.getByRole("button", {name: "Clear"}).click();
  assert.equal(await page.locator(".verdict").textContent(), "");
  await draw(page, SCRAWL);
  assert.equal(await page.locator(".verdict").textContent(), "Abnormal");
  await checkLayout(page);
});

pageTest("a class is drawn, and there is a way back to the drawing", DESKTOP, async (page) => {
  await draw(page, TWO);
  const two = await digit(page);
  await page.getByRole("button", {name: "Draw a 7"}).click();
  assert.equal(await caption(page), "A 7, drawn by the model");
  const seven = await digit(page);
  assert.ok(differs(two, seven) > 20);
  await page.getByRole("button", {name: "Draw a 7"}).click();
  assert.ok(differs(seven, await digit(page)) > 5, "each seven is another");
  await page.getByRole("button", {name: "Back to your drawing"}).click();
  assert.deepEqual(await digit(page), two);
  await page.getByRole("button", {name: "Draw at random"}).click();
  assert.equal(await caption(page), "Drawn at random");
});

pageTest("sliders move the digit; the rest are folded away", DESKTOP, async (page) => {
  assert.equal(await page.locator(".latents > .sliders input").count(), 18);
  assert.equal(await page.locator("details input").first().isVisible(), false);
  const first = page.locator(".latents input").first();
  const was = await digit(page);
  await first.fill("3");
  assert.ok(differs(was, await digit(page)) > 5);
  assert.equal(await page.locator(".latents output").first().textContent(), "+3.00");
  await page.locator("summary").click();
  assert.equal(await page.locator(".latents input:visible").count(), 50);
  await page.getByRole("button", {name: "All to zero"}).click();
  assert.equal(await page.locator(".latents output").first().textContent(), "0.00");
});

pageTest("two pinned digits turn into each other", DESKTOP, async (page) => {
  await page.getByRole("button", {name: "Draw a 1"}).click();
  const one = await digit(page);
  await page.getByRole("button", {name: "Pin as A"}).click();
  await page.getByRole("button", {name: "Draw a 8"}).click();
  const eight = await digit(page);
  await page.getByRole("button", {name: "Pin as B"}).click();
  const slider = page.getByLabel("From A to B");
  assert.equal(await slider.inputValue(), "1000");
  await slider.fill("0");
  assert.deepEqual(await digit(page), one);
  await slider.fill("1000");
  assert.deepEqual(await digit(page), eight);
  await slider.fill("500");
  const between = await digit(page);
  assert.ok(differs(between, one) > 5 && differs(between, eight) > 5);
  assert.equal(await caption(page), "Between A and B");
});

pageTest("the map is walked by pointer and by keys, along any two latents", DESKTOP, async (page) => {
  const plane = page.locator(".plane");
  await page.waitForSelector(".plane[data-ready]");
  await plane.scrollIntoViewIfNeeded();
  const box = await plane.boundingBox();
  await page.mouse.click(box.x + 0.9 * box.width, box.y + 0.1 * box.height);
  const [x, y] = await page.locator(".latents output").allTextContents();
  assert.deepEqual([x, y], ["+2.40", "+2.40"]);
  const corner = await digit(page);
  await plane.focus();
  for (let i = 0; i < 4; ++i) await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("ArrowDown");
  assert.deepEqual((await page.locator(".latents output").allTextContents()).slice(0, 2), ["+0.40", "+2.30"]);
  assert.ok(differs(corner, await digit(page)) > 3);
  // An axis that the other one has: they change places.
  const across = page.getByLabel("Latent across"), up = page.getByLabel("Latent up");
  const was = [await across.inputValue(), await up.inputValue()];
  await across.selectOption(was[1]);
  assert.deepEqual([await across.inputValue(), await up.inputValue()], [was[1], was[0]]);
});

pageTest("all of it works by keys alone", DESKTOP, async (page) => {
  const reached = [];
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.textContent));
  }
  for (const name of ["Open a model …", "Pad to draw a digit on", "Draw a 0", "Draw at random", "From A to B",
                      "Pin as A", "All to zero", "Latent across", "Map of two latents"]) {
    assert.ok(reached.includes(name), `${name} is not in ${reached}`);
  }
  await page.locator(".pad").focus();
  for (const key of ["Space", ...Array(12).fill("ArrowDown"), "Space"]) await page.keyboard.press(key);
  assert.equal(await caption(page), "What the model makes of it");
  const one = await digit(page);
  assert.ok(differs(one, await digit(page, ".seen")) < 12, "a line down is a one");
  await page.keyboard.press("Delete");
  assert.ok(await page.locator(".hint").isVisible());
  await draw(page, ONE);
  assert.ok(differs(one, await digit(page)) < 12, "by pointer it is the same");
});

pageTest("other models are opened: floats, 4 bits, a decoder alone, fifteen pixels", DESKTOP, async (page) => {
  await openModel(page, "s4");
  await page.waitForSelector("#badge[data-state=same]");
  assert.ok(!(await badge(page).textContent()).includes(SHIPPED));
  await openModel(page, "f16");
  await page.waitForSelector("#badge[data-state=none]");
  assert.match(await badge(page).textContent(), /f16, no signature/);
  await checkLayout(page);
  await openModel(page, "decoder");
  assert.equal(await page.locator(".pad").count(), 0);
  assert.equal(await page.locator(".score").count(), 0);
  assert.equal((await digit(page)).length, 784);
  await openModel(page, "small");
  await page.waitForSelector("#badge[data-state=same]");
  assert.equal((await digit(page)).length, 15);
  await draw(page, TWO);
  assert.equal(await caption(page), "What the model makes of it");
  await checkLayout(page);
});

pageTest("what is no model is refused, and the one before stays", DESKTOP, async (page) => {
  const offer = (name, buffer) => page.setInputFiles("#file", {name, mimeType: "application/octet-stream", buffer});
  await offer("notes <b>.txt", Buffer.from("not a model at all, but long enough to be looked at: 64 bytes and more"));
  await page.waitForSelector("#refusal:visible");
  assert.match(await page.locator("#refusal-text").textContent(), /^notes <b>\.txt: not a picovae model; .*\.$/);
  await checkLayout(page);
  const broken = fs.readFileSync(path.join(models, "s4.pvae"));
  broken[50_000] ^= 1;
  await offer("broken.pvae", broken);
  await page.waitForFunction(() => /^broken\.pvae: .*damaged/.test(document.querySelector("#refusal-text").textContent));
  assert.match(await badge(page).textContent(), new RegExp(SHIPPED));
  await page.getByRole("button", {name: "Draw a 3"}).click();
  assert.equal(await caption(page), "A 3, drawn by the model");
  await page.getByRole("button", {name: "Dismiss"}).click();
  assert.equal(await page.locator("#refusal").isVisible(), false);
});

pageTest("a model may be dropped on the page", DESKTOP, async (page) => {
  const bytes = fs.readFileSync(path.join(models, "small.pvae")).toString("base64");
  const transfer = await page.evaluateHandle((content) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], "small.pvae"));
    return data;
  }, bytes);
  await page.dispatchEvent("body", "dragenter", {dataTransfer: transfer});
  assert.ok(await page.locator(".drop").isVisible());
  await page.dispatchEvent("body", "drop", {dataTransfer: transfer});
  await page.waitForFunction(() => document.querySelector("#facts").textContent.includes("small.pvae"));
  assert.equal(await page.locator(".drop").isVisible(), false);
});

pageTest("a model with other signatures than its own is found out", DESKTOP, async (page) => {
  const buffer = forgeSignature(fs.readFileSync("engine/models/mnist_s8.pvae"));
  await page.setInputFiles("#file", {name: "forged.pvae", mimeType: "application/octet-stream", buffer});
  await page.waitForSelector("#badge[data-state=other]");
  assert.match(await badge(page).textContent(), new RegExp(`other bits ${SHIPPED}`));
  await badge(page).click();
  assert.match(await page.locator("#signature").textContent(), /differs/);
});

pageTest("the page's own policy keeps it off the network", DESKTOP, async (page, faults) => {
  const failed = await page.evaluate(() => fetch("data:,x").then(() => false, () => true));
  assert.ok(failed);
  assert.ok(faults.length !== 0 && faults.every((fault) => fault.includes("Content Security Policy")), faults.join());
  faults.length = 0;
});

pageTest("it fits a phone, and the digit goes along", PHONE, async (page) => {
  await checkLayout(page);
  await draw(page, TWO);
  await photograph(page, "phone");
  assert.equal(await page.locator(".small").isVisible(), false);
  await page.locator(".plane").scrollIntoViewIfNeeded();
  await page.waitForSelector(".small:visible");
  assert.deepEqual(await digit(page, ".small"), await digit(page));
  await badge(page).click();
  await checkLayout(page);
});

pageTest("dark is dark, and follows the system", {...DESKTOP, colorScheme: "dark"}, async (page) => {
  await draw(page, TWO);
  await checkLayout(page);
  await photograph(page, "dark");
  const lit = (pixels) => pixels.filter((value) => value > 128).length / pixels.length;
  assert.ok(lit(await digit(page)) < 0.4);
  await page.emulateMedia({colorScheme: "light"});
  // The page hears of it with its next frame.
  for (const end = Date.now() + 10_000; lit(await digit(page)) <= 0.6;) assert.ok(Date.now() < end, "still dark");
});
