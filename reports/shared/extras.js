// Extras that a page can do without: a search box over long lists and tables, tables sorted by a click on a heading, and
// drawings that a phone shows a part of, scrolled by keys as well.
// Nothing is loaded, stored or sent. The page's policy allows this one script by its fingerprint.
(() => {
  const LONG = 8;
  const text = (node) => node.textContent.trim().toLowerCase();

  function addSearch(holder, rows, before) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    const said = document.createElement("span");
    box.type = "search";
    said.setAttribute("role", "status");
    label.className = "search";
    label.append("Show only rows with ", box, said);
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = !text(row).includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      said.textContent = wanted ? ` ${shown} of ${rows.length}` : "";
    });
    before.before(label);
  }

  // What a cell is sorted by: the month or day it names, the number it begins with ("<11" is a small one), else its
  // words; a label that only phones show is none of them.
  function value(row, place) {
    const label = row.cells[place].querySelector(".narrow")?.textContent.length ?? 0;
    const words = row.cells[place].textContent.slice(label).trim().toLowerCase().replaceAll(",", "");
    const day = words.match(/^(?:(\d{1,2}) )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{4})\b/);
    if (day) return Date.parse(`${day[2]} ${day[1] ?? 1} ${day[3]} UTC`);
    const number = words.match(/^<?[-+]?\d+(\.\d+)?(?![\w-])/);
    if (!number) return words;
    return number[0].startsWith("<") ? 0.5 : parseFloat(number[0]);
  }

  function addSort(table) {
    const body = table.tBodies[0];
    const said = document.createElement("span");
    said.className = "unseen";
    said.setAttribute("role", "status");
    table.after(said);
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((a, b) => {
          const [x, y] = [value(a, place), value(b, place)];
          if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
          return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
        });
        body.append(...rows);
        said.textContent = `Sorted by ${button.textContent}, ${head.getAttribute("aria-sort")}`;
      });
    });
  }

  // A stop for the keyboard where there is something to scroll to, and only there.
  function reachWide() {
    const boxes = [...document.querySelectorAll(".wide")].map((box) => [box, box.scrollWidth > box.clientWidth]);
    for (const [box, isCut] of boxes) {
      if (!isCut) for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      else for (const [name, value] of [["tabindex", 0], ["role", "group"], ["aria-label", "Timeline"]]) box.setAttribute(name, value);
    }
  }

  reachWide();
  addEventListener("resize", reachWide);
  for (const list of document.querySelectorAll("ol.people")) {
    if (list.children.length >= LONG) addSearch(list, [...list.children], list);
  }
  for (const table of document.querySelectorAll("table")) {
    const rows = table.tBodies[0] ? [...table.tBodies[0].rows] : [];
    const plain = rows.every((row) => row.cells.length === table.tHead?.rows[0].cells.length && !row.className);
    if (rows.length < LONG || !plain) continue;
    addSort(table);
    if (table.classList.contains("rules")) addSearch(table, rows, table.closest(".scroll") ?? table);
  }
})();
