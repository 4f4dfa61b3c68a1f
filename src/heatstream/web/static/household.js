// One home: its curve by range and day, the reasons of a day, and its evidence.
"use strict";
window.hsHome = (() => {
  const HOUR_MS = 3600e3;
  const EAST_MS = 8 * HOUR_MS; // instants are drawn as if they were UTC, so that the axis is local to the homes
  const DAY_MS = 24 * HOUR_MS;
  const MARK_EDGE_MS = 5 * 60e3;
  const GAP = 1.5; // so many intervals without a reading are a gap
  const NIGHTS_DAYS = 40; // more nights than these would be stripes
  const NAMED_DAYS = 8;
  const STEPS = { day: 1, week: 7, month: 31, season: 365 };
  const COLOURS = ["#3c82c4", "#3f9b6c", "#b0478c", "#b9762a", "#7a6fd0", "#4a9aa5"];
  const STANDARD = "#d64550";
  const GREY = "#878e99";

  let home, words, chart, chosen, back, bundle;
  const at = (id) => document.getElementById(id);
  const made = (name, className, text) => {
    const one = document.createElement(name);
    if (className) one.className = className;
    if (text !== undefined) one.textContent = text;
    return one;
  };
  const filled = (text, ...told) => told.reduce((done, each) => done.replace("{}", each), text);
  const moved = (day, days) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
  const rows = (path) => hs.ask(`/rows/household/${encodeURIComponent(home.code)}/${path}`);
  const degrees = (centi) => (centi === null ? "—" : (centi / 100).toFixed(2));

  // --- the curve ---

  // A line is broken where nothing was measured; a reading between two gaps would not be seen, so it is a dot.
  function broken(line) {
    const gap = GAP * line.interval_min * 60e3;
    const values = [];
    const alone = [];
    line.at.forEach((ms, place) => {
      const value = [ms + EAST_MS, line.centi[place] / 100];
      const after = place > 0 && ms - line.at[place - 1] <= gap;
      const before = place + 1 < line.at.length && line.at[place + 1] - ms <= gap;
      if (!after && values.length) values.push([value[0] - 1, null]);
      values.push(value);
      if (!after && !before) alone.push(value);
    });
    return { values, alone };
  }

  function marked([begins, ends, kind, excludes]) {
    const color = excludes ? "rgba(128,136,150,0.35)" : excludes === false ? "rgba(63,155,108,0.14)" : "rgba(224,160,44,0.28)";
    return [{ name: words.marks[kind] || kind, xAxis: begins + EAST_MS - MARK_EDGE_MS, itemStyle: { color } }, { xAxis: ends + EAST_MS + MARK_EDGE_MS }];
  }

  const dots = (name, data, style) => ({ name, type: "scatter", data, symbolSize: 6, z: 5, ...style });
  const pairs = (list) => list.map(([ms, centi]) => [ms + EAST_MS, centi / 100]);

  function drawn(line, place) {
    const name = `${words.rooms[line.room_kind] || ""} ${line.point}`.trim();
    const color = COLOURS[place % COLOURS.length];
    const { values, alone } = broken(line);
    const areas = { silent: true, label: { show: false }, data: line.marks.map(marked) };
    return [
      { name, type: "line", showSymbol: false, data: values, color, lineStyle: { width: 2 }, markArea: areas },
      dots(name, alone, { color, symbolSize: 4 }),
    ];
  }

  // What does not count, what waits, and how a reading came: each by its own sign and name.
  function apart(lines) {
    const every = (name) => lines.flatMap((line) => line[name]);
    const hollow = { color: "transparent", borderColor: GREY, borderWidth: 1.5 };
    const told = [
      [words.excluded, pairs(every("excluded")), { symbol: "path://M0,0L10,10M10,0L0,10", itemStyle: hollow, symbolSize: 7 }],
      [words.noEvidence, pairs(every("no_evidence")), { symbol: "circle", itemStyle: hollow, symbolSize: 4 }],
      [words.conflict, every("conflicts").flatMap(([ms, values, said]) => values.map((centi) => ({ value: [ms + EAST_MS, centi / 100], said: words[said] }))), { symbol: "diamond", color: "#8e44ad", symbolSize: 10 }],
      [words.flag, every("flags").map(([ms, centi, names]) => ({ value: [ms + EAST_MS, centi / 100], said: names.map((each) => words.flags[each] || each).join("、") })), { symbol: "emptyTriangle", color: "#b9762a", symbolSize: 7 }],
    ];
    return told.filter(([, data]) => data.length).map(([name, data, style]) => dots(name, data, style));
  }

  function nights(told) {
    const days = (told.ends - told.begins) / DAY_MS;
    if (days > NIGHTS_DAYS) return [];
    const bands = [];
    for (let midnight = told.begins - DAY_MS; midnight < told.ends; midnight += DAY_MS) {
      const begin = Math.max(told.begins, midnight + told.day_to_min * 60e3);
      const end = Math.min(told.ends, midnight + DAY_MS + told.day_from_min * 60e3);
      if (begin < end) bands.push([{ name: days <= NAMED_DAYS ? words.night : "", xAxis: begin + EAST_MS }, { xAxis: end + EAST_MS }]);
    }
    return bands;
  }

  function standard(told) {
    const limit = told.limit_centi / 100;
    return {
      name: words.standard,
      type: "line",
      data: [],
      color: STANDARD,
      markLine: {
        symbol: "none",
        silent: true,
        lineStyle: { color: STANDARD, type: "dashed" },
        label: { formatter: `${limit.toFixed(2)} °C`, position: "insideEndTop", color: STANDARD },
        data: [{ yAxis: limit }],
      },
      markArea: { silent: true, itemStyle: { color: "rgba(70,90,150,0.13)" }, label: { color: GREY, position: "insideTop" }, data: nights(told) },
    };
  }

  function tooltip(items) {
    const when = new Date(items[0].axisValue).toISOString().slice(0, 16).replace("T", " ");
    const seen = new Set();
    const lines = items.filter(({ value }) => value && value[1] !== null && value[1] !== undefined).map(({ marker, seriesName, value, data }) => {
      const said = data.said ? `（${data.said}）` : "";
      return `${marker}${seriesName} ${hs.fixed(value[1])} °C${said}`;
    }).filter((line) => !seen.has(line) && seen.add(line));
    return [when, ...lines].join("<br>");
  }

  async function draw() {
    const asked = `${back} ${chosen}`;
    at("hs-curve-said").textContent = words.reading;
    try {
      const answer = await rows(`curve?until=${chosen}&back=${back}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (asked !== `${back} ${chosen}`) return;
      chart.setOption(
        {
          tooltip: { formatter: tooltip },
          xAxis: { min: told.begins + EAST_MS, max: told.ends + EAST_MS },
          yAxis: { min: (range) => floorOf(range.min, told), max: (range) => ceilingOf(range.max, told) },
          series: [standard(told), ...told.lines.flatMap(drawn), ...apart(told.lines)],
        },
        { replaceMerge: ["series"] },
      );
      const span = filled(words.span, told.first, told.last);
      at("hs-curve-said").textContent = told.lines.length ? span : `${span} · ${words.silent}`;
    } catch {
      at("hs-curve-said").textContent = words.away;
    }
  }

  // The standard is always in the picture.
  const floorOf = (least, told) => Math.floor(Math.min(Number.isFinite(least) ? least : Infinity, told.limit_centi / 100) - 0.5);
  const ceilingOf = (most, told) => Math.ceil(Math.max(Number.isFinite(most) ? most : -Infinity, told.limit_centi / 100) + 0.5);

  // --- a day ---

  function choose(day) {
    if (!day) return;
    chosen = day;
    at("hs-day").value = day;
    history.replaceState(null, "", `?day=${day}`);
    draw();
    reasons();
    statistics();
  }

  function range(name) {
    back = name;
    draw();
  }

  function dayButton(day) {
    const button = made("button", "hs-day-button", day);
    button.type = "button";
    button.addEventListener("click", () => choose(day));
    return button;
  }

  async function reasons() {
    const day = chosen;
    at("hs-reasons-day").textContent = day;
    const into = at("hs-reasons");
    try {
      const answer = await rows(`findings/${day}/explained`);
      if (day !== chosen) return;
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (!found) return into.replaceChildren(made("p", "hs-note", words.none));
      const { lines, versions } = found;
      into.replaceChildren(
        ...lines.map((line) => made("p", line.nearest ? "hs-sentence hs-nearest" : "hs-sentence", line[words.language])),
        made("p", "hs-note", words.versions),
        every(versions),
      );
    } catch {
      into.replaceChildren(made("p", "hs-alert", words.away));
    }
  }

  function every(versions) {
    const list = made("ol", "hs-versions");
    for (const one of versions) {
      const told = [hs.local(one.at), words.outcomes[one.outcome], words.changes[one.change]];
      list.append(made("li", "", told.join(" · ") + (one.stands ? ` · ${words.stands}` : "")));
    }
    return list;
  }

  async function statistics() {
    const day = chosen;
    const into = at("hs-statistics");
    try {
      const answer = await rows(`statistics?day=${day}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (day === chosen) into.replaceChildren(told.length ? table(told) : made("p", "hs-note", words.noStatistics));
    } catch {
      into.replaceChildren(made("p", "hs-alert", words.away));
    }
  }

  function table(told) {
    const one = made("table", "hs-table");
    const head = made("tr");
    for (const name of words.statistics) {
      const cell = made("th", "", name);
      cell.scope = "col";
      head.append(cell);
    }
    one.append(made("thead"), made("tbody"));
    one.tHead.append(head);
    for (const row of told) {
      const line = made("tr");
      const cells = [
        row.point,
        words.rooms[row.room_kind] || row.room || "—",
        row.readings,
        `${row.slots_valid}/${row.slots_expected}`,
        ...[row.min_centi, row.day_min_centi, row.night_min_centi].map(degrees),
        row.below_min,
        row.longest_below_min,
        row.conflicts,
        degrees(row.limit_centi),
      ];
      line.append(...cells.map((cell) => made("td", "", String(cell))));
      one.tBodies[0].append(line);
    }
    return one;
  }

  // --- evidence ---

  const verdict = (...parts) => at("hs-verdict").replaceChildren(...parts);

  async function refusal(answer) {
    try {
      const { detail } = await answer.json();
      return typeof detail === "string" ? detail : JSON.stringify(detail);
    } catch {
      return String(answer.status);
    }
  }

  async function busy(form, said, act) {
    const button = form.querySelector("button");
    button.disabled = true;
    verdict(made("p", "hs-note", said));
    try {
      await act();
    } catch (error) {
      verdict(made("p", "hs-alert", filled(words.refused, error.message)));
    }
    button.disabled = false;
  }

  async function exported() {
    const [first, last] = [at("hs-first").value, at("hs-last").value];
    const answer = await rows(`evidence?from=${first}&to=${last}`);
    if (!answer.ok) throw new Error(await refusal(answer));
    const name = `evidence-${home.code}-${first}-${last}.zip`;
    bundle = { name, content: await answer.blob() };
    const link = made("a");
    link.href = URL.createObjectURL(bundle.content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    verdict(made("p", "hs-sentence", filled(words.exported, name, bundle.content.size, answer.headers.get("X-Content-SHA256"))));
  }

  async function verified() {
    const [file] = at("hs-file").files;
    const one = file ? { name: file.name, content: file } : bundle;
    if (!one) throw new Error(words.choose);
    const answer = await hs.ask("/rows/evidence/verify", { method: "POST", body: one.content, headers: { "Content-Type": "application/zip" } });
    if (!answer.ok) throw new Error(await refusal(answer));
    const { outcome, lines, sha256 } = await answer.json();
    verdict(
      made("p", outcome === "same" ? "hs-sentence hs-good" : "hs-alert", words[outcome]),
      made("p", "hs-note hs-sentence", `${one.name} · SHA-256 ${sha256}`),
      made("pre", "hs-verified", lines.join("\n")),
    );
    at("hs-verdict").querySelector("pre").tabIndex = 0;
  }

  function evidence() {
    const form = at("hs-export");
    if (!form) return;
    const forms = [[form, words.export, exported], [at("hs-verify"), words.verifying, verified]];
    for (const [one, said, act] of forms) {
      one.addEventListener("submit", (event) => {
        event.preventDefault();
        busy(one, said, act);
      });
      one.querySelector("button").disabled = false;
    }
  }

  function start(told, said, chartOf) {
    [home, words, chosen, back] = [told, said, told.day, told.range];
    chart = chartOf();
    at("hs-day").addEventListener("change", () => choose(at("hs-day").value));
    at("hs-before").addEventListener("click", () => choose(moved(chosen, -STEPS[back])));
    at("hs-after").addEventListener("click", () => choose(moved(chosen, STEPS[back])));
    evidence();
    draw();
    reasons();
    statistics();
  }

  return { start, range, dayButton };
})();
