"use strict";

// Draws charts and tables from one JSON object. All text from data goes in as text nodes and attributes, never as markup.
(() => {
  const POLL_MILLISECONDS = 2000;
  const SVG = "http://www.w3.org/2000/svg";
  let view = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let plots = [];

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

  /** One row for each point, because uPlot.join keeps one of those of a line that have the same x. */
  function joined(lines) {
    if (lines.every(({ x }) => new Set(x).size === x.length)) {
      return uPlot.join(lines.map(({ x, y }) => [x, y]));
    }
    const points = lines.flatMap(({ x, y }, line) => x.map((at, index) => ({ at, line, value: y[index] }))).sort((one, other) => one.at - other.at);
    return [points.map(({ at }) => at), ...lines.map((_, line) => points.map((point) => (point.line === line ? point.value : undefined)))];
  }

  function plot(chart, place, readout) {
    const axis = { stroke: css("--faint"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    const tick = (_, ticks) => ticks.map((value) => (value === null ? "" : number(value)));
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
      joined(chart.lines),
      place,
    );
  }

  function figure(title, ...parts) {
    return el("section", {}, el("figure", {}, el("figcaption", {}, el("strong", {}, title)), ...parts));
  }

  function table({ title, head, rows }) {
    const cells = ([first, ...others]) => el("tr", {}, el("th", { scope: "row" }, first), ...others.map((cell) => el("td", {}, cell)));
    const heads = el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)));
    const built = el("table", { "aria-label": title }, el("thead", {}, heads), el("tbody", {}, ...rows.map(cells)));
    return figure(title, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, built));
  }

  function svg(tag, attributes, text = "") {
    const node = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(text);
    return node;
  }

  /** Parallel coordinates: a line for each trial through one vertical axis for each option. The best lines are drawn last. */
  function parallel({ title, axes, lines }) {
    const [width, height, top, left] = [Math.max(600, 130 * axes.length), 320, 40, 60];
    const x = (axis) => left + (axis * (width - 2 * left)) / Math.max(1, axes.length - 1);
    const y = (at) => height - 20 - at * (height - 20 - top);
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${title}. ${lines.length} lines${lines.length > 0 ? `; the best is ${lines[0].name}` : ""}. The table of trials has the values.` });
    for (const [index, line] of [...lines.entries()].reverse()) {
      const share = 1 - index / Math.max(1, lines.length - 1);
      const points = line.at.map((at, axis) => `${x(axis)},${y(at)}`).join(" ");
      const drawn = svg("polyline", { points, fill: "none", stroke: index === 0 ? "var(--c1)" : "var(--c0)", "stroke-width": index === 0 ? 3 : 1.5, "stroke-opacity": index === 0 ? 1 : 0.15 + 0.6 * share * share });
      drawn.append(svg("title", {}, line.name));
      drawing.append(drawn);
    }
    axes.forEach(({ name, marks }, axis) => {
      drawing.append(svg("line", { x1: x(axis), x2: x(axis), y1: y(0), y2: y(1), stroke: "var(--ink)" }));
      drawing.append(svg("text", { x: x(axis), y: 16, "text-anchor": "middle", fill: "var(--ink)", "font-size": 13 }, name));
      marks.forEach(({ at, text }) => drawing.append(svg("text", { x: x(axis) + 5, y: y(at) + 4, fill: "var(--ink)", stroke: "var(--paper)", "stroke-width": 3, "paint-order": "stroke", "font-size": 11 }, text)));
    });
    return figure(title, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, drawing));
  }

  function build() {
    const [left, top] = [scrollX, scrollY];
    const sideways = [...main.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
    plots.forEach(({ drawn }) => drawn.destroy());
    plots = [];
    document.title = `Stoker: ${view.title}`;
    document.getElementById("top").replaceChildren(el("h1", {}, view.title), el("p", {}, view.text), el("p", { id: "connection", role: "status" }));
    main.replaceChildren();
    for (const chart of view.charts) {
      const place = el("div", { role: "img", "aria-label": `${chart.title}: ${chart.lines.map((line) => `${line.name}, ${line.x.length} points`).join("; ")}.` });
      const readout = el("p", { class: "readout", "aria-hidden": "true" });
      const legend = el("ul", { class: "legend" }, ...chart.lines.map((line, index) => el("li", { "--color": `var(--c${index % 7})`, class: line.points ? "points" : "" }, line.name)));
      main.append(figure(chart.title, legend, place, readout));
      if (chart.lines.some((line) => line.x.length > 0)) {
        const drawn = plot(chart, place, readout);
        plots.push({ drawn, resize: () => drawn.setSize({ width: Math.max(200, place.clientWidth), height: 280 }) });
      }
    }
    main.append(...(view.parallel ? [parallel(view.parallel)] : []), ...view.tables.map(table));
    main.querySelectorAll(".scroll").forEach((part, index) => { part.scrollLeft = sideways[index] ?? 0; });
    scrollTo(left, top);
  }

  async function follow() {
    try {
      const answer = await fetch("data.json", { cache: "no-store" });
      if (!answer.ok) {
        throw new Error(await answer.text());
      }
      const next = await answer.json();
      if (JSON.stringify(next) !== JSON.stringify(view)) {
        view = next;
        build();
      }
      document.getElementById("connection").textContent = "";
    } catch (error) {
      document.getElementById("connection").textContent = `Not following: ${error.message}`;
    }
    setTimeout(follow, POLL_MILLISECONDS);
  }

  document.getElementById("sections").remove();
  build();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  addEventListener("resize", () => plots.forEach(({ resize }) => resize()));
  if (view.live) {
    setTimeout(follow, POLL_MILLISECONDS);
  }
  document.documentElement.dataset.ready = "true";
})();
