"use strict";

// Draws charts and tables from one JSON object. All text from data goes in as text nodes and attributes, never as markup.
(() => {
  const view = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const plots = [];

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("--")) {
        node.style.setProperty(name, value);
      } else {
        node.setAttribute(name, value);
      }
    }
    node.append(...children);
    return node;
  }

  const number = (value) =>
    value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : value.toLocaleString("en", { maximumSignificantDigits: 4 });

  function plot(chart, place, readout) {
    const axis = { stroke: css("--faint"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    const tick = (_, ticks) => ticks.map((value) => (value === null ? "" : number(value)));
    const data = uPlot.join(chart.lines.map((line) => [line.x, line.y]));
    return new uPlot(
      {
        width: Math.max(200, place.clientWidth),
        height: 280,
        legend: { show: false },
        scales: { x: { time: false, distr: chart.logarithmic ? 3 : 1 } },
        axes: [{ ...axis, label: chart.x, labelSize: 20, labelFont: "12px system-ui, sans-serif", values: tick }, { ...axis, size: 62, values: tick }],
        series: [{}, ...chart.lines.map((line, index) => ({
          label: line.name,
          stroke: css(`--c${index % 7}`),
          width: line.points ? 0 : 1.5,
          spanGaps: true,
          points: { show: line.points === true || line.x.length === 1, size: 6, fill: css(`--c${index % 7}`) },
        }))],
        hooks: {
          setCursor: [(drawn) => {
            const at = drawn.cursor.idx;
            const values = at === null || at === undefined ? [] : chart.lines.map((line, index) => [line.name, drawn.data[index + 1][at]]).filter(([, value]) => value !== null && value !== undefined);
            readout.textContent = values.length === 0 ? "" : `${chart.x} ${number(drawn.data[0][at])}: ${values.map(([name, value]) => `${name} ${number(value)}`).join(", ")}`;
          }],
        },
      },
      data,
      place,
    );
  }

  function table({ title, head, rows }) {
    const cells = ([first, ...others]) => el("tr", {}, el("th", { scope: "row" }, first), ...others.map((cell) => el("td", {}, cell)));
    const heads = el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)));
    const built = el("table", {}, el("caption", {}, title), el("thead", {}, heads), el("tbody", {}, ...rows.map(cells)));
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, built);
  }

  document.title = `Stoker: ${view.title}`;
  document.getElementById("sections").remove();
  document.getElementById("top").append(el("h1", {}, view.title), el("p", {}, view.text));
  for (const chart of view.charts) {
    const place = el("div", { role: "img", "aria-label": `${chart.title}: ${chart.lines.map((line) => `${line.name}, ${line.x.length} points`).join("; ")}.` });
    const readout = el("p", { class: "readout", "aria-hidden": "true" });
    const legend = el("ul", { class: "legend" }, ...chart.lines.map((line, index) => el("li", { "--color": `var(--c${index % 7})`, class: line.points ? "points" : "" }, line.name)));
    main.append(el("section", {}, el("figure", {}, el("figcaption", {}, el("strong", {}, chart.title)), legend, place, readout)));
    if (chart.lines.some((line) => line.x.length > 0)) {
      const drawn = plot(chart, place, readout);
      plots.push(() => drawn.setSize({ width: Math.max(200, place.clientWidth), height: 280 }));
    }
  }
  main.append(...view.tables.map(table));
  window.addEventListener("resize", () => plots.forEach((resize) => resize()));
})();
