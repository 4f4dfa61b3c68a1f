// Claims: limits that run, whose desk a claim lies on, a list in place of the table on a phone.
"use strict";
window.hsClaims = (() => {
  const REFRESH_MS = 20000;
  const MINUTE_MS = 60000;
  const NARROW = window.matchMedia("(max-width: 700px)");
  let words = null;
  let shown = "open";

  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const isOver = (row) => row.due_at !== null && Date.parse(row.due_at) < Date.now();

  function timeLeft(at) {
    const minutes = Math.round((Date.parse(at) - Date.now()) / MINUTE_MS);
    const size = Math.abs(minutes);
    const [count, unit] = size < 120 ? [size, 0] : size < 2880 ? [Math.round(size / 60), 1] : [Math.round(size / 1440), 2];
    return `${minutes < 0 ? words.over : words.left} ${count} ${words.units[unit]}`;
  }

  const limitOf = (row) => (row.due_at ? `${words.clocks[row.clock]} · ${timeLeft(row.due_at)}` : "");
  const roles = (each) => each.roles.map((role) => words.roles[role]).join("、");
  const step = (row) => words.steps[row.step];

  // What a cell says, for its filter, the search and the export.
  const TOLD = {
    due_at: (row) => (row.due_at ? `${limitOf(row)} (${hs.local(row.due_at)})` : ""),
    awaited: (row) => row.awaited.map((each) => `${words.kinds[each.kind]}（${roles(each)}）`).join("；"),
    step,
    opened_at: (row) => hs.local(row.opened_at),
  };
  const told = (field, row) => (words ? TOLD[field](row) : "");

  function limit(row) {
    const made = element("span", isOver(row) ? "hs-limit-over" : "", words ? limitOf(row) : "");
    made.title = row.due_at ? hs.local(row.due_at) : "";
    return made;
  }

  const byLimit = (a, b) => (a ? Date.parse(a) : Infinity) - (b ? Date.parse(b) : Infinity);

  function waits(row) {
    const made = element("span", "");
    for (const each of words ? row.awaited : []) {
      const mine = row.mine.includes(each.kind);
      made.append(element(mine ? "strong" : "span", mine ? "hs-waits-mine" : "", words.kinds[each.kind]));
      made.append(element("span", "hs-note", ` ${roles(each)} `));
    }
    return made;
  }

  function card(row) {
    const made = element("li", `hs-stop ${isOver(row) ? "hs-u3" : row.mine.length ? "hs-u2" : "hs-u1"}`);
    const head = element("div", "hs-stop-head");
    const link = hs.link(row.code, "/claims/");
    link.className = "hs-link";
    head.append(link, element("span", "hs-note", step(row)));
    made.append(head, element("span", "hs-stop-why", row.address ?? row.household), limit(row));
    const waiting = element("div", "");
    waiting.append(waits(row));
    const amounts = [row.computed_fen, row.entitlement_fen, row.ruled_fen].map(hs.yuan).join(" / ");
    made.append(waiting, element("div", "hs-note", `${words.amounts} ${amounts}`));
    return made;
  }

  const address = () => `/rows/claims?show=${shown}`;

  function at(name) {
    shown = name;
    refresh();
    return address();
  }

  // The counts of the lists; on a phone the rows as well, where a table would not fit.
  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await hs.ask(address());
      if (!answer.ok) return;
      const { rows, counts } = await answer.json();
      for (const button of all("[data-view]")) {
        const name = button.dataset.view;
        const of = name === "mine" || name === "overdue" ? `/${counts.open}` : "";
        button.querySelector("strong").textContent = ` ${counts[name]}${of}`;
      }
      if (NARROW.matches) {
        const cards = rows.map(card);
        one(".hs-claims-list").replaceChildren(...(cards.length ? cards : [element("li", "hs-note", words.none)]));
      }
    } catch {
      return; // the server is away; the table says so, and the next turn tries again
    }
  }

  function inbox(first, given) {
    words = given;
    shown = first;
    grid?.refreshCells({ force: true });
    refresh();
    setInterval(refresh, REFRESH_MS);
    NARROW.addEventListener("change", refresh);
  }

  let grid = null;
  function running(api) {
    grid = api;
    api.refreshCells({ force: true });
    setInterval(() => api.isDestroyed() || api.refreshCells({ columns: ["due_at"], force: true }), REFRESH_MS);
  }

  // A form was opened: go to it.
  function opened(id) {
    const heading = document.getElementById(id)?.querySelector("h3");
    heading?.scrollIntoView({ block: "start", behavior: "smooth" });
    heading?.focus({ preventScroll: true });
  }

  // The page of one claim: limits count down; what others record is said, and what is being typed stays.
  function watch(given) {
    words = given;
    const tick = () => {
      for (const each of all("[data-due]")) each.textContent = timeLeft(each.dataset.due);
    };
    const look = async () => {
      if (document.hidden) return;
      try {
        const answer = await hs.ask("/rows" + location.pathname);
        if (!answer.ok || (await answer.json()).events === given.events) return;
      } catch {
        return; // the server is away; the next turn tries again
      }
      const news = one(".hs-news");
      news.hidden = false;
      news.textContent = given.news;
    };
    tick();
    setInterval(tick, REFRESH_MS);
    setInterval(look, REFRESH_MS);
  }

  return { at, inbox, running, told, limit, byLimit, waits, opened, watch };
})();
