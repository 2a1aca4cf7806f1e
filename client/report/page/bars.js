// Scores as bars: the means, each tag, and the curve over label fractions.

const hasIntervals = (evaluations, key) => evaluations.some((one) => one[key + "_interval"]);

function bootstrapNote(probe) {
  const bootstrap = probe.bootstrap;
  return bootstrap ? "Whiskers: " + percent(bootstrap.confidence) + " intervals of " + count(bootstrap.resamples) +
    " resamples of " + count(bootstrap.test_tracks) + " test tracks. " : "";
}

function barConfig(labels, datasets, chance) {
  return {
    type: "bar",
    data: { labels, datasets },
    options: {
      indexAxis: "y",
      scales: {
        x: { min: 0, max: 1, ticks: { stepSize: 0.2 } },
        y: { grid: { display: false }, ticks: { autoSkip: false, color: colours.ink, callback: (i) => shorten(labels[i], 20) } },
      },
      plugins: {
        chanceMarks: { values: chance },
        tooltip: { callbacks: { label: (item) => {
          const ends = item.dataset.intervals && item.dataset.intervals[item.dataIndex];
          return item.dataset.label + ": " + score(item.raw) + (ends ? " (" + interval(ends) + ")" : "");
        } } },
      },
    },
    plugins: [whiskers, chanceMarks],
  };
}

function meanPlot(parent, probe, key, title, chance, chanceNote) {
  const shown = probe.evaluations.filter((one) => isNumber(one[key]));
  if (!shown.length) return;
  addPlot(parent, {
    id: "plot-mean-" + key, title, height: 44 + 38 * shown.length,
    note: (hasIntervals(shown, key) ? bootstrapNote(probe) : "") + chanceNote,
    config: () => {
      const config = barConfig(shown.map((one) => capital(one.label)), [{
        label: title, data: shown.map((one) => one[key]), intervals: shown.map((one) => one[key + "_interval"]),
        backgroundColor: shown.map((one) => colours[one.key]), ink: colours[shown[0].key], barPercentage: 0.72, borderRadius: 3,
      }], []);
      config.options.plugins.chanceMarks.values = shown.map(() => chance);
      return config;
    },
  });
}

// Rows in the order of the trained score, best first; tags that are not counted have no bar.
function tagPlot(parent, probe, key, title, chanceOf, chanceNote) {
  const reference = probe.evaluations[0];
  const rows = probe.tags.map((tag, i) => ({ tag, i })).filter(({ i }) => reference.tags[i] && isNumber(reference.tags[i][key]));
  rows.sort((a, b) => reference.tags[b.i][key] - reference.tags[a.i][key]);
  if (!rows.length) return;
  const evaluations = probe.evaluations;
  const height = 40 + rows.length * (9 * evaluations.length + 10);
  addPlot(parent, {
    id: "plot-tags-" + key, title, height, long: height > 850,
    note: chanceNote,
    legend: () => [...evaluations.map((one) => [one.label, colours[one.key]]), ["chance", null, "dotted"]],
    config: () => barConfig(rows.map(({ tag }) => tag.name), evaluations.map((one) => ({
      label: one.label, ink: colours[one.key], backgroundColor: colours[one.key], borderRadius: 2,
      categoryPercentage: 0.84, barPercentage: 0.94,
      data: rows.map(({ i }) => (one.tags[i] ? one.tags[i][key] : null)),
      intervals: one.key === "trained" ? rows.map(({ i }) => one.tags[i] && one.tags[i][key + "_interval"]) : null,
    })), rows.map(({ tag }) => chanceOf(tag))),
  });
}

function fractionConfig(points) {
  const line = (key, label, colour) => [
    { label, ink: colour, borderColor: colour, backgroundColor: colour, pointRadius: 3.5, borderWidth: 2, tension: 0,
      data: points.map((point) => ({ x: point.fraction, y: point[key], point, ends: point[key + "_interval"] })) },
    ...[1, 0].map((end) => ({
      label: "", borderWidth: 0, pointRadius: 0, backgroundColor: faded(colour, 0.16), fill: end === 0 ? "-1" : false,
      data: points.map((point) => ({ x: point.fraction, y: point[key + "_interval"] ? point[key + "_interval"][end] : null })) })),
  ];
  const ticks = points.map((point) => point.fraction);
  return {
    type: "line",
    data: { datasets: [...line("map", "mAP", colours.trained), ...line("roc_auc", "ROC-AUC", colours.log_mel)] },
    options: {
      scales: {
        x: { type: "logarithmic", title: { display: true, text: "share of the labelled train tracks" },
             afterBuildTicks: (axis) => { axis.ticks = ticks.map((value) => ({ value })); },
             ticks: { autoSkip: true, maxRotation: 0, callback: (value) => percent(value) } },
        y: { suggestedMin: 0, max: 1 },
      },
      plugins: { tooltip: { filter: (item) => item.dataset.ink, callbacks: {
        title: (items) => (items.length ? percent(items[0].raw.x) + ": " + count(items[0].raw.point.train_tracks) + " tracks" : ""),
        label: (item) => item.dataset.label + ": " + score(item.raw.y) + (item.raw.ends ? " (" + interval(item.raw.ends) + ")" : ""),
      } } },
    },
  };
}

function scorePlots(probe) {
  const counted = probe.tags.filter((tag) => tag.counted && isNumber(tag.prevalence));
  const chance = counted.length ? counted.reduce((sum, tag) => sum + tag.prevalence, 0) / counted.length : null;
  part("How good it is", "All are judged on the same test clips, by which nothing was chosen.", (section) => {
    const grid = el("div", { class: "grid" });
    section.append(grid);
    meanPlot(grid, probe, "map", "Mean average precision", chance, "Dotted: chance, the mean prevalence.");
    meanPlot(grid, probe, "roc_auc", "Mean ROC-AUC", 0.5, "Dotted: chance.");
    tagPlot(grid, probe, "ap", "Average precision of each tag", (tag) => tag.prevalence, "Chance is the tag's share of the test clips.");
    tagPlot(grid, probe, "roc_auc", "ROC-AUC of each tag", () => 0.5, "Chance is 0.5.");
  });
  const points = (probe.fractions || []).filter((point) => isNumber(point.fraction) && isNumber(point.map));
  if (!points.length) return;
  part("How many labels it needs", "The head on smaller shares of the labelled tracks; the test clips are the same.", (section) =>
    addPlot(section, { id: "plot-fractions", title: "Score by share of the labels", height: 300,
      note: probe.bootstrap ? "Bands: " + percent(probe.bootstrap.confidence) + " intervals." : null,
      legend: () => [["mAP", colours.trained], ["ROC-AUC", colours.log_mel]], config: () => fractionConfig(points) }));
}
