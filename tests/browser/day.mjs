// An officer's day in the console of the demo, in a real browser: read, search, follow a story, correct, acknowledge, make a
// rule and see it fire, name a unit, add a source, write a digest, print. In Chinese and English, wide and narrow, with
// script and without; then the day of each role, with a login (`roles.mjs`), and its cases played to their end (`cases.mjs`).
//
//   node day.mjs PROGRAM OUT [WALK]     the built guanlan, a folder for screenshots, one walk only (zh-1280, en-390-plain, leader)
//
// Fails at: a page that is not answered with 200, a violation found by axe-core, a message of the browser's console, an
// address outside the station, a page over 300 KB, an act whose effect is not seen afterwards.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { cases } from "./cases.mjs";
import { ROLES, enter, leave, people, role } from "./roles.mjs";

const [program, out, only] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// A file that says which engines the station keeps its things in; without it everything is in its data directory.
const engines = process.env.ENGINES ? ["--engines", process.env.ENGINES] : [];
const LARGEST = 300 * 1024;
const faults = [];
let seen = 0;

const fail = (what) => { faults.push(what); console.log(`  FAULT ${what}`); };
const check = (is, what) => { if (!is) fail(what); };

// The station: the demo's, which goes on collecting from its own small web.
const started = () => new Promise((resolve, reject) => {
  const dir = mkdtempSync(join(tmpdir(), "guanlan-browser-"));
  const station = spawn(program, ["--lang", "zh", "--data-dir", dir, "demo", "--serve", ...engines], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  station.stdout.on("data", (text) => {
    said += text;
    const entry = said.match(/http:\/\/127\.0\.0\.1:\d+\/enter\?key=\S+/);
    if (entry) resolve({ station, entry: entry[0], dir });
  });
  const waits = setTimeout(() => station.kill("SIGKILL"), 180_000);
  station.stdout.on("data", () => /enter\?key=/.test(said) && clearTimeout(waits));
  station.on("exit", (code) => reject(new Error(`the station ended with ${code}:\n${said}`)));
});

// One walk: a browser of its own, so that nothing is remembered.
class Walk {
  constructor(name, page, base, script) { Object.assign(this, { name, page, base, script, shots: 0 }); }

  // What every page must be, whatever stands on it.
  async look(room, status = 200) {
    const at = `${this.name} ${room}`;
    seen += 1;
    if (this.script) {
      await this.page.evaluate(axe);
      const found = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const v of found.violations) fail(`${at}: axe ${v.id}: ${v.nodes[0].html.slice(0, 160)}`);
      const wide = await this.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
      check(!wide, `${at}: the page is wider than the window`);
    }
    check(this.status === status, `${at}: answered with ${this.status}, not ${status}`);
    await this.page.screenshot({ path: join(out, `${this.name}-${room}.png`), fullPage: true });
  }

  async go(path, room, status) {
    const answer = await this.page.goto(this.base + path);
    await this.look(room, status);
    return answer;
  }

  async press(button, room, status) {
    await Promise.all([this.page.waitForNavigation(), button.click()]);
    if (room) await this.look(room, status);
  }

  text() { return this.page.locator("main").innerText(); }
}

async function day(walk, site) {
  const { page } = walk;
  await walk.go("/", "today");
  await walk.go(`/search?q=${encodeURIComponent("欠薪 | 工资")}`, "search");
  await saved(walk);
  await walk.press(page.locator(".lines h3 a").first(), "post");
  const post = page.url();
  const verdict = page.locator("form[action$='/label'] button, form[action$='/label'] select").first();
  check(await verdict.count() === 1, `${walk.name} post: there is no way to correct it`);
  await walk.press(page.locator("form[action$='/label'] button:enabled").first(), "corrected");
  check(page.url().split("?")[0] === post.split("?")[0], `${walk.name}: a correction leads away from its post`);
  await page.goto(`${walk.base}/search?q=${encodeURIComponent("青岚沟")}`);
  await walk.press(page.locator("main a[href^='/story/']").first(), "story");
  await walk.go("/alerts", "alerts");
  await walk.press(page.locator("main a[href^='/alerts/']").first(), "alert");
  const acknowledge = page.locator("button[value=acknowledged]");
  await walk.press(await acknowledge.count() ? acknowledge : page.locator("button[value=open]"), "acknowledged");
  await rule(walk);
  await unit(walk);
  await source(walk, site);
  await walk.go("/digests", "digests");
  await walk.press(page.locator("form[action='/digests'] button").first(), "digest-written");
  const file = page.locator("main a[href$='.docx']").first();
  const [download] = await Promise.all([page.waitForEvent("download"), file.click()]);
  check(readFileSync(await download.path()).subarray(0, 2).toString() === "PK", `${walk.name}: the digest is no Word file`);
  await walk.go("/deliveries", "deliveries");
  await walk.go("/station", "station");
  await walk.go("/search?q=(", "search-fault", 400);
  await walk.go("/nowhere", "nowhere", 404);
}

// The search on the page, saved, found in the list, asked again, and taken away; ends where it began.
async function saved(walk) {
  const { page } = walk;
  const [asked, name] = [page.url(), `留存 ${walk.name}`];
  await page.fill("#saved-name", name);
  await walk.press(page.locator("form[action='/saved'] button"), "search-saved");
  await walk.go("/search", "search-start");
  check((await walk.text()).includes(name), `${walk.name}: a saved search is not listed`);
  await walk.press(page.locator("ul.saved a", { hasText: name }).first(), "search-again");
  await page.goto(`${walk.base}/search`);
  await walk.press(page.locator("ul.saved li", { hasText: name }).locator("button"));
  check(!(await walk.text()).includes(name), `${walk.name}: a saved search cannot be taken away`);
  await page.goto(asked);
}

// A rule made from a search, tried over the last thirty days, saved, seen in force, and taken back.
async function rule(walk) {
  const { page } = walk;
  const id = `walk-${walk.name}`;
  await walk.go(`/entry/rule/new?q=${encodeURIComponent("(工资")}`, "rule-new");
  await page.fill("#id", id);
  await page.fill("#name", "试写的规则");
  await walk.press(page.locator("button[value=save]"), "rule-refused", 422);
  check(await page.inputValue("#name") === "试写的规则", `${walk.name}: what was typed is lost`);
  await page.fill("#query", "工资 拖欠");
  if (walk.script) {
    // Tried by itself when typing stops.
    await page.locator("#tried #rehearsal").waitFor();
    check(await page.locator("#verdict .good").count() === 1, `${walk.name}: a sound rule is not called so while it is typed`);
    await page.fill("#query", "(工资");
    await page.locator("#verdict .fault").first().waitFor();
    check(await page.inputValue("#query") === "(工资", `${walk.name}: what is being typed is changed`);
    await page.fill("#query", "工资 拖欠");
  }
  await walk.press(page.locator("button[value=try]"), "rule-tried");
  check(await page.locator("#rehearsal").count() === 1, `${walk.name}: a sound rule is not rehearsed`);
  await walk.press(page.locator("button[value=save]"), "rule-saved");
  check(page.url().includes(`/entry/rule/${id}`), `${walk.name}: saved, and led to ${page.url()}`);
  await until(walk, "/rules", id, "rule-in-force");
  if (walk.fires) {
    // A post that the rule is about comes in; the station lends its data to the import and goes on.
    writeFileSync(join(dir, "new.csv"), "text\n听说走查的矿上工资又拖欠了，家里等着用钱\n");
    execFileSync(program, ["--quiet", "--data-dir", dir, "import", join(dir, "new.csv"), "--map", "text=text"]);
    await until(walk, "/alerts", "试写的规则", "rule-fired");
  }
  await walk.go(`/entry/rule/${id}`, "rule-history");
  await page.locator("main > details:last-of-type > summary").click();
  await walk.press(page.locator("button[value=drop]"));
  await gone(walk, "/rules", id);
}

// A unit and a topic named by their forms: tried, and left as they were.
async function unit(walk) {
  const { page } = walk;
  await walk.go("/entries", "entries");
  await walk.go("/entry/subject/new", "subject-new");
  await page.fill("#id", `unit-${walk.name}`);
  await page.fill("#name", "云岭矿业集团有限公司北洼矿");
  await page.fill("#short_names", "北洼矿");
  await walk.press(page.locator("button[value=try]"), "subject-tried");
  check(await page.inputValue("#short_names") === "北洼矿", `${walk.name}: what was typed is lost`);
  await walk.go("/entry/topic/new", "topic-new");
  await page.fill("#id", `topic-${walk.name}`);
  await page.fill("#name", "走查");
  await page.fill("#name_en", "Walk");
  await page.fill("#query", "工资 | 欠薪");
  await walk.press(page.locator("button[value=try]"), "topic-tried");
  check(await page.locator("#rehearsal mark").count() > 0, `${walk.name}: a topic does not show its posts`);
}

async function source(walk, site) {
  const { page } = walk;
  await walk.go("/sources", "sources");
  await walk.go("/sources/new", "source-new");
  await page.fill("#url", site);
  await walk.press(page.locator("button[value=look]"), "source-private", 422);
  await page.locator("input[name=private]").check();
  await page.fill("#name", `走查 ${walk.name}`);
  await walk.press(page.locator("button[value=look]"), "source-looked");
  await walk.press(page.locator("button[value=add]"), "source-added");
  await until(walk, "/sources", `走查 ${walk.name}`, "source-in-force");
}

// The station takes up what was saved within moments; a page that never shows it is a fault.
async function until(walk, path, words, room) {
  for (let n = 0; n < 60; n += 1) {
    await walk.page.goto(walk.base + path);
    if ((await walk.page.content()).includes(words)) return walk.look(room);
    await walk.page.waitForTimeout(250);
  }
  fail(`${walk.name}: ${words} does not come into force`);
}

async function gone(walk, path, words) {
  for (let n = 0; n < 60; n += 1) {
    await walk.page.goto(walk.base + path);
    if (!(await walk.page.content()).includes(words)) return;
    await walk.page.waitForTimeout(250);
  }
  fail(`${walk.name}: ${words} is still there`);
}

async function walked(browser, entry, name, { lang, width, script }, work) {
  if (only && only !== name) return;
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  const base = new URL(entry).origin;
  const walk = new Walk(name, page, base, script);
  page.on("console", (m) => { if (m.type() === "error" && !/status of (4\d\d)/.test(m.text())) fail(`${name}: the browser says: ${m.text()}`); });
  page.on("pageerror", (e) => fail(`${name}: the script fails: ${e.message}`));
  page.on("request", (r) => check(r.url().startsWith(base), `${name}: asks ${r.url()}`));
  page.on("response", async (r) => {
    if (r.request().resourceType() !== "document" || r.status() >= 300 && r.status() < 400) return;
    walk.status = r.status();
    const body = await r.body().catch(() => null);
    if (body) check(body.length <= LARGEST, `${name}: ${r.url()} has ${body.length} bytes`);
  });
  await page.goto(entry);
  await page.goto(`${base}/lang/${lang}?to=%2F`);
  console.log(name);
  await work(walk).catch((e) => fail(`${name}: ${e.message.split("\n").slice(0, 6).join(" ")}`));
  if (script) await page.pdf({ path: join(out, `${name}-print.pdf`) });
  await context.close();
}

mkdirSync(out, { recursive: true });
const { station, entry, dir } = await started();
// Nobody watches an answer for three days here; the config is read anew when the first rule is saved.
appendFileSync(join(dir, "guanlan.toml"), "\n[cases]\nwatch = \"1m\"\n");
// A page of the demo's own web, as its config names it.
const named = readdirSync(join(dir, "sources")).map((file) => readFileSync(join(dir, "sources", file), "utf8")).join();
const site = named.match(/"(http:\/\/127\.0\.0\.\d+:\d+\/[^"]+)"/)[1];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const lang of ["zh", "en"]) {
    for (const width of [1280, 390]) {
      for (const script of [true, false]) {
        const name = `${lang}-${width}${script ? "" : "-plain"}`;
        await walked(browser, entry, name, { lang, width, script }, (walk) => {
          walk.fires = name === "zh-1280";
          return day(walk, site);
        });
      }
    }
  }
  people(program, dir);
  for (const of of ROLES) {
    const view = { lang: "zh", width: of === "leader" ? 390 : 1280, script: true };
    await walked(browser, entry, of, view, (walk) => role(walk, of, { check, day: (w) => day(w, site) }));
  }
  const view = { lang: "zh", width: 1280, script: true };
  await walked(browser, entry, "cases", view, (walk) => cases(walk, { check, enter, leave }));
} finally {
  await browser.close();
  station.removeAllListeners("exit");
  station.kill("SIGTERM");
  await new Promise((ended) => station.on("exit", ended));
  rmSync(dir, { recursive: true, force: true });
}
console.log(`${seen} pages looked at, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
