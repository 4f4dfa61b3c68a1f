// Supervision in the browser: links and marks in tables, filters that live in the address.
"use strict";
window.hsv = (() => {
  const made = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.textContent = text;
    return element;
  };

  // Text goes in as text: codes and names are what a registry or a hotline wrote.
  function link(page, code, text) {
    if (!code) return "";
    const to = made("a", "", text || code);
    to.href = `/${page}/${[].concat(code).map(encodeURIComponent).join("/")}`;
    return to;
  }

  function file(address, text) {
    const to = made("a", "", text);
    to.href = address;
    to.download = "";
    return to;
  }

  const SUBJECTS = { building: "buildings", heat_station: "stations", company: "companies" };
  const subject = (row) => (SUBJECTS[row?.subject] ? link(SUBJECTS[row.subject], row.code) : row?.code || "");

  const level = (value, words) =>
    value === null || value === undefined ? "—" : made("span", `hs-level hs-level-${Number(value)}`, words[value]);

  const word = (value, words) => (value === null || value === undefined ? "" : words[value] || value);
  const shareE4 = (value) => (value === null || value === undefined ? "—" : `${(value / 100).toFixed(1)} %`);
  const tenths = (value) => (value === null || value === undefined ? "—" : (value / 10).toFixed(1));
  const lasts = (row, unknown) =>
    tenths(row?.fuel_days_e1) + (row?.fuel_unknown ? ` · ${unknown.replace("{}", row.fuel_unknown)}` : "");
  const tonnes = (kg) => (kg === null || kg === undefined ? "—" : (kg / 1000).toLocaleString("en-US", { maximumFractionDigits: 1 }));
  const ofAll = (part, all) => (all ? `${hs.count(part)}/${hs.count(all)}` : "—");
  const degrees = hs.degrees;

  // With its year, for a season has two.
  const at = (instant) =>
    instant ? new Date(Date.parse(instant) + 8 * 3600e3).toISOString().slice(0, 16).replace("T", " ") : "—";
  const hours = (minutes) =>
    minutes === null || minutes === undefined ? "—" : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

  function due(row, words) {
    if (!row.due_at) return "";
    return made("span", row.overdue ? "hs-bad" : "", row.overdue ? `${at(row.due_at)} ${words.over}` : at(row.due_at));
  }

  function yes(value, words) {
    if (value === null || value === undefined) return "—";
    return made("span", value ? "hs-good" : "hs-bad", value ? words[0] : words[1]);
  }

  // A figure of a warning in the unit that closes its name.
  function watched(value, figure) {
    if (value === null || value === undefined) return "—";
    if (figure?.endsWith("_e4")) return shareE4(value);
    return figure?.endsWith("_centi") ? degrees(value) : hs.count(value);
  }

  // A limit under one rule, and whether it was kept.
  function limit(at_, state, words) {
    if (!state) return at_ ? at(at_) : "—";
    const bad = state === "breached" ? "hs-bad" : state === "kept" ? "hs-good" : "";
    return made("span", bad, `${words[state] || state} · ${at(at_)}`);
  }

  // A station's day that was picked; else its last 24 hours, drawn anew as they go on.
  function supply(chart, input, address, names) {
    const draw = () => hs.supply(chart, input.value ? `${address}?day=${input.value}` : address, names);
    input.addEventListener("change", draw);
    setInterval(() => document.hidden || input.value || draw(), 60000);
    draw();
  }

  function headed(id, text) {
    document.getElementById(id).textContent = text;
  }

  // What the filters of a page say, in its address too, so that it can be sent on.
  function filtered(form, table, address) {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) asked.set(name, value);
    history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
    hs.point(table, asked.size ? `${address}?${asked}` : address);
  }

  return { link, file, subject, level, word, shareE4, tenths, lasts, tonnes, ofAll, at, hours, clock, due, yes, watched, limit, supply, headed, filtered };
})();
