"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Definitions, on hover and on focus; Escape closes them.
  const tip = document.getElementById("tip");
  const show = term => {
    const said = document.getElementById(term.getAttribute("aria-describedby"));
    if (!said) return;
    tip.textContent = said.textContent;
    tip.hidden = false;
    const at = term.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), window.innerWidth - size.width - 8);
    const below = at.bottom + 6 + size.height < window.innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? at.bottom + 6 : at.top - size.height - 6}px`;
  };
  const hide = () => { tip.hidden = true; };
  for (const term of document.querySelectorAll(".term")) {
    term.addEventListener("mouseenter", () => show(term));
    term.addEventListener("focus", () => show(term));
    term.addEventListener("click", () => show(term));
    term.addEventListener("mouseleave", hide);
    term.addEventListener("blur", hide);
  }
  document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", hide, { passive: true, capture: true });

  // Tables: a heading sorts; cells without a value stay last either way.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0], sign = down ? -1 : 1;
      const key = row => row.cells[place].dataset.sort;
      const rows = [...body.rows].sort((one, other) => {
        const a = key(one), b = key(other);
        if (a === "" || b === "") return (a === "") - (b === "");
        const x = Number(a), y = Number(b);
        const order = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
        return sign * order;
      });
      body.append(...rows);
    }));
  }

  const held = document.getElementById("figures");
  if (!held) return;
  const figures = JSON.parse(held.textContent);
  const specs = name => figures[name].panels;

  // Colours have names in the figures; here they get those of the page.
  const coloured = (value, look) => {
    if (typeof value === "string") {
      if (value.startsWith("series-")) return look.series[Number(value.slice(7)) % look.series.length];
      return value === "no-path" ? look.bad : value === "void" ? look.void : value === "theme-ink" ? look.ink : value;
    }
    if (Array.isArray(value)) return value.map(item => coloured(item, look));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) =>
        [key, key === "data" || key === "values" ? item : coloured(item, look)]));
    }
    return value;
  };
  const looks = () => ({
    series: [0, 1, 2, 3, 4, 5, 6, 7].map(place => css(`--s${place}`)),
    bad: css("--bad"), void: css("--void"), ink: css("--ink"), soft: css("--soft"), line: css("--line"), card: css("--card"),
  });
  const config = look => ({
    background: "transparent",
    font: "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif",
    view: { stroke: look.line },
    axis: { labelColor: look.soft, titleColor: look.soft, gridColor: look.line, domainColor: look.soft,
      tickColor: look.soft, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", gridOpacity: .6, labelLimit: 160 },
    legend: { labelColor: look.ink, titleColor: look.soft, labelFontSize: 12, titleFontSize: 12,
      titleFontWeight: "normal", gradientStrokeColor: look.line },
    range: {
      diverging: dark.matches ? ["#e08a5b", "#3a4048", "#5aa9e6"] : ["#c8622d", "#eceef0", "#1f6fb2"],
      heatmap: dark.matches ? ["#22303c", "#2f6f97", "#8fd0f5"] : ["#e4eef6", "#5b9bc9", "#0b3c66"],
    },
    style: {
      bin: { stroke: look.card, strokeWidth: .5 },
      theory: { strokeWidth: 2.2 },
      rule: { strokeDash: [4, 3], strokeWidth: 1.2 },
      "rule-name": { fontSize: 12 },
      band: { opacity: .18 },
      line: { strokeWidth: 2 },
      "bar-text": { fontSize: 12 },
    },
  });

  let views = [];
  const draw = async () => {
    for (const view of views) view.finalize();
    views = [];
    const look = looks();
    for (const place of document.querySelectorAll(".plot")) {
      const panel = specs(place.dataset.figure)[Number(place.dataset.panel)];
      const made = await vegaEmbed(place, coloured(panel.spec, look), {
        renderer: "svg", actions: false, config: config(look), tooltip: { theme: dark.matches ? "dark" : "light" },
      });
      views.push(made.view);
    }
    document.documentElement.dataset.drawn = String(views.length);
  };
  dark.addEventListener("change", draw);
  draw();

  // The numbers behind a figure, written out when they are asked for.
  for (const numbers of document.querySelectorAll("details.numbers")) {
    numbers.addEventListener("toggle", () => {
      if (numbers.dataset.done) return;
      numbers.dataset.done = "1";
      for (const panel of specs(numbers.dataset.figure)) numbers.append(written(panel));
    });
  }
  const written = panel => {
    const box = document.createElement("div"), table = document.createElement("table");
    box.className = "scroll";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", panel.title || "numbers");
    if (panel.title) table.createCaption().textContent = panel.title;
    const head = table.createTHead().insertRow();
    for (const [title] of panel.columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = title;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of panel.rows) {
      const line = body.insertRow();
      for (const value of row) line.insertCell().textContent = value === null ? "none" : String(value);
    }
    box.append(table);
    return box;
  };
})();
