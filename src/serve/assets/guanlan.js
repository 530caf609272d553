// Keys and fresh counts for the console. Every page works without this file; it asks nothing but the station.
"use strict";

(() => {
  const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.ctrlKey || e.metaKey || e.altKey;
  const go = { t: "/", s: "/search", a: "/alerts", r: "/rules", o: "/sources", d: "/digests" };
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
  const pulse = async () => {
    if (!badge || document.hidden) return;
    try {
      const answer = await fetch("/pulse", { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      badge.textContent = now.open_alerts;
      badge.hidden = now.open_alerts === 0;
      if (first === null) first = now.posts;
      if (now.posts > first) {
        fresh.textContent = fresh.dataset.words.replace("{n}", now.posts - first);
        fresh.hidden = false;
      }
    } catch { /* the station is stopped; the page stays as it was */ }
  };
  pulse();
  setInterval(pulse, 20000);
})();
