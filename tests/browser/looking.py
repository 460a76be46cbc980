"""What to look for in a page: JavaScript that lists what is wrong, and where marks are."""

CUT = """
() => {
  const cut = [];
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > edge) cut.push("the page scrolls sideways");
  for (const part of document.querySelectorAll("body *")) {
    if (part.closest("svg, .scroll, script, style, noscript, details:not([open]), .skip")) continue;
    const box = part.getBoundingClientRect();
    if (box.width && (box.right > edge + 1 || box.left < -1)) cut.push(part.outerHTML.slice(0, 80));
    if (part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== "visible")
      cut.push("hidden: " + part.outerHTML.slice(0, 80));
  }
  for (const table of document.querySelectorAll(".scroll"))
    if (table.scrollWidth > table.clientWidth + 1 && table.tabIndex !== 0)
      cut.push("no way to scroll");
  for (const drawing of document.querySelectorAll(".plot svg")) {
    const frame = drawing.getBoundingClientRect();
    for (const text of drawing.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      const shown = box.width && getComputedStyle(text).opacity !== "0" && text.textContent;
      if (shown && (box.left < frame.left - 1.5 || box.right > frame.right + 1.5 ||
          box.top < frame.top - 1.5 || box.bottom > frame.bottom + 1.5))
        cut.push("text: " + text.textContent);
      if (text.textContent.includes("\\u2026")) cut.push("shortened: " + text.textContent);
    }
  }
  return cut;
}
"""

# Of tables that scroll: captions and names stay, and at first sight no cell is cut in its words
# where a column fits beside the names.
TABLES = """
() => {
  const wrong = [];
  const inside = (part, frame) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return [...range.getClientRects()].every(box =>
      !box.width || (box.left >= frame.left - 1 && box.right <= frame.right + 1));
  };
  for (const scroll of document.querySelectorAll(".scroll:not(.picture)")) {
    const table = scroll.querySelector("table"), frame = scroll.getBoundingClientRect();
    if (!table || !frame.width) continue;
    const name = table.classList.contains("numbered") ? 1 : 0;
    const said = scroll.getAttribute("aria-label").slice(0, 30);
    if (table.caption && !inside(table.caption, frame)) wrong.push("caption: " + said);
    for (const row of table.rows) {
      if (!inside(row.cells[name], frame)) wrong.push("name: " + row.cells[name].textContent);
      if (row.cells[name + 1].getBoundingClientRect().right > frame.right + 1)
        wrong.push("no value beside " + row.cells[name].textContent);
      for (const cell of row.cells) {
        const box = cell.getBoundingClientRect();
        if (box.left < frame.right - 2 && box.right > frame.right + 2)
          wrong.push(`cut: ${said}: ${cell.textContent}`);
      }
    }
    scroll.scrollLeft = 99999;
    if (!inside(table.rows[table.rows.length - 1].cells[name], frame))
      wrong.push("scrolled away: " + said);
    if (table.caption && !inside(table.caption, frame)) wrong.push("caption scrolled: " + said);
    scroll.scrollLeft = 0;
  }
  return wrong;
}
"""

# Words in a plot that lie on others, or nearly touch them side by side.
CROWDED = """
() => {
  const crowded = [];
  for (const drawing of document.querySelectorAll(".plot svg")) {
    const texts = [...drawing.querySelectorAll("text")]
      .filter(text => text.textContent.trim() && getComputedStyle(text).opacity !== "0");
    const boxes = texts.map(text => text.getBoundingClientRect());
    boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other, more) => {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const up = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > -3 && up > 3 && one.width && other.width)
        crowded.push(`${texts[at].textContent} | ${texts[at + 1 + more].textContent}`);
    }));
  }
  return crowded;
}
"""

# The contrast of texts with what is behind them, by the formula of WCAG 2.
FAINT = """
() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const behind = part => {
    for (let at = part; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const part of document.querySelectorAll(
    "h1,h2,h3,h4,p,li,dt,dd,th,td,small,summary,a,svg text")) {
    if (!part.textContent.trim() || !part.getClientRects().length) continue;
    if (part.closest(".skip, #tip, details:not([open]) dl")) continue;
    const style = getComputedStyle(part);
    const colour = rgb(part.closest("svg") ? style.fill : style.color);
    const one = light(colour), other = light(behind(part));
    const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    if (ratio < 4.5) faint.push(`${part.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
"""

MARKS = ".mark-rect.role-mark path, .mark-symbol.role-mark path"
