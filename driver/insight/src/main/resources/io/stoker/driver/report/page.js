"use strict";

// Draws the page from one JSON object. All text from data goes in as text nodes and attributes, never as markup.
(() => {
  const POLL_MILLISECONDS = 2000;
  const TABLE_ROWS = 12;
  const PHASES = ["compute", "data", "gather", "scatter", "average", "checkpoint", "other"];
  let page = JSON.parse(document.getElementById("data").textContent);
  let charts = [];

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("--")) {
        node.style.setProperty(name, value);
      } else {
        node.setAttribute(name, value);
      }
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const color = (index) => `var(--c${index % 7})`;
  const missing = (value) => value === null || value === undefined || Number.isNaN(value);
  const percent = (share, digits = 2) => (missing(share) ? "–" : `${(100 * share).toFixed(digits)} %`);
  const words = (key) => key.replaceAll("_", " ");

  function number(value) {
    if (missing(value)) {
      return "–";
    }
    if (value !== 0 && Math.abs(value) < 0.001) {
      return value.toExponential(2);
    }
    return value.toLocaleString("en", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 6 : 4 });
  }

  function duration(seconds) {
    if (seconds < 120) {
      return `${number(seconds)} s`;
    }
    const minutes = Math.round(seconds / 60);
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  // ---- tables

  function table(caption, head, rows, kind = "") {
    const body = rows.map(([first, ...cells]) =>
      el("tr", {}, el("th", { scope: "row" }, first), ...cells.map((cell) => (cell instanceof Node ? cell : el("td", {}, String(cell))))));
    const heads = head.map((name) => el("th", { scope: "col" }, name));
    const built = el("table", { class: kind }, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...body));
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, built);
  }

  // ---- charts: a line is {name, x, y, color, points, fill}

  function chart(title, unit, linesOf, options = {}) {
    const readout = el("p", { class: "readout", "aria-hidden": "true" });
    const plot = el("div", { role: "img" });
    const rows = el("div");
    const figure = el("figure", {}, el("figcaption", {}, el("strong", {}, title), unit ? `, ${unit}` : "", options.note ? el("span", { class: "note" }, ` ${options.note}`) : null));
    const lines = linesOf(page);
    figure.append(el("ul", { class: "legend" }, ...lines.map((line) => el("li", { "--color": line.color, class: line.points ? "points" : "" }, line.name))));
    figure.append(plot, readout, el("details", {}, el("summary", {}, `${title}: table`), rows));
    const format = options.format ?? number;
    let drawn = null;

    function say(current) {
      plot.setAttribute("aria-label", `Chart of ${title.toLowerCase()} by round. ${current.map((line) => described(line, format)).join(" ")}`);
      rows.replaceChildren(sampled(title, current, format));
    }

    function draw() {
      drawn?.destroy();
      const current = linesOf(page);
      drawn = new uPlot(plotOptions(plot, current, format, readout), joined(current), plot);
      say(current);
    }

    charts.push({
      start: draw,
      resize: () => drawn?.setSize({ width: plot.clientWidth, height: 220 }),
      refresh: () => {
        const current = linesOf(page);
        drawn.setData(joined(current));
        say(current);
      },
    });
    return figure;
  }

  function plotOptions(plot, lines, format, readout) {
    const axis = { stroke: css("--faint"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 } };
    return {
      width: Math.max(200, plot.clientWidth),
      height: 220,
      legend: { show: false },
      scales: { x: { time: false } },
      axes: [{ ...axis, size: 28, label: "round", labelSize: 20, labelFont: "12px system-ui, sans-serif" }, { ...axis, size: 62, values: (_, ticks) => ticks.map(format) }],
      series: [{}, ...lines.map((line) => series(line))],
      hooks: { setCursor: [(drawn) => read(drawn, lines, format, readout)] },
    };
  }

  function series(line) {
    const stroke = css(line.color.slice(4, -1));
    return {
      label: line.name,
      stroke,
      width: line.points ? 0 : 1.5,
      fill: line.fill ? stroke : undefined,
      spanGaps: true,
      points: line.points ? { show: true, size: 7, fill: stroke, stroke } : { show: line.x.length === 1 },
    };
  }

  function read(drawn, lines, format, readout) {
    const at = drawn.cursor.idx;
    if (at === null || at === undefined) {
      readout.textContent = "";
      return;
    }
    const values = lines.map((line, index) => [line.name, drawn.data[index + 1][at]]).filter(([, value]) => value !== null && value !== undefined);
    readout.textContent = `round ${drawn.data[0][at]}: ${values.map(([name, value]) => `${name} ${format(value)}`).join(", ")}`;
  }

  function joined(lines) {
    return lines.length === 0 ? [[]] : uPlot.join(lines.map((line) => [line.x, line.y]));
  }

  function described(line, format) {
    const known = line.y.map((value, index) => [line.x[index], value]).filter(([, value]) => value !== null);
    if (known.length === 0) {
      return `${line.name}: nothing yet.`;
    }
    const [first, last] = [known[0], known[known.length - 1]];
    const values = known.map(([, value]) => value);
    const [least, greatest] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return `${line.name}: ${format(first[1])} in round ${first[0]}, ${format(last[1])} in round ${last[0]}, between ${format(least)} and ${format(greatest)}.`;
  }

  function sampled(title, lines, format) {
    const [rounds, ...values] = joined(lines);
    const step = Math.max(1, Math.ceil(rounds.length / TABLE_ROWS));
    const chosen = rounds.map((_, index) => index).filter((index) => index % step === 0 || index === rounds.length - 1);
    const rows = chosen.map((index) => [String(rounds[index]), ...values.map((each) => (each[index] === null || each[index] === undefined ? "" : format(each[index])))]);
    return table(title, ["round", ...lines.map((line) => line.name)], rows, "numbers");
  }

  // ---- lines

  const compared = () => page.runs.length > 1;
  const label = (run, what) => (compared() ? `${run.name}${what === "training" ? "" : `, ${what}`}` : what);

  function perRun(key, what, more = () => []) {
    return (current) =>
      current.runs.filter((run) => run.rounds > 0).flatMap((run, index) => {
        const curves = run.curves;
        return [{ name: label(run, what), x: curves.round, y: curves[key], color: color(index) }, ...more(run, index)];
      });
  }

  function validated(key) {
    return (run, index) =>
      run.validations.length === 0
        ? []
        : [{ name: label(run, run.validations[0].split), x: run.validations.map((each) => each.round), y: run.validations.map((each) => each[key]), color: color(compared() ? index : 1), points: true }];
  }

  /** Of a run whose best validation is not the most accurate one, the metric that it is the best by. */
  function chosen(run, index) {
    if (!run.best || !["balanced_accuracy", "macro_f1"].includes(run.best.metric)) {
      return [];
    }
    return validated(run.best.metric)(run, index).map((line) => ({ ...line, name: `${line.name}, ${run.best.label}`, color: color(compared() ? index : 2) }));
  }

  const spread = (run) =>
    compared() || run.curves.rounds_per_point === 1
      ? []
      : [
          { name: "greatest", x: run.curves.round, y: run.curves.loss_high, color: color(6) },
          { name: "least", x: run.curves.round, y: run.curves.loss_low, color: color(6) },
        ];

  const oneWorker = (run) =>
    compared() ? [] : [{ name: "one worker alone", x: run.curves.round, y: run.curves.one_worker, color: color(1) }];

  function speedUp(current) {
    return current.runs.filter((run) => run.rounds > 0).flatMap((run, index) => {
      const y = run.curves.images_per_second.map((rate, at) => (run.curves.one_worker[at] ? rate / run.curves.one_worker[at] : null));
      const ideal = { name: "perfect", x: run.curves.round, y: run.curves.round.map(() => run.workers), color: color(6) };
      return [{ name: label(run, "speed-up"), x: run.curves.round, y, color: color(index) }, ...(compared() ? [] : [ideal])];
    });
  }

  /** Stacked, from the top one down, so that each covers what is above the next. */
  function phases(current) {
    const run = current.runs[0];
    let total = run.curves.round.map(() => 0);
    return PHASES.map((phase, index) => {
      total = total.map((sum, at) => sum + run.curves.seconds[phase][at]);
      return { name: phase, x: run.curves.round, y: total, color: color(index), fill: true };
    }).reverse();
  }

  function totals(current) {
    return current.runs.filter((run) => run.rounds > 0).map((run, index) => ({
      name: run.name,
      x: run.curves.round,
      y: run.curves.round.map((_, at) => PHASES.reduce((sum, phase) => sum + run.curves.seconds[phase][at], 0)),
      color: color(index),
    }));
  }

  // ---- sections

  function section(id, title, ...children) {
    return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...children);
  }

  function facts(run) {
    const curves = run.curves;
    const last = run.rounds - 1;
    const end = curves.round ? curves.round.length - 1 : 0;
    const best = run.best;
    const evaluation = page.details?.evaluation;
    const pairs = [
      ["state", run.ended_early ? `${run.state}, ended early` : run.state],
      ["model", run.model ?? "unknown"],
      ["rounds", run.planned_rounds ? `${run.rounds} of ${run.planned_rounds}` : String(run.rounds)],
    ];
    if (last >= 0) {
      pairs.push(["epoch", String(curves.epoch[end])], ["images trained", number(run.examples)], ["training time", duration(run.training_seconds)]);
      pairs.push(["training loss", number(curves.loss[end])], ["training accuracy", percent(curves.accuracy[end])]);
      pairs.push(["images a second", number(run.examples / run.training_seconds)]);
    }
    if (best) {
      pairs.push([`best on ${best.split}`, `${best.text} in round ${best.round}`]);
      if (best.metric !== "accuracy") {
        pairs.push([`its accuracy on ${best.split}`, percent(best.accuracy)]);
      }
    }
    if (evaluation) {
      pairs.push([`accuracy on ${evaluation.split}`, percent(evaluation.accuracy)]);
      if (!missing(evaluation.balanced_accuracy)) {
        pairs.push(["balanced accuracy", percent(evaluation.balanced_accuracy)]);
      }
    }
    return pairs;
  }

  function header() {
    const title = page.runs.length === 1 ? page.runs[0].name : `${page.runs.length} runs`;
    document.title = `${title} – Stoker`;
    const top = [el("h1", {}, page.runs.length === 1 ? `Run ${title}` : title)];
    if (page.live) {
      top.push(el("p", { class: "note", role: "status", id: "connection" }, "Following the run."));
    }
    if (page.not_shown > 0) {
      top.push(el("p", { class: "note" }, `The ${page.runs.length} runs that were written to last; ${number(page.not_shown)} older ${page.not_shown === 1 ? "one is" : "ones are"} not shown.`));
    }
    for (const run of page.runs) {
      if (run.damage) {
        top.push(el("p", { class: "bad" }, `${run.name} cannot be read: ${run.damage}`));
      }
      if (run.ended_early) {
        top.push(el("p", { class: "note" }, `${run.name} ended after round ${run.rounds}${run.planned_rounds ? ` of ${run.planned_rounds}` : ""}: ${run.ended_early}.`));
      }
    }
    if (page.runs.length === 1) {
      top.push(el("p", { class: "note" }, page.runs[0].folder));
      top.push(el("dl", { class: "facts" }, ...facts(page.runs[0]).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
    } else if (page.runs.length > 1) {
      top.push(comparison());
    }
    for (const note of page.details?.notes ?? []) {
      top.push(el("p", { class: "note" }, `Not in this report: ${note}`));
    }
    document.getElementById("top").replaceChildren(...top);
  }

  function comparison() {
    const columns = page.runs.map((run) => new Map(facts(run)));
    const names = [...new Set(columns.flatMap((each) => [...each.keys()]))];
    return table("Runs", ["of", ...page.runs.map((run) => run.name)], names.map((name) => [name, ...columns.map((each) => each.get(name) ?? "")]));
  }

  function curves() {
    if (!page.runs.some((run) => run.rounds > 0)) {
      return [section("curves", "Curves", el("p", {}, page.runs.length === 0 ? "There is no run yet." : "No round is done yet."))];
    }
    const steps = Math.max(...page.runs.map((run) => run.curves.rounds_per_point ?? 1));
    const note = steps > 1 ? el("p", { class: "note" }, `A point is the mean of up to ${steps} rounds.`) : null;
    const training = section("curves", "Curves", note, el("div", { class: "charts" },
      chart("Loss", "nats", perRun("loss", "training", (run, index) => [...spread(run), ...validated("loss")(run, index)])),
      chart("Accuracy", "", perRun("accuracy", "training", (run, index) => [...validated("accuracy")(run, index), ...chosen(run, index)]), { format: (share) => percent(share, 1) }),
      chart("Learning rate", "", perRun("lr", "learning rate")),
      chart("Drift", "", perRun("drift", "drift"), {
        format: (share) => percent(share, 2),
        note: "how far apart the workers were before they were averaged: the root mean square of their distances from the mean, as a share of its length",
      })));
    const time = section("time", "Time", el("div", { class: "charts" },
      compared()
        ? chart("Time", "seconds a round", totals)
        : chart("Time by phase", "seconds a round, stacked", phases, { note: "“other” is scheduling, workers that wait for a slot, and waiting for the slowest worker" }),
      chart("Throughput", "images a second", perRun("images_per_second", "all workers", oneWorker)),
      chart("Speed-up", "over one worker", speedUp, {
        note: "images a second of all workers, divided by those of one worker while it reads data and computes, without the exchange; a worker that does not share its machine is faster than that (bench step measures it)",
      })));
    return [training, time];
  }

  function data(details) {
    const rows = details.rows.map((row) => [row.name, ...row.counts.map(number)]);
    rows.push([details.classes > details.rows.length ? `all ${details.classes} classes` : "all", ...details.totals.map(number)]);
    return section("data", "Data",
      el("p", {}, `${details.folder}: images of ${details.image} as ${details.encoding}, ${details.rejected} rejected.`),
      table("Images", ["class", ...details.splits], rows, "numbers"),
      el("h3", {}, "A sample of each class"),
      el("ul", { class: "pictures" }, ...details.samples.map((sample) =>
        el("li", {}, el("figure", {}, el("img", { src: sample.picture, alt: `Sample of class ${sample.class}` }), el("figcaption", {}, sample.class))))));
  }

  function evaluation(report) {
    // A ratio of 0 to 0 is no number: of a class that nothing was taken for, or that has no images.
    const scores = report.classes.map((score) => [
      score.name,
      number(score.examples),
      score.predicted === 0 ? "–" : percent(score.precision, 1),
      score.examples === 0 ? "–" : percent(score.recall, 1),
      score.predicted === 0 && score.examples === 0 ? "–" : percent(score.f1, 1),
    ]);
    if (report.macro) {
      const mean = missing(report.macro.classes) ? "mean" : `mean of ${number(report.macro.classes)} classes`;
      scores.push([mean, number(report.examples), percent(report.macro.precision, 1), percent(report.macro.recall, 1), percent(report.macro.f1, 1)]);
    }
    return section("evaluation", `Evaluation on ${report.split}`,
      el("p", {}, `Accuracy ${percent(report.accuracy)} of ${number(report.examples)} images` + (report.top5 === undefined ? "" : `, top-5 ${percent(report.top5)}`) +
        (missing(report.balanced_accuracy) ? "" : `, balanced accuracy ${percent(report.balanced_accuracy)} (the mean recall of the classes)`) +
        `, log loss ${number(report.log_loss)}, calibration error ${percent(report.calibration_error)}; the checkpoint after round ${report.round}.`),
      missing(report.calibrated) ? null : el("p", {}, `Calibrated: ${report.calibrated}.`),
      report.confusion ? confusion(report) : el("p", { class: "note" }, "Too many classes for a confusion matrix; the evaluate command prints it."),
      el("details", {}, el("summary", {}, "Each class"), table("Classes", ["class", "images", "precision", "recall", "F1"], scores, "numbers")));
  }

  function confusion(report) {
    const names = report.classes.map((score) => score.name);
    const rows = report.confusion.map((counts, actual) => {
      const sum = counts.reduce((a, b) => a + b, 0);
      return [names[actual], ...counts.map((count, predicted) =>
        el("td", { class: actual === predicted ? "own" : "", "--share": sum ? Math.sqrt(count / sum) : 0 }, String(count)))];
    });
    return table("Confusion matrix: a row for each class, a column for what its images were classified as", ["class", ...names], rows, "numbers confusion");
  }

  function mistakes(list) {
    const items = list.map((each) =>
      el("li", {}, el("figure", {},
        el("img", { src: each.picture, alt: `Image of class ${each.class} that was classified as ${each.predicted}` }),
        el("figcaption", {}, `${each.class}, classified as ${each.predicted} (${percent(each.probability, 1)}), loss ${number(each.loss)}: ${each.path}`))));
    return section("mistakes", "Worst mistakes", items.length === 0 ? el("p", {}, "None: every image was classified right.") : el("ul", { class: "pictures" }, ...items));
  }

  function configuration() {
    const keys = [...new Set(page.runs.flatMap((run) => Object.keys(run.config ?? {})))];
    const value = (run, key) => run.config?.[key] ?? "";
    const differing = keys.filter((key) => page.runs.some((run) => value(run, key) !== value(page.runs[0], key)));
    const rows = (chosen) => chosen.map((key) => [words(key), ...page.runs.map((run) => value(run, key))]);
    const heads = ["option", ...page.runs.map((run) => (compared() ? run.name : "value"))];
    const all = table("All options", heads, rows(keys));
    const parts = compared()
      ? [differing.length === 0 ? el("p", {}, "The runs have equal options.") : table("Options that differ", heads, rows(differing)), el("details", {}, el("summary", {}, "All options"), all)]
      : [all];
    if (!compared() && page.runs[0]?.versions) {
      parts.push(table("Versions", ["of", "version"], Object.entries(page.runs[0].versions)));
    }
    return section("configuration", "Configuration", ...parts);
  }

  function reproduce(run) {
    return section("reproduce", "Reproduce",
      el("p", {}, "The same config on the same data gives the same parameters, bit for bit, on the same kind of processor."),
      el("pre", { tabindex: "0", role: "region", "aria-label": "Commands" }, el("code", {}, run.commands.join("\n"))));
  }

  // ---- the page

  function build() {
    charts = [];
    header();
    const details = page.details ?? {};
    const sections = [
      ...curves(),
      details.data ? data(details.data) : null,
      details.evaluation ? evaluation(details.evaluation) : null,
      details.mistakes ? mistakes(details.mistakes) : null,
      details.filters ? section("filters", "First-layer filters", el("img", { class: "filters", src: details.filters, alt: "The filters of the first layer, each from its least value, black, to its greatest, white" })) : null,
      page.runs.some((run) => run.config) ? configuration() : null,
      page.runs.length === 1 && page.runs[0].commands ? reproduce(page.runs[0]) : null,
    ].filter((each) => each !== null);
    document.getElementById("main").replaceChildren(...sections);
    const links = sections.map((each) => el("li", {}, el("a", { href: `#${each.id}` }, each.querySelector("h2").textContent)));
    document.getElementById("sections").replaceChildren(el("ul", {}, ...links));
    charts.forEach((each) => each.start());
  }

  /** The data that decides which elements the page has. While it is equal, only their contents change. */
  const outline = (current) => JSON.stringify(current.runs.map((run) => [run.name, run.rounds > 0, run.validations.length > 0, (run.curves.rounds_per_point ?? 1) > 1, run.config]));

  function show(next) {
    const same = outline(next) === outline(page);
    page = next;
    if (same) {
      header();
      charts.forEach((each) => each.refresh());
    } else {
      build();
    }
  }

  async function follow() {
    try {
      const answer = await fetch("data.json", { cache: "no-store" });
      if (!answer.ok) {
        throw new Error(await answer.text());
      }
      show(await answer.json());
    } catch (error) {
      document.getElementById("connection").textContent = `Not following: ${error.message}`;
    }
    setTimeout(follow, POLL_MILLISECONDS);
  }

  build();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((each) => each.start()));
  addEventListener("resize", () => charts.forEach((each) => each.resize()));
  if (page.live) {
    setTimeout(follow, POLL_MILLISECONDS);
  }
  document.documentElement.dataset.ready = "true";
})();
