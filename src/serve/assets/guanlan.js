// Keys, fresh counts and forms that are tried as they are typed. Every page works without this file; it asks nothing but the station.
"use strict";

(() => {
  const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.ctrlKey || e.metaKey || e.altKey;
  const go = { t: "/", s: "/search", a: "/alerts", r: "/rules", o: "/sources", d: "/digests", m: "/deliveries" };
  const lines = () => [...document.querySelectorAll(".lines > .line :is(h2, h3) a")];
  let afterG = false;

  document.addEventListener("keydown", (e) => {
    if (typing(e)) return;
    if (afterG && go[e.key]) { location.href = go[e.key]; return; }
    afterG = e.key === "g";
    if (e.key === "/") {
      const box = document.querySelector("input[type=search]");
      if (box) { e.preventDefault(); box.focus(); box.select(); } else location.href = go.s;
    }
    if (e.key === "j" || e.key === "k") {
      const all = lines();
      const at = all.indexOf(document.activeElement);
      const next = all[Math.max(0, Math.min(all.length - 1, at + (e.key === "j" ? 1 : -1)))];
      if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
    }
  });

  const badge = document.getElementById("open-alerts");
  const fresh = document.getElementById("fresh");
  let first = null;
  const show = (now) => {
    badge.textContent = now.open_alerts;
    badge.hidden = now.open_alerts === 0;
    if (first === null) first = now.posts;
    if (now.posts > first) {
      fresh.textContent = fresh.dataset.words.replace("{n}", now.posts - first);
      fresh.hidden = false;
    }
  };
  // A hidden page hears nothing; a station that is stopped leaves the page as it was, and the browser tries again.
  let live = null;
  const listen = () => {
    if (!badge || document.hidden === (live === null)) return;
    if (live) { live.close(); live = null; return; }
    live = new EventSource("/live");
    live.onmessage = (event) => show(JSON.parse(event.data));
  };
  listen();
  document.addEventListener("visibilitychange", listen);

  // What is written in a form is tried when typing stops: faults, words and the last thirty days change in place, what
  // is typed stays. An answer that was overtaken by more typing is dropped.
  const entry = document.querySelector("form.entry");
  if (entry && entry.elements.fields) {
    let pause = 0, asked = 0;
    const tried = async () => {
      const [mine, body] = [++asked, new URLSearchParams(new FormData(entry))];
      body.set("act", "try");
      const answer = await fetch(entry.action, { method: "POST", body }).catch(() => null);
      if (!answer || !(answer.ok || answer.status === 422)) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      for (const id of ["verdict", "tried"]) {
        const [here, there] = [document.getElementById(id), page.getElementById(id)];
        if (here && there) here.replaceChildren(...there.childNodes);
      }
    };
    entry.addEventListener("input", () => {
      asked += 1;
      clearTimeout(pause);
      if (entry.checkValidity()) pause = setTimeout(tried, 800);
    });
  }

  // Days of a chart that are drawn over become the span of the search.
  const day = (a) => /published:(\d{4}-\d\d-\d\d)$/.exec(new URL(a.href.baseVal, location.href).searchParams.get("q"));
  for (const chart of document.querySelectorAll("svg.columns")) {
    const days = [...chart.querySelectorAll("a")].filter((a) => day(a));
    let from = -1, to = -1;
    const at = (e) => days.indexOf(document.elementFromPoint(e.clientX, e.clientY)?.closest("svg.columns a"));
    const paint = () => days.forEach((a, n) => {
      a.classList.toggle("brushed", from >= 0 && n >= Math.min(from, to) && n <= Math.max(from, to));
    });
    chart.addEventListener("dragstart", (e) => e.preventDefault());
    chart.addEventListener("pointerdown", (e) => { if (e.button === 0) from = to = at(e); });
    chart.addEventListener("pointermove", (e) => {
      if (from < 0) return;
      const over = at(e);
      if (over >= 0 && over !== to) { to = over; paint(); }
    });
    document.addEventListener("pointerup", () => {
      if (from >= 0 && to >= 0 && from !== to) {
        const [first, last] = [days[Math.min(from, to)], days[Math.max(from, to)]];
        const url = new URL(first.href.baseVal, location.href);
        const query = url.searchParams.get("q");
        url.searchParams.set("q", `${query}..${day(last)[1]}`);
        location.href = url.href;
      }
      from = to = -1;
      paint();
    });
  }
})();
