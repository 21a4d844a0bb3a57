"use strict";

// Draws a number by month, for the state and the period that the form names.
{
  const { startNote, whole, cents, percent, reais, total, ratio } = Columns;
  const { months, sums, states } = JSON.parse(document.getElementById("explorer").textContent);
  const form = document.getElementById("explore");
  const part = (name) => document.getElementById(`explored-${name}`);

  // By name: the sum, the sum that divides it, the format, and where the axis begins and ends.
  const NUMBERS = {
    "GMV": ["gmv", null, reais],
    "Orders": ["orders", null, whole],
    "Average order": ["gmv", "orders_with_items", reais],
    "Deliveries on time": ["on_time", "delivered", percent, 0, 1],
    "Review score": ["stars", "reviews", cents, 1, 5],
  };
  for (const name of Object.keys(NUMBERS)) form.elements.number.add(new Option(name));

  const draw = () => {
    const { state, number: name, from, to } = Object.fromEntries(new FormData(form));
    const [first, last] = [from, to].map((month) => months.indexOf(month)).sort((a, b) => a - b);
    const [over, under, format, start, end] = NUMBERS[name];
    const chosen = state ? [states[state]] : Object.values(states);
    const period = months.slice(first, last + 1);
    const column = (sum) => period.map((_, at) => total(chosen.map((rows) => rows[1 + sums.indexOf(sum)][first + at])));
    const [tops, bottoms] = [column(over), under && column(under)];
    const values = tops.map((top, at) => ratio([top], bottoms && [bottoms[at]]));
    const whole_period = ratio(tops, bottoms);
    const where = state ? states[state][0] : "all of Brazil";
    document.getElementById("explored").textContent = `${name}, ${where}`;
    part("words").textContent = whole_period === null
      ? `${months[first]} to ${months[last]}: nothing to show.`
      : `${months[first]} to ${months[last]}: ${format(whole_period)}${under ? " on average" : " in total"}.${startNote(start)}`;
    Columns.draw(part("chart"), period, values, format, { start, end });
    Columns.fill(part("table"), name, period, values, format);
  };

  form.addEventListener("input", draw);
  addEventListener("resize", draw);
  draw();
}
