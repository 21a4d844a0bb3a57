"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// The theme of the device applies until the reader chooses one.
const scheme = document.getElementById("scheme");
const choose = (name) => { document.documentElement.style.colorScheme = name; };
const stored = (act) => { try { return act(localStorage); } catch { return null; } };
const chosen = stored((store) => store.getItem("scheme"));
if (chosen) choose(chosen);
scheme.hidden = false;
scheme.addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.style.colorScheme || (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  choose(next);
  stored((store) => store.setItem("scheme", next));
});

// A click elsewhere or Escape closes the menus.
const close = (except) => all(".bar details[open]").forEach((menu) => { menu.open = menu === except; });
document.addEventListener("click", (event) => close(event.target.closest(".bar details")));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(null); });

// A phone opens with long tables folded, except the one that the address names.
if (matchMedia("(max-width: 44rem)").matches) {
  all(".more details[open], .fold[open]").forEach((table) => { table.open = table.matches(":has(:target)"); });
}

// A time in the past also says how long ago it is.
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
const spoken = new Intl.RelativeTimeFormat("en", { numeric: "always" });
all("time.ago").forEach((time) => {
  const seconds = (Date.now() - new Date(time.dateTime)) / 1000;
  const [unit, length] = units.find(([, each]) => seconds >= 2 * each) ?? units.at(-1);
  if (seconds >= 0) time.append(` (${spoken.format(-Math.floor(seconds / length), unit)})`);
});

// A click on a heading sorts its table: numbers by value, text alphabetically.
// Missing values are last in both directions.
const words = new Intl.Collator("en", { numeric: true }).compare;
const missing = (text) => text === "" || text === "–";
const order = (a, b, up) => missing(a) - missing(b) || (up ? 1 : -1) * (a - b || words(a, b));
all("table.sortable").forEach((table) => {
  all("thead th", table).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    const label = heading.querySelector(".term")?.firstChild.data ?? heading.textContent;
    button.setAttribute("aria-label", `Sort by ${label.trim()}`);
    heading.append(button);
    heading.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.cells[column].textContent.trim().replace(/^[<>] |^R\$\s|,|%$/g, "");
      table.tBodies[0].append(
        ...all("tbody tr", table).sort((a, b) => order(value(a), value(b), up)));
    });
  });
});

// A definition appears next to its term; on a narrow screen, at the lower edge.
all(".term").forEach((term) => {
  const place = () => {
    const at = term.getBoundingClientRect();
    const below = at.bottom < innerHeight * 0.7;
    term.lastElementChild.style.cssText = innerWidth < 700 ? "" : `margin: 0; inset: ${
      below ? `${at.bottom + 6}px auto auto` : `auto auto ${innerHeight - at.top + 6}px`
    } ${Math.max(8, Math.min(at.left, innerWidth - 500))}px`;
  };
  term.addEventListener("pointerenter", place);
  term.addEventListener("focus", place);
});

// The search finds tables and columns that match every word or one of its synonyms.
// It matches whole words. A word that matches nothing as a whole matches as a prefix.
const search = document.getElementById("search");
if (search) {
  const synonyms = JSON.parse(document.getElementById("synonyms").textContent);
  const split = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    .split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const spaced = (text) => ` ${split(text).join(" ")} `;
  const list = document.getElementById("found");
  const entries = all("li", list).map((item) => (
    { item, rank: +item.dataset.rank, name: spaced(item.dataset.name), about: spaced(item.dataset.about) }));
  const forms = (word) => [word, `${word}s`, word.replace(/s$/, "")].map((form) => ` ${form} `);
  const has = (text, some) => some.some((each) => text.includes(each));
  const query = (word) => {
    const same = synonyms[word] ?? synonyms[word.replace(/s$/, "")] ?? [];
    const whole = [word, ...same].flatMap(forms);
    const known = entries.some(({ name, about }) => has(name + about, whole));
    return { own: known ? forms(word) : [` ${word}`], any: known ? whole : [` ${word}`] };
  };
  // Order: table names, column names, descriptions; within each, the word before its synonyms.
  const rankOf = ({ name, about, rank }, words) => {
    if (!words.every(({ any }) => has(name, any) || has(about, any))) return Infinity;
    const named = words.every(({ any }) => has(name, any));
    const exact = words.every(({ own }) => has(named ? name : about + name, own));
    return 2 * (named ? rank : 2) + !exact;
  };
  search.addEventListener("input", () => {
    const words = split(search.value).map(query);
    const ranks = new Map(entries.map((each) => [each, words.length ? rankOf(each, words) : Infinity]));
    for (const each of entries) each.item.hidden = ranks.get(each) === Infinity;
    list.append(...[...entries].sort((a, b) => ranks.get(a) - ranks.get(b) || 0).map((each) => each.item));
    document.getElementById("nothing").hidden =
      !words.length || entries.some(({ item }) => !item.hidden);
  });
}

// Pointing at a table highlights its inputs and the tables that depend on it, direct or not.
all("svg.lineage").forEach((svg) => {
  const lines = all("path[data-start]", svg);
  const follow = (from, here, there, near) => {
    near.add(from);
    for (const line of lines.filter((each) => each.dataset[here] === from)) {
      line.classList.add("near");
      if (!near.has(line.dataset[there])) follow(line.dataset[there], here, there, near);
    }
  };
  const dim = () => {
    svg.classList.remove("lit");
    all(".near", svg).forEach((each) => each.classList.remove("near"));
  };
  all("a", svg).forEach((link) => {
    const light = () => {
      dim();
      const before = new Set(), after = new Set();
      follow(link.dataset.table, "end", "start", before);
      follow(link.dataset.table, "start", "end", after);
      all("a", svg).forEach((each) => {
        const table = each.dataset.table;
        each.classList.toggle("near", before.has(table) || after.has(table));
      });
      svg.classList.add("lit");
    };
    for (const event of ["pointerenter", "focus"]) link.addEventListener(event, light);
    for (const event of ["pointerleave", "blur"]) link.addEventListener(event, dim);
  });
});
