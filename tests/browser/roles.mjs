// Each role's day, with a login: what it may see is there, what it may not says so, and nothing that it may not do is
// offered as if it might.
import { execFileSync } from "node:child_process";

// Of each room, the roles that are refused.
const ROOMS = [
  ["/search?q=%E5%B7%A5%E8%B5%84", "search", []],
  ["/alerts", "alerts", []],
  ["/digests", "digests", []],
  ["/cases", "cases", []],
  ["/cases/statistics", "statistics", []],
  ["/answers", "answers", []],
  ["/duty", "duty", []],
  ["/rules", "rules", ["commentator"]],
  ["/entries", "entries", ["commentator"]],
  ["/sources", "sources", ["commentator"]],
  ["/deliveries", "deliveries", ["commentator"]],
  ["/station", "station", ["commentator"]],
  ["/people", "people", ["officer", "commentator", "leader"]],
  ["/audit", "audit", ["officer", "commentator", "leader"]],
  ["/account", "account", []],
];
const WORKERS = ["administrator", "officer"];
export const ROLES = ["administrator", "officer", "commentator", "leader", "auditor"];
const password = (role) => `走查用的口令，第 ${ROLES.indexOf(role) + 1} 位`;

// Makes one person of each role; from then on the console asks who somebody is.
export function people(program, dir) {
  for (const role of ROLES) {
    execFileSync(program, ["--data-dir", dir, "user", "add", role, "--role", role], { input: `${password(role)}\n` });
  }
}

// Comes in as one of the people, and goes out again.
export async function enter(walk, of) {
  await walk.page.goto(walk.base + "/login");
  await walk.page.fill("#name", of);
  await walk.page.fill("#password", password(of));
  await walk.press(walk.page.locator("form[action='/login'] button"));
}

export async function leave(walk) {
  await walk.page.goto(walk.base + "/account");
  await walk.press(walk.page.locator("form[action='/logout'] button").first());
}

export async function role(walk, of, { check, day }) {
  const { page } = walk;
  await page.goto(walk.base + "/");
  check(page.url().includes("/login"), `${walk.name}: comes in without a login, to ${page.url()}`);
  await page.fill("#name", of);
  await page.fill("#password", "不是这个");
  await walk.press(page.locator("form[action='/login'] button"), "refused", 403);
  await page.fill("#name", of);
  await page.fill("#password", password(of));
  await walk.press(page.locator("form[action='/login'] button"), "today");
  for (const [path, room, refused] of ROOMS) await walk.go(path, room, refused.includes(of) ? 403 : 200);
  await walk.go("/search?q=%E5%B7%A5%E8%B5%84", "search");
  await walk.press(page.locator(".lines h3 a").first(), "post");
  const corrects = await page.locator("form[action$='/label'] button:enabled").count();
  check((corrects > 0) === WORKERS.includes(of), `${walk.name}: ${corrects} ways to correct a post`);
  await walk.go("/alerts", "alerts");
  await walk.press(page.locator("main a[href^='/alerts/']").first(), "alert");
  const moves = await page.locator("form[action$='/state'] button:enabled").count();
  check((moves > 0) === WORKERS.includes(of), `${walk.name}: ${moves} ways to move an alert`);
  if (of === "officer") await day(walk);
  await leave(walk);
  await page.goto(walk.base + "/alerts");
  check(page.url().includes("/login"), `${walk.name}: still in after going out`);
}
