"use strict";

// Shows the seller whose id begins as the form or the address says, beside all sellers.
{
  const { startNote, whole, cents, percent, reais, total, ratio } = Columns;
  const data = JSON.parse(document.getElementById("sellers").textContent);
  const form = document.getElementById("seller-months");
  const part = (name) => document.getElementById(`seller-${name}`);
  const column = (rows, sum) => rows[data.sums.indexOf(sum)];

  // By name: the sum, the sum that divides it, the format, and where the axis begins and ends.
  const NUMBERS = {
    "Sales": ["sales", null, reais],
    "Orders": ["orders", null, whole],
    "Sales per order": ["sales", "orders", reais],
    "Orders called off": ["called_off", "orders", percent],
    "Late deliveries": ["late", "delivered", percent],
    "Review score": ["stars", "reviews", cents, 1, 5],
  };
  const UNITS = { orders: ["order", "orders"], delivered: ["delivery", "deliveries"], reviews: ["review", "reviews"] };
  for (const name of Object.keys(NUMBERS)) form.elements.number.add(new Option(name));
  document.getElementById("ids").append(
    ...data.sellers.map(([id, state], at) => new Option(`${state || "–"}, place ${whole(at + 1)}`, id)));

  // Wilson's interval at 95%, as on the other pages.
  const wilson = (some, of) => {
    const z = 1.959964, share = some / of, spread = z * z / of;
    const half = z * Math.sqrt(share * (1 - share) / of + spread / (4 * of));
    const ends = [-1, 1].map((sign) => (share + spread / 2 + sign * half) / (1 + spread));
    return ends.map((end) => Math.min(Math.max(+end.toFixed(9), 0), 1));
  };

  const compare = (name, mine) => {
    const [over, under, format] = NUMBERS[name];
    const value = (rows) => ratio(column(rows, over), under && column(rows, under));
    const [own, others] = [value(mine), value(data.all)];
    const cells = document.querySelector(`tr[data-number="${name}"]`).cells;
    cells[2].textContent = others === null ? "–" : format(others);
    if (own === null) cells[1].textContent = "–";
    else if (!under) cells[1].textContent = `${format(own)}, ${percent(own / others)} of all`;
    else {
      const of = total(column(mine, under)), counted = `${whole(of)} ${UNITS[under][+(of !== 1)]}`;
      if (format !== percent) cells[1].textContent = `${format(own)} from ${counted}`;
      else {
        const [low, high] = wilson(total(column(mine, over)), of);
        const verdict = others < low ? "clearly above" : others > high ? "clearly below" : "not clearly different from";
        cells[1].textContent = `${format(own)} (${percent(low)} to ${percent(high)}) of ${counted}, ${verdict} all sellers`;
      }
    }
  };

  const show = () => {
    const typed = form.elements.seller.value.trim().toLowerCase();
    const place = data.sellers.findIndex(([id]) => id.startsWith(typed));
    part("page").hidden = place < 0;
    part("nothing").hidden = place >= 0;
    if (place < 0) return;
    const [id, state, own, ...sums] = data.sellers[place];
    // A month without a sale has no sums.
    const mine = sums.map((values) => data.months.map((_, month) => values[own.indexOf(month)] ?? 0));
    document.getElementById("seller").textContent = `Seller ${id}`;
    part("words").textContent = `${data.states[state] ? `${data.states[state]}. ` : ""}Place ${whole(place + 1)} of ${whole(data.count)} by sales. Sales from ${data.months[own[0]]} to ${data.months[own.at(-1)]}.`;
    Object.keys(NUMBERS).forEach((name) => compare(name, mine));

    const name = form.elements.number.value, [over, under, format, start, end] = NUMBERS[name];
    const drawn = (rows) => data.drawn.map((at) => ratio([column(rows, over)[at]], under && [column(rows, under)[at]]));
    const [names, values] = [data.drawn.map((at) => data.months[at]), drawn(mine)];
    document.getElementById("seller-by-month").textContent = `${name} by month`;
    part("caption").textContent = `${under ? "The line across a column shows all sellers. " : ""}Months in which the marketplace has few orders are not drawn.${startNote(start)}`;
    Columns.draw(part("chart"), names, values, format, { start, end, references: under ? drawn(data.all) : [] });
    Columns.fill(part("table"), name, names, values, format);
    history.replaceState(null, "", `#${id}`);
  };

  const open = () => {
    const named = decodeURIComponent(location.hash.slice(1));
    form.elements.seller.value = document.getElementById(named) ? "" : named; // a part of the page
    show();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  addEventListener("hashchange", open);
  addEventListener("resize", show);
  open();
}
