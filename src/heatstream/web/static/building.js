// A façade through a day and a night: one fetch a day, coloured again for each slot.
"use strict";
window.hsBuilding = (() => {
  const REFRESH_MS = 60000;
  const TICK_MS = 350;
  const DAY_MIN = 1440;

  const made = (name, className, text) => {
    const one = document.createElement(name);
    if (className) one.className = className;
    if (text !== undefined) one.textContent = text;
    return one;
  };
  const filled = (text, told) => text.replace(/\{(\w*)\}/g, (_, name) => (name ? told[name] : told));
  const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const moved = (day, days) => new Date(Date.parse(day) + days * 864e5).toISOString().slice(0, 10);

  function link(code, name) {
    const one = made("a", "", name);
    one.href = "/buildings/" + encodeURIComponent(code);
    return one;
  }

  // --- where a home stands on the façade ---

  // 602 is the second door of floor 6: what is left of the number without its floor tells the column.
  function column(home) {
    const door = home.door || home.code;
    const floor = String(home.floor);
    return door.startsWith(floor) && door.length > floor.length ? door.slice(floor.length) : door;
  }

  function named(home, words) {
    if (home.stair === null || !home.door) return home.address || home.code;
    return `${filled(words.stair, home.stair)} ${home.door}`;
  }

  const grouped = (list, key) => {
    const groups = new Map();
    for (const each of list) groups.set(key(each), [...(groups.get(key(each)) || []), each]);
    return groups;
  };

  function stairs(homes, cells, words) {
    const placed = homes.filter((home) => home.stair !== null && home.floor !== null);
    const all = made("div", "hs-stairs");
    for (const [stair, mine] of [...grouped(placed, (home) => home.stair)].sort((one, two) => one[0] - two[0]))
      all.append(oneStair(filled(words.stair, stair), mine, cells, words));
    return all;
  }

  function oneStair(name, homes, cells, words) {
    const frame = made("div", "hs-stair");
    const table = made("table");
    table.append(made("caption", "", name));
    const columns = [...new Set(homes.map(column))].sort((one, two) => one.localeCompare(two, "zh", { numeric: true }));
    for (const [floor, mine] of [...grouped(homes, (home) => home.floor)].sort((one, two) => two[0] - one[0])) {
      const row = made("tr");
      const head = made("th", "", filled(words.floor, floor));
      head.scope = "row";
      row.append(head);
      for (const each of columns) {
        const cell = made("td");
        cell.append(...mine.filter((home) => column(home) === each).map((home) => cells.get(home).link));
        row.append(cell);
      }
      table.append(row);
    }
    frame.append(table);
    return frame;
  }

  function elsewhere(homes, cells, words) {
    const lost = homes.filter((home) => home.stair === null || home.floor === null);
    if (!lost.length) return [];
    const list = made("div", "hs-elsewhere");
    list.append(...lost.map((home) => cells.get(home).link));
    return [made("h3", "hs-note", words.elsewhere), list];
  }

  // --- a home in a slot ---

  function cell(home, day, words) {
    const one = { link: made("a", "hs-home"), value: made("span", "hs-home-value") };
    one.link.href = `/household/${encodeURIComponent(home.code)}?day=${day}`;
    const signs = made("span");
    one.lies = Object.entries(words.places).filter(([name]) => home[name]).map(([, told]) => told);
    signs.append(...one.lies.map(([sign]) => made("span", "hs-sign", sign)));
    one.link.append(made("span", "", home.door || home.code), signs, one.value);
    return one;
  }

  // What is to be said of a home in a slot: its look, its value, and why it has none.
  function seen(home, slot, words) {
    const about = [...(home.resident ? [] : [words.other]), ...(home.stopped ? [words.stopped] : [])];
    if (!home.rooms) return { look: home.stopped ? "hs-stopped" : "hs-unmonitored", short: about[0] || words.unmonitored, said: [...about, words.unmonitored] };
    const centi = home.centi[slot];
    if (centi === null) {
      const why = home.conflicts.includes(slot) ? words.conflict : home.excluded.includes(slot) ? words.excluded : words.gap;
      return { look: home.stopped ? "hs-stopped" : "hs-gap", short: why === words.gap ? "—" : why, said: [why, ...about] };
    }
    const below = !home.stopped && centi < home.limit_centi;
    const band = words.scale.filter((edge) => centi >= edge * 100).length;
    const look = home.stopped ? "hs-stopped" : `hs-t${band}${below ? " hs-below" : ""}`;
    const value = (centi / 100).toFixed(2);
    return { look, centi, below, short: value + (below ? " ▼" : ""), said: [`${value} °C`, ...(below ? [words.below] : []), ...about] };
  }

  function paint(one, home, slot, words) {
    const told = seen(home, slot, words);
    one.link.className = `hs-home ${told.look}`;
    one.value.textContent = told.short;
    one.value.className = "hs-home-value" + (told.centi === undefined ? " hs-home-said" : "");
    one.link.setAttribute("aria-label", [named(home, words), ...told.said, ...one.lies.map(([, said]) => said.split(/[:：]/)[0])].join(" "));
    one.link.title = `${[home.code, home.address].filter(Boolean).join(" · ")} · ${told.said.join(" ")} · ${words.standard} ${(home.limit_centi / 100).toFixed(2)} °C`;
    return told;
  }

  function summed(homes, all, words) {
    const read = all.filter((each) => each.centi !== undefined);
    const told = {
      homes: homes.length,
      monitored: homes.filter((home) => home.rooms).length,
      read: read.length,
      below: read.filter((each) => each.below).length,
    };
    // Who has stopped is supplied nothing, so the coldest of them would say nothing of the supply.
    const lowest = read.filter((each) => !each.stopped).reduce((least, each) => (least === null || each.centi < least.centi ? each : least), null);
    const coldest = lowest ? ` · ${filled(words.lowest, `${(lowest.centi / 100).toFixed(2)} °C ${lowest.name}`)}` : "";
    return filled(words.sum, told) + coldest;
  }

  // --- the slider and the day ---

  function controls(words) {
    const at = {
      before: made("button", "hs-choice", "‹"),
      date: made("input", "hs-input"),
      after: made("button", "hs-choice", "›"),
      play: made("button", "hs-choice", words.play),
      at: made("output", "hs-facade-at"),
      slot: made("input"),
      light: made("div", "hs-slider-day"),
      sum: made("p", "hs-note"),
      body: made("div"),
    };
    Object.assign(at.date, { type: "date", ariaLabel: words.date, required: true });
    Object.assign(at.slot, { type: "range", min: 0, step: 1, ariaLabel: words.slot });
    at.light.setAttribute("aria-hidden", "true");
    for (const [button, name] of [[at.before, words.before], [at.after, words.after]]) Object.assign(button, { type: "button", ariaLabel: name, title: name });
    Object.assign(at.play, { type: "button", ariaPressed: "false" });
    const top = made("div", "hs-facade-top");
    const day = made("div", "hs-facade-day");
    day.append(at.before, at.date, at.after);
    top.append(day, at.play, at.at);
    const slider = made("div", "hs-slider");
    slider.append(at.slot, at.light);
    return { ...at, parts: [top, slider, at.sum, at.body] };
  }

  // The night has two pieces in a day: the end of the one that began the day before, and the beginning of its own.
  function light(bar, { day_from_min: from, day_to_min: to }, words) {
    const pieces = [[0, from, "night"], [from, to, "noon"], [to, DAY_MIN, "night"]].filter(([begin, end]) => end > begin);
    bar.replaceChildren(...pieces.map(([begin, end, kind]) => {
      const piece = made("span", `hs-slider-${kind}`, kind === "noon" ? words.day : words.night);
      piece.append(made("span", "hs-slider-hours", `\u00a0${clock(begin)}–${clock(end)}`));
      piece.style.flex = `${end - begin} 1 0`;
      return piece;
    }));
  }

  function facade({ code, day: first }, words) {
    const address = `/rows/buildings/${encodeURIComponent(code)}/day`;
    const root = document.getElementById("hs-facade");
    const at = controls(words);
    root.replaceChildren(...at.parts);
    let shown = null;
    let playing = null;

    const kind = (minutes) => (shown.day_from_min <= minutes && minutes < shown.day_to_min ? words.day : words.night);

    function turn() {
      const slot = Number(at.slot.value);
      const minutes = slot * shown.step_min;
      const told = shown.homes.map((home) => ({ name: named(home, words), stopped: home.stopped, ...paint(shown.cells.get(home), home, slot, words) }));
      const when = `${clock(minutes)}–${clock(minutes + shown.step_min)} ${kind(minutes)}`;
      at.at.textContent = when;
      at.sum.textContent = summed(shown.homes, told, words);
      at.slot.setAttribute("aria-valuetext", `${when} ${at.sum.textContent}`);
    }

    function show(answer, wanted) {
      const cells = new Map(answer.homes.map((home) => [home, cell(home, answer.day, words)]));
      shown = { ...answer, cells };
      const slots = DAY_MIN / answer.step_min;
      const lengths = answer.homes.map((home) => home.centi.findLastIndex((centi) => centi !== null));
      const last = Math.max(-1, ...lengths);
      const stays = wanted === "slot" && Number(at.slot.max) === slots - 1;
      const kept = stays ? Number(at.slot.value) : Math.max(0, last);
      at.slot.max = slots - 1;
      at.slot.value = kept;
      at.slot.dataset.last = last;
      light(at.light, answer, words);
      const empty = !answer.homes.length ? [made("p", "hs-empty", words.empty)] : last < 0 ? [made("p", "hs-empty", words.silent)] : [];
      const focus = document.activeElement?.href;
      at.body.replaceChildren(...empty, stairs(answer.homes, cells, words), ...elsewhere(answer.homes, cells, words));
      if (focus) [...at.body.querySelectorAll("a")].find((each) => each.href === focus)?.focus();
      turn();
    }

    async function read(day, wanted) {
      at.date.value = day;
      root.setAttribute("aria-busy", "true");
      try {
        const answer = await hs.ask(`${address}?day=${day}`);
        if (!answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        if (at.date.value === day) show(told, wanted);
      } catch {
        at.sum.textContent = words.away;
      }
      root.removeAttribute("aria-busy");
    }

    function go(day) {
      if (!day) return;
      pause();
      history.replaceState(null, "", `?day=${day}`);
      read(day, "slot");
    }

    function pause() {
      clearInterval(playing);
      playing = null;
      at.play.textContent = words.play;
      at.play.ariaPressed = "false";
    }

    function play() {
      if (playing) return pause();
      at.play.textContent = words.pause;
      at.play.ariaPressed = "true";
      playing = setInterval(() => {
        if (!shown) return;
        at.slot.value = Number(at.slot.value) === Number(at.slot.max) ? 0 : Number(at.slot.value) + 1;
        turn();
      }, TICK_MS);
    }

    at.slot.addEventListener("input", () => shown && turn());
    at.date.addEventListener("change", () => go(at.date.value));
    at.before.addEventListener("click", () => go(moved(at.date.value, -1)));
    at.after.addEventListener("click", () => go(moved(at.date.value, 1)));
    at.play.addEventListener("click", play);
    at.sum.textContent = words.reading;
    read(first, "newest");
    // Whoever looks at the newest slot goes on with it; whoever chose another stays there.
    setInterval(() => {
      if (document.hidden || playing) return;
      read(at.date.value, shown && at.slot.value === at.slot.dataset.last ? "newest" : "slot");
    }, REFRESH_MS);
  }

  // --- finding a home ---

  function search(words) {
    const input = document.getElementById("hs-search-text");
    const found = document.getElementById("hs-found");
    async function look(event) {
      event.preventDefault();
      const text = input.value.trim();
      if (text.length < 2) return found.replaceChildren(made("p", "hs-note", words.short));
      try {
        const answer = await hs.ask("/rows/search?q=" + encodeURIComponent(text));
        if (!answer.ok) throw new Error(String(answer.status));
        tell(await answer.json());
      } catch {
        found.replaceChildren(made("p", "hs-alert", words.away));
      }
    }
    function tell({ homes, more }) {
      if (!homes.length) return found.replaceChildren(made("p", "hs-note", words.none));
      const list = made("ul");
      for (const row of homes) {
        const line = made("li");
        const home = made("a", "hs-link", row.household);
        home.href = "/household/" + encodeURIComponent(row.household);
        const where = made("a", "hs-link", `${row.community_name} ${row.building_name}`);
        where.href = "/buildings/" + encodeURIComponent(row.building);
        line.append(home, ` ${row.address || ""} · `, where);
        list.append(line);
      }
      found.replaceChildren(list, ...(more ? [made("p", "hs-note", filled(words.many, homes.length))] : []));
    }
    input.form.addEventListener("submit", look);
    input.form.querySelector("button").disabled = false;
  }

  return { facade, link, search };
})();
