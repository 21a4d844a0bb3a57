"use strict";

// Draws a number by month, for the state and the period that the form names.
{
  const { months, sums, states } = JSON.parse(document.getElementById("explorer").textContent);
  const form = document.getElementById("explore");
  const part = (name) => document.getElementById(`explored-${name}`);
  const number = (digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format;
  const [whole, cents, percent] = [number(0), number(2), (share) => `${number(1)(100 * share)}%`];
  const reais = (amount) => `R$\u00a0${cents(amount)}`;

  const short = new Intl.NumberFormat("en", { notation: "compact" }).format;
  const onAxis = new Map([[reais, (amount) => `R$\u00a0${short(amount)}`], [whole, short]]);

  // By name: the sum, the sum that divides it, the format, and where the axis begins and ends.
  const NUMBERS = {
    "GMV": ["gmv", null, reais],
    "Orders": ["orders", null, whole],
    "Average order": ["gmv", "orders_with_items", reais],
    "Deliveries on time": ["on_time", "delivered", percent, 0, 1],
    "Review score": ["stars", "reviews", cents, 1, 5],
  };
  for (const name of Object.keys(NUMBERS)) form.elements.number.add(new Option(name));

  // A round number of which two reach the value.
  const step = (value) => {
    const power = 10 ** Math.floor(Math.log10(value / 2 || 1));
    return power * [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((each) => 2 * each * power >= value);
  };
  const total = (rows) => rows.reduce((sum, each) => sum + each, 0);
  const svg = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(text);
    return element;
  };

  const draw = () => {
    const { state, number: name, from, to } = Object.fromEntries(new FormData(form));
    const [first, last] = [from, to].map((month) => months.indexOf(month)).sort((a, b) => a - b);
    const [over, under, format, start = 0, end] = NUMBERS[name];
    const chosen = state ? [states[state]] : Object.values(states);
    const column = (sum) => months.slice(first, last + 1).map((_, at) => (
      total(chosen.map((rows) => rows[1 + sums.indexOf(sum)][first + at]))));
    const [tops, bottoms] = [column(over), under ? column(under) : null];
    const values = tops.map((top, at) => (bottoms ? (bottoms[at] ? top / bottoms[at] : null) : top));
    const whole_period = bottoms ? total(tops) / total(bottoms) : total(tops);
    const where = state ? states[state][0] : "all of Brazil";
    document.getElementById("explored").textContent = `${name}, ${where}`;
    part("words").textContent = Number.isFinite(whole_period)
      ? `${months[first]} to ${months[last]}: ${format(whole_period)}${under ? " on average" : " in all"}.`
      : `${months[first]} to ${months[last]}: nothing to show.`;
    part("chart").replaceChildren(chart(months.slice(first, last + 1), values, format, start, end));
    const table = part("table");
    table.innerHTML = "<thead><tr><th scope=col>Month</th><th scope=col class=number></th></tr></thead><tbody></tbody>";
    table.rows[0].cells[1].textContent = name;
    values.forEach((value, at) => {
      const row = table.tBodies[0].insertRow();
      row.innerHTML = "<th scope=row></th><td class=number></td>";
      row.cells[0].textContent = months[first + at];
      row.cells[1].textContent = value === null ? "–" : format(value);
    });
  };

  const chart = (names, values, format, start, end) => {
    const width = Math.max(280, part("chart").clientWidth), height = 240, [left, foot] = [60, 22];
    const top = end ?? 2 * step(Math.max(...values) || 1), room = (width - left) / names.length;
    const y = (value) => 8 + (height - foot - 8) * (1 - (value - start) / (top - start));
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
    for (const share of [0, 0.5, 1]) {
      const value = start + share * (top - start);
      picture.append(
        svg("line", { x1: left, x2: width, y1: y(value), y2: y(value), stroke: "var(--line)" }),
        svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end", "font-size": 11, fill: "currentColor" },
          (onAxis.get(format) ?? format)(value)));
    }
    const every = Math.ceil(52 / room);
    values.forEach((value, at) => {
      const x = left + at * room;
      if (value !== null) {
        const bar = svg("path", { d: `M${x + room * 0.1},${y(value)}h${room * 0.8}V${y(start)}h${-room * 0.8}Z`, fill: "var(--bar)" });
        bar.append(svg("title", {}, `${names[at]}: ${format(value)}`));
        picture.append(bar);
      }
      if (at % every === 0) {
        picture.append(svg("text", { x: x + room / 2, y: height - 6, "text-anchor": "middle", "font-size": 11, fill: "currentColor" }, names[at]));
      }
    });
    return picture;
  };

  form.addEventListener("input", draw);
  addEventListener("resize", draw);
  draw();
}
