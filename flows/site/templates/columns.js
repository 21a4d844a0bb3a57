"use strict";

// Columns by month: the formats of numbers, the chart and its table.
const Columns = (() => {
  const number = (digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format;
  const [whole, cents] = [number(0), number(2)];
  const percent = (share) => {
    const text = number(share === 0 || share === 1 ? 0 : 1)(100 * share);
    return { "0.0": "< 0.1%", "100.0": "> 99.9%" }[text] ?? `${text}%`; // as on the other pages
  };
  const reais = (amount) => `R$\u00a0${cents(amount)}`;

  const compact = new Intl.NumberFormat("en", { notation: "compact" }).format;
  const short = (value) => compact(value).replace("K", "k"); // as on the other charts
  const onAxis = new Map([
    [reais, (amount) => (amount ? `R$\u00a0${short(amount)}` : "0")],
    [percent, (share) => `${short(100 * share)}%`],
    [whole, short],
    [cents, short],
  ]);

  // A round number of which two reach the value.
  const step = (value) => {
    const power = 10 ** Math.floor(Math.log10(value / 2 || 1));
    return power * [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((each) => 2 * each * power >= value);
  };
  const svg = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(text);
    return element;
  };
  const label = (attributes, text) => svg("text", { "font-size": 11, fill: "currentColor", ...attributes }, text);

  // The axis goes from `start` to `end`; without an end, a little above the highest value. A value
  // may be null. A line across each column is the value of `references`.
  const draw = (figure, names, values, format, { start = 0, end, references = [] }) => {
    const width = Math.max(280, figure.clientWidth), height = 240, [left, foot] = [60, 22]; // room for labels
    const right = Math.max(0, 26 - (width - left) / names.length / 2); // of the last label, half is beside its column
    const top = end ?? 2 * step(Math.max(...values, ...references) || 1), room = (width - left - right) / names.length;
    const y = (value) => 8 + (height - foot - 8) * (1 - (value - start) / (top - start));
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
    for (const share of [0, 0.5, 1]) {
      const value = start + share * (top - start);
      picture.append(
        svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), stroke: "var(--line)" }),
        label({ x: left - 6, y: y(value) + 4, "text-anchor": "end" }, onAxis.get(format)(value)));
    }
    const every = Math.ceil(52 / room);
    names.forEach((name, at) => {
      const x = left + at * room, [value, reference] = [values[at], references[at] ?? null];
      if (value !== null) {
        const bar = svg("path", { d: `M${x + room * 0.1},${y(value)}h${room * 0.8}V${y(start)}h${-room * 0.8}Z`, fill: "var(--bar)" });
        bar.append(svg("title", {}, `${name}: ${format(value)}`));
        picture.append(bar);
      }
      if (reference !== null) {
        const line = svg("path", { d: `M${x},${y(reference) - 2}h${room}v4h${-room}Z`, fill: "var(--ink)", stroke: "var(--raised)" });
        line.append(svg("title", {}, `${name}, all: ${format(reference)}`));
        picture.append(line);
      }
      if (at % every === 0) picture.append(label({ x: x + room / 2, y: height - 6, "text-anchor": "middle" }, name));
    });
    figure.replaceChildren(picture);
  };

  const fill = (table, heading, names, values, format) => {
    table.innerHTML = "<thead><tr><th scope=col>Month</th><th scope=col class=number></th></tr></thead><tbody></tbody>";
    table.rows[0].cells[1].textContent = heading;
    values.forEach((value, at) => {
      const row = table.tBodies[0].insertRow();
      row.innerHTML = "<th scope=row></th><td class=number></td>";
      row.cells[0].textContent = names[at];
      row.cells[1].textContent = value === null ? "–" : format(value);
    });
  };

  // The sum of `tops`, divided by that of `bottoms`, if there are any; null if they are zero.
  const total = (numbers) => numbers.reduce((sum, each) => sum + each, 0);
  const ratio = (tops, bottoms) => (bottoms ? (total(bottoms) ? total(tops) / total(bottoms) : null) : total(tops));

  const startNote = (start) => (start ? ` The axis starts at ${start}.` : "");

  return { startNote, whole, cents, percent, reais, total, ratio, draw, fill };
})();
