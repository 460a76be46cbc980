"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

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
  const sortable = table => {
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
  };
  document.querySelectorAll("table.sortable").forEach(sortable);

  // On a phone a unit stands below its value, in place of a column of its own.
  for (const row of document.querySelectorAll(".reasons tbody tr")) {
    const unit = document.createElement("small");
    unit.className = "unit";
    unit.textContent = row.lastElementChild.textContent;
    row.lastElementChild.previousElementSibling.append(unit);
  }

  // Long names of tables may break behind underscores and dots, and long numbers behind commas.
  for (const cell of document.querySelectorAll(".scroll th, .scroll td")) {
    const behind = cell.matches("th, .text") ? /(?<=[_./])(?=\p{L})/u : /(?<=\d{3},)(?=\d{3},\d{3},\d{3})/;
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const parts = text.data.split(behind);
      if (parts.length > 1) text.replaceWith(...parts.flatMap(piece => [document.createElement("wbr"), piece]).slice(1));
    }
  }

  // Of a table too wide for its place, the names take what is left beside the columns that fit whole.
  const fit = box => {
    const table = box.querySelector("table");
    if (!table || !table.tHead) return;
    const place = table.classList.contains("numbered") ? 1 : 0;
    const heads = [...table.tHead.rows[0].cells], names = heads[place];
    names.style.minWidth = "";
    if (box.scrollWidth <= box.clientWidth + 1) return;
    const wide = head => head.getBoundingClientRect().width;
    for (let again = 0; again < 3; again++) {
      let end = 0, whole = 0, count = 0;
      for (const head of heads) {
        end += wide(head);
        if (end <= box.clientWidth + .5) [whole, count] = [end, count + 1];
      }
      const left = box.clientWidth - whole;
      if (count <= place + 1 || left < .5) return;
      names.style.minWidth = `${wide(names) + left}px`;
    }
  };
  const fitted = () => document.querySelectorAll(".scroll").forEach(fit);
  fitted();
  window.addEventListener("resize", fitted);
  document.addEventListener("toggle", fitted, true);

  const held = document.getElementById("figures");
  if (!held) return;
  const figures = JSON.parse(held.textContent);
  const specs = name => figures[name].panels;

  // Colours have names in the figures; here they get those of the page.
  const named = { "no-path": "bad", void: "void", "theme-ink": "ink", "theme-soft": "soft" };
  const coloured = (value, look) => {
    if (typeof value === "string") {
      if (value.startsWith("series-")) return look.series[Number(value.slice(7)) % look.series.length];
      return Object.hasOwn(named, value) ? look[named[value]] : value;
    }
    if (Array.isArray(value)) return value.map(item => coloured(item, look));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) =>
        [key, ["data", "values", "domain", "datum", "description"].includes(key) ? item :
          key === "columns" && look.narrow ? 1 : coloured(item, look)]));
    }
    return value;
  };
  const looks = (part, night) => {
    const css = name => getComputedStyle(part).getPropertyValue(name).trim();
    return {
      night, series: [0, 1, 2, 3, 4, 5, 6, 7].map(place => css(`--s${place}`)),
      bad: css("--bad"), void: css("--void"), ink: css("--ink"), soft: css("--soft"), line: css("--line"), card: css("--card"),
    };
  };
  const config = look => ({
    background: "transparent",
    font: "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif",
    view: { stroke: look.line },
    axis: { labelColor: look.soft, titleColor: look.soft, gridColor: look.line, domainColor: look.soft,
      tickColor: look.soft, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", gridOpacity: .6, labelLimit: 160 },
    legend: { labelColor: look.ink, titleColor: look.soft, labelFontSize: 12, titleFontSize: 12,
      titleFontWeight: "normal", gradientStrokeColor: look.line },
    range: {
      diverging: look.night ? ["#e08a5b", "#3a4048", "#5aa9e6"] : ["#c8622d", "#eceef0", "#1f6fb2"],
      heatmap: look.night ? ["#22303c", "#2f6f97", "#8fd0f5"] : ["#e4eef6", "#5b9bc9", "#0b3c66"],
    },
    style: {
      bin: { stroke: look.card, strokeWidth: .5 },
      theory: { strokeWidth: 2.2 },
      rule: { strokeWidth: 1.6 },
      apart: { strokeDash: [1, 3] },
      band: { opacity: .18 },
      line: { strokeWidth: 2 },
      dot: { stroke: look.card, strokeWidth: .8, opacity: 1 },
      "bar-text": { fontSize: 12 },
    },
  });

  // A finger has no hover: a tap on a mark shows what the mouse would see, until the next touch.
  const told = () => document.getElementById("vg-tooltip-element");
  const answer = view => view.addEventListener("click", (event, item) => {
    if (item && item.tooltip) window.setTimeout(() => view.tooltip().call(view, view, event, item, item.tooltip));
  });
  document.addEventListener("touchstart", () => { if (told()) told().classList.remove("visible"); }, { passive: true });

  const part = (place, name) => {
    const made = document.createElement("div");
    made.className = name;
    place.append(made);
    return made;
  };
  const embedded = async (place, spec, look) => {
    const { view } = await vegaEmbed(place, coloured(spec, look), {
      renderer: "svg", actions: false, config: config(look), tooltip: { theme: look.night ? "dark" : "light" },
    });
    // The place around it is one picture with one description; its parts say nothing more.
    place.setAttribute("aria-hidden", "true");
    return view;
  };
  let views = [], turn = 0;
  const draw = async () => {
    const mine = ++turn;
    for (const view of views) view.finalize();
    views = [];
    const night = dark.matches, look = looks(document.documentElement, night), papers = [];
    for (const place of document.querySelectorAll(".plot")) {
      const { spec } = specs(place.dataset.figure)[Number(place.dataset.panel)];
      place.replaceChildren();
      place.classList.toggle("both", night);
      const view = await embedded(part(place, "screen"), spec, { ...look, narrow: place.clientWidth < 300 });
      if (mine !== turn) return view.finalize();
      answer(view);
      views.push(view);
      if (night) papers.push([place, { ...spec, width: place.clientWidth }]);
    }
    // What is dark on the screen is drawn light too, for paper.
    for (const [place, spec] of papers) {
      const paper = part(place, "paper");
      const view = await embedded(paper, spec, looks(paper, false));
      if (mine !== turn) return view.finalize();
      views.push(view);
    }
    document.documentElement.dataset.drawn = String(views.length);
  };
  let printing = false;
  window.addEventListener("beforeprint", () => { printing = true; });
  window.addEventListener("afterprint", () => { printing = false; });
  dark.addEventListener("change", () => { if (!printing) draw(); });
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
    table.className = "sortable";
    const head = table.createTHead().insertRow();
    for (const [title] of panel.columns) {
      const cell = document.createElement("th"), button = document.createElement("button"), arrow = document.createElement("span");
      cell.scope = "col";
      cell.setAttribute("aria-sort", "none");
      button.type = "button";
      button.textContent = title;
      arrow.className = "arrow";
      arrow.setAttribute("aria-hidden", "true");
      button.append(arrow);
      cell.append(button);
      head.append(cell);
    }
    const body = table.createTBody();
    panel.rows.forEach((row, at) => {
      const line = body.insertRow();
      row.forEach((value, place) => {
        const cell = line.insertCell(), by = panel.sorts ? panel.sorts[at][place] : value;
        cell.textContent = value === null ? "none" : String(value);
        cell.dataset.sort = by === null ? "" : String(by);
      });
    });
    sortable(table);
    box.append(table);
    return box;
  };
})();
