// The curves of a training.

const metrics = [
  ["loss", "Loss", "What is minimised: lower is better.", { main: true }],
  ["alignment", "Alignment", "Mean squared distance of two views of a track: lower is better.", {}],
  ["uniformity", "Uniformity", "0 is collapsed; about −4 is as even as a sphere gets.", {}],
  ["embedding_std", "Embedding spread", "0 is collapsed, 1 is spread.", {}],
  ["gradient_norm", "Gradient norm", "L2 norm over all parameters.", {}],
  ["learning_rate", "Learning rate", "Of each step.", { exact: true, zero: true }],
  ["windows_per_second", "Windows per second", "Through the encoder.", { zero: true }],
  ["data_wait_ratio", "Waiting for data", "Share of the time.", { zero: true, least: 0.05 }],
];

// The mean of the finite neighbours within `reach`.
function smoothed(values, reach) {
  return values.map((_, at) => {
    const here = Math.min(reach, at, values.length - 1 - at);  // both sides alike, or the ends would bend
    if (here < reach / 3) return null;  // and a few alone are no mean
    const near = values.slice(at - here, at + here + 1).filter(isNumber);
    return near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : null;
  });
}

function curveConfig(steps, values, options, curves, chance) {
  const colour = options.main ? colours.trained : colours.c2;
  const points = (ys) => ys.map((y, i) => ({ x: steps[i], y }));
  const reach = Math.floor(values.length / 60);
  const smooth = !options.exact && reach >= 1;
  const datasets = [{
    label: options.title, data: points(smooth ? smoothed(values, reach) : values), ink: colour, borderColor: colour,
    borderWidth: 2, pointRadius: values.length === 1 ? 4 : 0, pointBackgroundColor: colour, pointHitRadius: 6, spanGaps: true,
  }];
  if (smooth) datasets.push({ label: "as reported", data: points(values), borderColor: faded(colour, 0.28), borderWidth: 1, pointRadius: 0 });
  if (options.main && isNumber(chance)) {
    datasets.push({ label: "chance", data: [steps[0], steps[steps.length - 1]].map((x) => ({ x, y: chance })),
      borderColor: colours.soft, borderDash: [2, 3], borderWidth: 1.4, pointRadius: 0 });
  }
  const positive = values.filter((value) => isNumber(value) && value > 0);
  const wide = options.key === "gradient_norm" && positive.length === values.length &&
    Math.max(...positive) > 50 * Math.min(...positive);
  const finite = values.filter(isNumber), low = Math.min(...finite), high = Math.max(...finite);
  // A flat curve needs room too, and what is never negative none below 0.
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.04;
  const floor = low >= 0 ? Math.max(0, low - room) : low - room;
  const y = wide ? { type: "logarithmic" } : { suggestedMin: options.zero ? Math.min(0, low) : floor,
    suggestedMax: isNumber(options.least) ? Math.max(high, options.least) : high + room };
  return {
    type: "line",
    data: { datasets },
    options: {
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { type: "linear", min: Math.min(steps[0], 0), max: steps[steps.length - 1],
             ticks: { maxRotation: 0, maxTicksLimit: 7, callback: (value) => count(value) },
             title: { display: Boolean(options.main), text: "step" } },
        y: { ...y, ticks: { maxTicksLimit: 6, callback: (value) => figure(value) } },
      },
      plugins: {
        stepMarks: { marks: [
          ...curves.problems.map((problem) => ({ step: problem.step, colour: colours.bad })),
          ...curves.resumed_at.map((step) => ({ step, colour: colours.soft })),
        ] },
        tooltip: { callbacks: { title: (items) => "step " + count(items[0].parsed.x),
          label: (item) => item.dataset.label + ": " + figure(item.parsed.y) } },
      },
    },
    plugins: [stepMarks],
  };
}

function curveLegend(options, chance, curves) {
  const entries = [];
  if (options.main && isNumber(chance)) entries.push(["an encoder that learned nothing: " + figure(chance), null, "dashed"]);
  if (options.main && curves.problems.length) entries.push(["health warning", colours.bad]);
  if (options.main && curves.resumed_at.length) entries.push(["resumed", colours.soft]);
  return entries;
}

function trainingPlots() {
  const curves = data.curves, training = data.training;
  if (!curves || !training) return;
  const each = curves.reports_per_point > 1 ? " Each point is the mean of up to " + count(curves.reports_per_point) + " reports." : "";
  part(data.probe ? "How the encoder was trained" : "Curves", capital(training.job.kind) + " " + shortName(training.job.name) +
    ", " + training.objective + " on " + shortName(training.dataset) + ": " + count(curves.report_count) + " reports." + each, (section) => {
    const grid = el("div", { class: "grid curves" });
    section.append(grid);
    for (const [key, title, note, options] of metrics) {
      const values = curves.metrics[key];
      if (!values) continue;
      const chance = key === "loss" ? training.chance_loss : null;
      const all = { ...options, key, title };
      addPlot(grid, { id: "plot-" + key, title, note, wide: options.main, height: options.main ? 280 : 190,
        legend: () => curveLegend(all, chance, curves), config: () => curveConfig(curves.steps, values, all, curves, chance) });
    }
    if (curves.problems.length) section.append(problemTable(curves));
  });
}
