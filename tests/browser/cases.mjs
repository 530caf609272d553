// Cases played through by those whose steps they are: the accident of the demo from its approval to the kept page and its
// end, the grievance about wages to its call-back, and a case opened from an alert.

const ANSWER = `情况说明

司机反映的工资拖欠属实，已与劳务公司对账，两个月基本工资已经垫付，余款月底前付清。`;

async function step(walk, number, name, fields = {}) {
  const { page } = walk;
  if (!page.url().endsWith(`/cases/${number}`)) await page.goto(`${walk.base}/cases/${number}`);
  const form = page.locator("details.step", { has: page.locator(`input[name=step][value=${name}]`) });
  if (await form.getAttribute("open") === null) await form.locator("summary").click();
  for (const [field, value] of Object.entries(fields)) {
    const input = form.locator(`[name=${field}]`);
    if (await input.evaluate((e) => e.tagName) === "SELECT") await input.selectOption(value);
    else await input.fill(value);
  }
  await walk.press(form.locator("button"), `${name}-${number}`);
}

const state = (walk) => walk.page.locator("main .meta .pill").first().innerText();

// The number of the case that is called so.
async function numbered(walk, words) {
  await walk.page.goto(`${walk.base}/cases?state=all`);
  const href = await walk.page.locator("main a[href^='/cases/2']", { hasText: words }).first().getAttribute("href");
  return href.split("/").pop();
}

// A page of the demo's own web: where the first post of the case was found.
async function address(walk, number) {
  await walk.page.goto(`${walk.base}/cases/${number}`);
  return walk.page.locator("dl.facts a[href^='http']").first().getAttribute("href");
}

// Looks at the page again until the words stand there: the station works by the minute.
async function seen(walk, number, words, check) {
  for (let n = 0; n < 50; n += 1) {
    await walk.page.goto(`${walk.base}/cases/${number}`);
    if ((await walk.text()).includes(words)) return;
    await walk.page.waitForTimeout(2000);
  }
  check(false, `${walk.name}: ${number} never says ${words}`);
}

export async function cases(walk, { check, enter, leave }) {
  await enter(walk, "officer");
  await walk.go("/cases", "cases");
  const [accident, wages] = [await numbered(walk, "冒顶"), await numbered(walk, "工资")];
  const at = await address(walk, accident);
  await opened(walk, check);
  // A change that is saved has the config read anew.
  await walk.page.goto(`${walk.base}/entry/topic/new`);
  await walk.page.fill("#id", "cases-walk");
  await walk.page.fill("#name", "工单走查");
  await walk.page.fill("#name_en", "Walk of cases");
  await walk.page.fill("#query", "工单走查");
  await walk.press(walk.page.locator("button[value=save]"), "topic-saved");
  await leave(walk);

  await enter(walk, "commentator");
  await step(walk, wages, "submit", { answer: ANSWER, place: "集团官网", approver: "leader" });
  check(await state(walk) === "待审", `${walk.name}: the answer on wages is ${await state(walk)}`);
  await leave(walk);

  await enter(walk, "leader");
  for (const number of [accident, wages]) {
    await step(walk, number, "approve");
    check(await state(walk) === "已批准", `${walk.name}: ${number} is ${await state(walk)}`);
  }
  await leave(walk);

  await enter(walk, "officer");
  await step(walk, accident, "publish", { address: at });
  await step(walk, wages, "publish", { address: at, told: "电话，当日" });
  check(await state(walk) === "观察、回访", `${walk.name}: the watch does not begin by itself`);
  await seen(walk, accident, "已按原样留存", check);
  await walk.go(`/cases/${accident}`, "page-kept");
  const keeps = walk.page.locator("form[action$='/page'] button");
  const [file] = await Promise.all([walk.page.waitForEvent("download"), keeps.click()]);
  check(file.suggestedFilename().endsWith(".warc.gz"), `${walk.name}: the kept page is ${file.suggestedFilename()}`);
  check((await walk.text()).includes("答复前后"), `${walk.name}: before and after are not told`);

  await step(walk, wages, "call_back", { satisfied: "mostly", call_words: "余款等月底" });
  const end = { outcome: "平息", lesson: "先核实，后答复", rule_changed: "no" };
  for (const number of [accident, wages]) {
    await seen(walk, number, "期满", check);
    await step(walk, number, "close", end);
    check(await state(walk) === "已办结", `${walk.name}: ${number} is ${await state(walk)}`);
  }
  await walk.go("/cases/statistics", "statistics");
  const told = await walk.text();
  check(told.includes("工资薪酬") && told.includes("先按最重的办"), `${walk.name}: the year does not tell of the cases: ${told}`);
}

// From an alert that has none yet, through its first steps.
async function opened(walk, check) {
  const { page } = walk;
  await page.goto(`${walk.base}/alerts`);
  const alerts = await page.locator("main a[href^='/alerts/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  for (const alert of new Set(alerts)) {
    await page.goto(walk.base + alert);
    // One that rests on posts: what is found out rests on them too.
    if (await page.locator("a[href^='/cases/new']").count() > 0 && await page.locator("main a[href^='/post/']").count() > 0) break;
  }
  await walk.press(page.locator("a[href^='/cases/new']").first(), "case-new");
  await walk.press(page.locator("form.fields button").last(), "case-opened");
  const number = page.url().split("/").pop();
  check(/^\d{4}-\d{4}$/.test(number), `${walk.name}: an opened case leads to ${page.url()}`);
  await step(walk, number, "accept");
  const found = { facts: "unclear", found: "正在核对", kind: "public", units: "青岚沟煤矿", grade: "critical", grade_why: "先按最重的办" };
  await step(walk, number, "verify", found);
  await step(walk, number, "assign", { main: "青岚沟煤矿", ask: "查清并答复" });
  check(await state(walk) === "已交办", `${walk.name}: ${number} is ${await state(walk)}`);
}
