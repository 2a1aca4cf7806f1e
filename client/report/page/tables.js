// The tables.

const withInterval = (value, ends) =>
  ends ? el("span", {}, score(value), el("span", { class: "interval" }, interval(ends))) : score(value);

const column = (title) => ({ title, kind: "number" });

function tagTable(probe) {
  const columns = [{ title: "tag" }, ...["train clips", "test clips", "prevalence", "AP", "ROC-AUC", "threshold", "F1", "F1 on validation"].map(column)];
  return table(columns, probe.tags.map((tag, i) => {
    const scores = probe.evaluations[0].tags[i] || {};
    return { out: !tag.counted, cells: [tag.name + (tag.counted ? "" : " *"), count(tag.train_positives), count(tag.test_positives),
      percent(tag.prevalence), withInterval(scores.ap, scores.ap_interval), withInterval(scores.roc_auc, scores.roc_auc_interval),
      score(scores.threshold), score(scores.f1), score(scores.validation_f1)] };
  }));
}

function baselineTable(probe) {
  const all = probe.evaluations;
  const columns = [{ title: "tag" }, ...["AP", "ROC-AUC"].flatMap((what) => all.map((one) => column(what + " " + shortLabel(one))))];
  return table(columns, probe.tags.map((tag, i) => ({ out: !tag.counted, cells: [tag.name,
    ...["ap", "roc_auc"].flatMap((key) => all.map((one) => score(one.tags[i] ? one.tags[i][key] : null)))] })));
}

const shortLabel = (one) => ({ log_mel: "log\u2011mel", knn: "kNN" })[one.key] || one.key;

const featureNames = { l2_normalized: "L2-normalised", standardized: "standardised" };

function evaluationTable(probe) {
  const columns = [{ title: "" }, column("mAP"), column("ROC-AUC"), { title: "features" },
    ...["validation mAP raw", "L2-normalised", "standardised", "epochs", "train clips", "validation", "test"].map(column)];
  return table(columns, probe.evaluations.map((one) => ({ cells: [capital(one.label), withInterval(one.map, one.map_interval),
    withInterval(one.roc_auc, one.roc_auc_interval), featureNames[one.features] || one.features || "–", score(one.validation_map.raw),
    score(one.validation_map.l2_normalized), score(one.validation_map.standardized), one.epochs ? count(one.epochs) : "–", count(one.train_clips),
    count(one.validation_clips), count(one.test_clips)] })));
}

function fractionTable(points) {
  return table([{ title: "share of labels" }, ...["tracks", "train clips", "mAP", "ROC-AUC"].map(column)],
    points.map((point) => ({ cells: [percent(point.fraction), count(point.train_tracks), count(point.train_clips),
      withInterval(point.map, point.map_interval), withInterval(point.roc_auc, point.roc_auc_interval)] })));
}

function problemTable(curves) {
  const rows = curves.problems.map((one) => ({ cells: [count(one.step), one.problem.replaceAll("_", " "), one.message] }));
  const box = el("div", {}, el("h3", {}, "Health warnings"),
    table([{ title: "step", kind: "number narrow" }, { title: "problem", kind: "narrow" }, { title: "what was seen" }], rows));
  if (curves.problem_count > rows.length)
    box.append(el("p", { class: "note" }, "The first " + count(rows.length) + " of " + count(curves.problem_count) + "."));
  return box;
}

function scoreTables(probe) {
  part("All scores", null, (section) => {
    section.append(el("h3", {}, "Each tag"), tagTable(probe));
    if (probe.tags.some((tag) => !tag.counted))
      section.append(el("p", { class: "note" }, "* not part of the means: the test clips lack some with it or some without it."));
    section.append(el("p", { class: "note" }, "A clip is predicted to have a tag from the threshold on, which has the best F1 on validation."));
    if (probe.evaluations.length > 1) section.append(el("h3", {}, "Each tag, beside the baselines"), baselineTable(probe));
    section.append(el("h3", {}, "Means"), evaluationTable(probe));
    if (probe.fractions) section.append(el("h3", {}, "Label fractions"), fractionTable(probe.fractions));
  });
}

function pairs(title, rows, open) {
  const body = table([{ title: "field", kind: "code narrow" }, { title: "value", kind: "code" }], rows.map((cells) => ({ cells })));
  return el("details", open ? { open: "" } : {}, el("summary", {}, title), body);
}

function originTables() {
  if (!data.datasets.length && !data.model_version && !data.configurations.length) return;
  part("What it was made of", null, (section) => {
    if (data.datasets.length) {
      section.append(el("h3", {}, "Data sets"), table([{ title: "data set" }, { title: "role" }, column("clips"), column("tracks"),
        column("audio"), column("tags"), column("left out"), { title: "digest", kind: "code narrow" }],
      data.datasets.map((one) => ({ cells: [shortName(one.name), one.role, count(one.clips), count(one.tracks), duration(one.seconds),
        count(one.tag_count), count(one.skipped), one.digest.slice(0, 16)] }))));
    }
    const version = data.model_version;
    if (version) {
      section.append(pairs("Model version", [["name", version.name], ["embedding space", version.space_id],
        ["architecture", version.architecture], ["embedding", count(version.dim) + " numbers"], ["trained by", version.job || "–"],
        ["steps", count(version.step_count)], ["seed", version.seed], ["build", version.build], ["published", time(version.created)],
        ["data", (version.dataset || "–") + " " + version.dataset_digest]], true));
    }
    for (const one of data.configurations) section.append(pairs("Configuration: " + one.title.toLowerCase(), one.rows, false));
  });
}
