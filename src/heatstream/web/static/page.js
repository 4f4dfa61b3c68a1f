// What the pages share in the browser: formats, tables that fetch their rows, and the visitor's choices.
"use strict";
window.hs = (() => {
  const REFRESH_MS = 20000;
  const YEAR_S = 31536000;
  const HEAD_PX = 50;
  const ROW_PX = 42;
  const MARK_EDGE_MS = 5 * 60000;
  const LINES = { supply: "#d64550", return: "#3c82c4", expected: "#e0a02c", outdoor: "#878e99" };
  const MOST_TOLD = 1000;
  const tables = {};

  const fixed = (value) => (value === null || value === undefined ? "—" : Number(value).toFixed(2));
  const degrees = (centi) => (centi === null || centi === undefined ? "—" : fixed(centi / 100));
  const CENTS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const yuan = (fen) => (fen === null || fen === undefined ? "—" : (fen / 100).toLocaleString("en-US", CENTS));
  const count = (value) => (value === null || value === undefined ? "" : Number(value).toLocaleString("en-US"));
  const local = (at) =>
    at ? new Date((typeof at === "number" ? at : Date.parse(at)) + 8 * 3600e3).toISOString().slice(5, 16).replace("T", " ") : "—";

  const yearOf = (ms) => new Date(ms + 8 * 3600e3).getUTCFullYear();

  // "./x" is what belongs to this very page: the rows of the household in its address.
  const resolve = (address) => (address.startsWith("./") ? "/rows" + location.pathname + address.slice(1) : address);

  const say = (zh, en) => (document.documentElement.lang === "en" ? en : zh);

  // Whether what is shown is still what is so: one line at the foot of the page, read out when it changes.
  let freshAt = Date.now();
  function tell(text, href) {
    let line = document.getElementById("hs-stale");
    if (!line) {
      line = Object.assign(document.createElement("div"), { id: "hs-stale" });
      line.setAttribute("role", "status");
      document.body.append(line);
    }
    if (line.textContent === text) return;
    line.textContent = text;
    if (href) {
      const link = Object.assign(document.createElement("a"), { href, textContent: say("重新登录", "sign in") });
      line.append(" ", link);
    }
  }

  const since = () => say(`所示为 ${local(freshAt)} 的数据`, `what is shown is of ${local(freshAt)}`);

  // What the page asks since nobody touched it, it asks by itself: it says so, and no session is kept alive by it.
  let touched = false;
  for (const kind of ["pointerdown", "click", "keydown", "input", "wheel"]) {
    document.addEventListener(kind, (event) => (touched ||= event.isTrusted), { capture: true, passive: true });
  }

  // Whatever a page asks goes this way; that the session is over is told.
  async function ask(address, more = {}) {
    const headers = touched ? more.headers : { ...more.headers, "HS-Unattended": "1" };
    touched = false;
    const answer = await fetch(resolve(address), { ...more, headers });
    if (answer.status === 401) {
      tell(say(`登录已失效；${since()}。`, `The session is over; ${since()}.`), "/sign-in?next=" + encodeURIComponent(location.pathname));
    }
    return answer;
  }

  // Fetch rows; null where there are none to be had, which is told.
  async function fetched(address) {
    let answer;
    try {
      answer = await ask(address);
    } catch {
      tell(say(`连接中断，自动重试中；${since()}。`, `The connection is lost and tried again; ${since()}.`));
      return null;
    }
    if (answer.status === 401) return null;
    if (answer.status === 422) {
      const { detail } = await answer.json();
      tell([detail].flat().join("；"));
      return null;
    }
    if (!answer.ok) {
      tell(say(`暂时读不到数据（${answer.status}），自动重试中；${since()}。`, `Data cannot be read (${answer.status}); ${since()}.`));
      return null;
    }
    const found = await answer.json();
    freshAt = Date.now();
    tell("");
    return found;
  }

  // The same rows again leave everything as it stands: the focus, the scroll, what is selected.
  async function load(name) {
    const table = tables[name];
    const { api, address } = table;
    const answer = await fetched(address);
    if (api.isDestroyed() || address !== table.address) return;
    if (answer !== null) {
      const text = JSON.stringify(answer);
      if (text !== table.text) {
        show(table, answer);
        goesOn(name, answer.next);
      }
      table.text = text;
    } else if (table.text === undefined) {
      table.failed = true;
    }
    if (answer !== null) table.failed = false;
    api.setGridOption("loading", false);
    tally(name);
  }

  // A long list comes page by page: one more is put beneath what is there.
  async function more(name) {
    const table = tables[name];
    const { address, next } = table;
    if (!next) return;
    table.next = null;
    const answer = await fetched(`${address}${address.includes("?") ? "&" : "?"}after=${encodeURIComponent(next)}`);
    if (answer === null) table.next = next;
    if (answer === null || address !== table.address) return;
    table.api.applyTransaction({ add: answer.rows });
    table.long = true;
    goesOn(name, answer.next);
  }

  function goesOn(name, next) {
    tables[name].next = next ?? null;
    document.getElementById(`hs-more-${name}`)?.classList.toggle("hs-there", Boolean(next));
    tally(name);
  }

  // A short table is no taller than its rows. By a variable: the frame would write its own height again.
  function show({ api, id, most }, answer) {
    const rows = answer.rows ?? answer;
    api.setGridOption("rowData", rows);
    const height = HEAD_PX + ROW_PX * Math.min(most, Math.max(rows.length, 2));
    document.getElementById(id)?.style.setProperty("--hs-height", `${height}px`);
  }

  function ready(name, api, address, id, most) {
    tables[name] = { api, address, id, most };
    load(name);
  }

  function tally(name) {
    const line = document.getElementById(`hs-tally-${name}`);
    const { api, failed, text, next } = tables[name] ?? {};
    if (!line || !api || api.isDestroyed() || (text === undefined && !failed)) return;
    let shown = 0, all = 0;
    api.forEachNodeAfterFilter(() => shown++);
    api.forEachNode(() => all++);
    const rows = (shown === all ? count(all) : `${count(shown)} / ${count(all)}`) + (next ? "+" : "");
    line.textContent = failed
      ? say("读不到数据，自动重试中", "cannot be read; tried again by itself")
      : say(`${rows} 行`, rows === "1" ? "1 row" : `${rows} rows`);
  }

  function find(name, text) {
    tables[name]?.api.setGridOption("quickFilterText", text);
  }

  // What a cell shows: what is found, filtered and saved is what is read.
  function shown({ value, data, colDef }) {
    const formatted = colDef.valueFormatter ? colDef.valueFormatter({ value, data, colDef }) : value;
    return formatted === null || formatted === undefined || formatted === "—" ? "" : String(formatted);
  }

  const worded = (p, name) => name({ value: p.data[p.colDef.field], data: p.data });
  const hundredths = (p) => (typeof p.data[p.colDef.field] === "number" ? p.data[p.colDef.field] / 100 : null);

  // A spreadsheet would run a text that begins like a formula.
  const harmless = (text) => (/^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text);

  function save(name) {
    const text = tables[name].api.getDataAsCsv({
      processCellCallback: ({ value, node, column }) => {
        const colDef = column.getColDef();
        const text = shown({ value, data: node.data, colDef });
        return colDef.type === "rightAligned" ? text.replaceAll(",", "") : harmless(text);
      },
    });
    const file = new Blob(["\ufeff", text], { type: "text/csv" }); // the mark lets spreadsheets read Chinese
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${name}-${local(Date.now()).replace(/[ :]/g, "-")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // Enter opens what a cell leads to.
  function open({ event }) {
    if (event.key !== "Enter") return;
    event.target.querySelector("a[href], button")?.click();
  }

  function press(button) {
    for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
  }

  function turn(button, name, address) {
    press(button);
    point(name, address);
  }

  function point(name, address) {
    if (!tables[name]) return;
    Object.assign(tables[name], { address, long: false });
    load(name);
  }

  // A mark's word, and what a reviewer said of it.
  function review(row, words) {
    if (row.excludes === null) return words.open;
    return `${row.excludes ? words.excluded : words.kept} ${row.officer}：${row.reason}`;
  }

  function span(row) {
    return `${local(row.begins)} – ${local(row.ends).slice(6)}`;
  }

  function link(code, address) {
    if (code === null || code === undefined) return "";
    const made = document.createElement("a");
    made.href = address + encodeURIComponent(code);
    made.textContent = code;
    return made;
  }

  function anchor(text, href) {
    if (!href) return text;
    return Object.assign(document.createElement("a"), { href, textContent: text });
  }

  // A figure of a place opens the findings it counts.
  function rows({ value, data }, outcome) {
    if (!value) return count(value);
    const query = new URLSearchParams({ kind: "residential", outcome, day: data.day, [data.level]: data.code });
    return anchor(count(value), `/findings?${query}`);
  }

  // The city's figures, written anew where they stand.
  function city(address, trend, chart) {
    turns.push(async () => {
      const found = await fetched(address);
      if (found === null) return;
      const write = (where, text) => where && where.textContent !== text && (where.textContent = text);
      for (const [key, value, said, href] of found.figures) {
        const figure = document.querySelector(`[data-figure="${key}"]`);
        if (!figure) continue;
        write(figure.querySelector(".hs-figure-value"), value);
        write(figure.querySelector(".hs-figure-note"), said);
        if (figure.getAttribute("href") !== href) figure.setAttribute("href", href);
      }
      for (const [outcome, homes] of Object.entries(found.share)) {
        document.querySelector(`[data-share="${outcome}"]`)?.style.setProperty("flex", `${homes} 0 0`);
      }
      const heading = document.querySelector("[data-heading=day] .hs-head");
      write(heading?.querySelector("h2"), found.heading[0]);
      write(heading?.querySelector(".hs-note"), found.heading[1]);
      if (found.day !== city.day && city.day !== undefined) {
        const drawn = await fetched(trend);
        if (drawn !== null) getElement(chart).chart.setOption(drawn);
      }
      city.day = found.day;
    });
  }

  // What a chart draws, as a table: for who cannot see it, and for who wants the numbers.
  function spell(details, chart) {
    details.querySelector(".hs-scroll")?.remove();
    if (!details.open) return;
    const { xAxis, series } = chart.getOption();
    const days = xAxis[0].data;
    const lines = series.filter((each) => each.name && each.data?.length);
    const names = [...new Set(lines.map((line) => line.name))];
    const cells = new Map((days ?? []).map((day) => [day, {}]));
    for (const line of lines) {
      line.data.forEach((drawn, at) => {
        const value = drawn?.value ?? drawn;
        const [where, what] = Array.isArray(value) ? value : [days?.[at], value];
        if (what === null || what === undefined) return;
        if (!cells.has(where)) cells.set(where, {});
        cells.get(where)[line.name] ??= typeof what === "number" && line.type !== "bar" ? fixed(what) : what;
      });
    }
    const told = [...cells].sort((one, other) => (days ? 0 : one[0] - other[0]));
    if (!told.length) {
      details.append(element("p", "hs-scroll hs-note", say("暂无数据", "nothing here")));
      return;
    }
    const table = element("table", "hs-table");
    const head = table.createTHead().insertRow();
    for (const name of [say("时间", "time"), ...names]) {
      head.append(Object.assign(element("th", "", name), { scope: "col" }));
    }
    const body = table.createTBody();
    for (const [where, row] of told.slice(-MOST_TOLD)) {
      const line = body.insertRow();
      line.append(Object.assign(element("th", "", days ? where : local(where)), { scope: "row" }));
      for (const name of names) line.insertCell().textContent = row[name] ?? "—";
    }
    const scroll = element("div", "hs-scroll hs-told");
    scroll.tabIndex = 0;
    if (told.length > MOST_TOLD) {
      const last = count(MOST_TOLD);
      scroll.append(element("p", "hs-note", say(`最后 ${last} 行，共 ${count(told.length)} 行`, `the last ${last} of ${count(told.length)}`)));
    }
    scroll.append(table);
    details.append(scroll);
  }

  function outcome(value, words) {
    const mark = document.createElement("span");
    mark.className = "hs-outcome hs-outcome-" + Number(value);
    mark.textContent = words[value] || "";
    return mark;
  }

  function choose(cookie, value) {
    document.cookie = `${cookie}=${value}; path=/; max-age=${YEAR_S}; samesite=lax`;
    location.reload();
  }

  // A mark of one reading would have no width; what a reviewer excluded is grey, what nobody has seen is amber.
  function area([begins, ends, kind, excludes], kinds) {
    const color = excludes ? "rgba(128,136,150,0.35)" : excludes === false ? "rgba(63,155,108,0.14)" : "rgba(224,160,44,0.28)";
    return [
      { name: kinds[kind] || kind, xAxis: begins - MARK_EDGE_MS, itemStyle: { color } },
      { xAxis: ends + MARK_EDGE_MS },
    ];
  }

  async function curve(chart, address, names, kinds) {
    const answer = await fetched(address);
    if (answer === null) return;
    const lines = answer.map((line) => ({
      name: `${names[line.room] || ""} ${line.point}`.trim(),
      type: "line",
      showSymbol: false,
      data: line.values,
      markArea: {
        silent: true,
        label: { show: false }, // they would cover each other; the table below names them
        data: line.marks.map((mark) => area(mark, kinds)),
      },
    }));
    const [standard] = chart.getOption().series;
    chart.setOption({ series: [standard, ...lines] }, { replaceMerge: ["series"] });
  }

  // Where to go: one line a matter. Text goes in as text, for headlines hold what companies wrote.
  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function timeLeft(due, words) {
    const minutes = Math.round((Date.parse(due) - Date.now()) / 60000);
    const size = Math.abs(minutes);
    const spelt = size < 120 ? `${size} min` : size < 2880 ? `${Math.round(size / 60)} h` : `${Math.round(size / 1440)} d`;
    const year = yearOf(Date.parse(due));
    const at = year === yearOf(Date.now()) ? local(due) : `${year}-${local(due)}`;
    return `${at} · ${minutes < 0 ? words.over : words.left} ${spelt}`;
  }

  function stop(row, words) {
    const line = element("li", `hs-stop hs-u${Number(row.urgency)}`);
    const head = element("div", "hs-stop-head");
    head.append(
      element("span", "hs-stop-urgency", words.urgencies[row.urgency]),
      element("strong", "hs-stop-where", row.where),
      element("span", "hs-note", [words.kinds[row.kind], row.company, row.district].filter(Boolean).join(" · ")),
    );
    const why = element("a", "hs-link hs-stop-why", row.why);
    why.href = "/matters/" + encodeURIComponent(row.code);
    const foot = element("div", "hs-note");
    const told = [row.code];
    if (row.households !== null) told.push(`${count(row.households)} ${words.households}`);
    if (row.due_at) told.push(timeLeft(row.due_at, words));
    foot.textContent = told.join(" · ");
    line.append(head, why);
    if (row.evidence) line.append(element("div", "hs-stop-why", row.evidence));
    line.append(foot);
    return line;
  }

  function stops(id, address, words) {
    let told = null;
    const fill = async () => {
      const list = document.getElementById(id);
      if (!list || document.hidden) return;
      const answer = await fetched(address);
      if (answer === null) {
        list.dataset.filled || list.replaceChildren(element("li", "hs-note", words.away));
        return;
      }
      list.dataset.filled = "";
      const text = JSON.stringify(answer) + Math.floor(Date.now() / 60000); // the time left is told in minutes
      if (text === told) return;
      told = text;
      const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      const lines = answer.rows.map((row) => stop(row, words));
      if (answer.more) lines.push(element("li", "hs-note", words.more.replace("{}", count(answer.more))));
      list.replaceChildren(...(lines.length ? lines : [element("li", "hs-note", words.none)]));
      if (focused) [...list.querySelectorAll("a")].find((each) => each.getAttribute("href") === focused)?.focus();
    };
    fill();
    setInterval(fill, REFRESH_MS);
  }

  async function supply(chart, address, names) {
    const answer = await ask(address);
    if (!answer.ok) return;
    const { shaded, lines } = await answer.json();
    const series = Object.entries(lines).map(([name, data], place) => ({
      name: names[name],
      type: "line",
      showSymbol: false,
      data,
      itemStyle: { color: LINES[name] },
      lineStyle: { color: LINES[name], type: name === "expected" ? "dashed" : "solid" },
      markArea: place ? undefined : {
        silent: true,
        itemStyle: { color: "rgba(214,69,80,0.14)" },
        data: shaded.map(([begins, ends]) => [{ xAxis: begins }, { xAxis: ends }]),
      },
    }));
    chart.setOption({ series }, { replaceMerge: ["series"] });
  }

  // What was typed, by path; boxes that can be ticked give a list.
  function told(form) {
    const found = {};
    for (const each of form.elements) {
      if (!each.name) continue;
      if (each.type !== "checkbox") found[each.name] = each.value;
      else (found[each.name] ||= []).push(...(each.checked ? [each.value] : []));
    }
    return found;
  }

  function submit(form, emit) {
    const button = form.querySelector("[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    delete form.dataset.typed;
    emit(told(form));
  }

  // Nothing was recorded: it can be sent again once it is mended.
  function released(id, alert) {
    const form = document.getElementById(id);
    form.dataset.typed = "";
    form.querySelector("[type=submit]").disabled = false;
    document.getElementById(alert).focus();
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest(".hs-form");
    if (form) form.dataset.typed = "";
  });
  window.addEventListener("beforeunload", (event) => document.querySelector("[data-typed]") && event.preventDefault());

  // What is shown again and again; a list that somebody has gone down in stays as it is.
  const turns = [() => Object.keys(tables).forEach((name) => tables[name].long || load(name))];
  const refresh = () => turns.forEach((turn) => turn());

  setInterval(() => document.hidden || refresh(), REFRESH_MS);

  // What was sent to be seen first stands until the page itself does.
  new MutationObserver((_, watching) => {
    if (!document.querySelector("#app .hs-main")) return;
    document.getElementById("hs-sent")?.remove();
    watching.disconnect();
  }).observe(document, { childList: true, subtree: true });

  // The page's own line of the socket: what one presses is not heard while it is away.
  document.addEventListener("DOMContentLoaded", () => {
    const popup = document.getElementById("popup");
    if (!popup) return;
    new MutationObserver(() => {
      const away = popup.ariaHidden === "false";
      tell(away ? say(`连接中断，自动重试中；${since()}。`, `The connection is lost and tried again; ${since()}.`) : "");
    }).observe(popup, { attributes: true, attributeFilter: ["aria-hidden"] });
  });
  return {
    ...{ fixed, degrees, yuan, count, local, say, tell, ask, fetched, element },
    ...{ ready, refresh, turn, point, press, find, save, open, tally, shown, worded, hundredths, link, anchor, rows },
    ...{ outcome, review, span, more, city, spell },
    ...{ choose, curve, supply, stops, submit, released },
  };
})();
