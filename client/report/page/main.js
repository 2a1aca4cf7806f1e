// The page, from top to bottom.

const tile = (label, value, detail) => el("div", { class: "tile" }, el("div", { class: "label" }, label),
  el("div", { class: "value" }, value), detail ? el("div", { class: "detail" }, detail) : null);

function probeTiles(probe) {
  const best = probe.evaluations[0];
  if (!best) return [];
  const plain = probe.evaluations.find((one) => one.key === "untrained");
  const beside = (key) => (plain && isNumber(plain[key]) ? "untrained " + score(plain[key]) : null);
  const detail = (key) => [interval(best[key + "_interval"]), beside(key)].filter(Boolean).join(" · ");
  const counted = probe.tags.filter((tag) => tag.counted).length;
  return [tile("Mean average precision", score(best.map), detail("map")), tile("Mean ROC-AUC", score(best.roc_auc), detail("roc_auc")),
    tile("Tags in the means", count(counted), "of " + count(probe.tags.length)),
    tile("Test clips", count(best.test_clips), count(best.train_clips) + " train, " + count(best.validation_clips) + " validation")];
}

function trainingTiles() {
  const training = data.training, curves = data.curves || { metrics: {}, steps: [] };
  const last = (key) => { const values = (curves.metrics[key] || []).filter(isNumber); return values[values.length - 1]; };
  const first = training.result ? training.result.first_loss : (curves.metrics.loss || []).find(isNumber);
  const speeds = (curves.metrics.windows_per_second || []).filter(isNumber).sort((a, b) => a - b);
  const job = training.job;
  return [tile("Loss", figure(training.result ? training.result.final_loss : last("loss")),
    [isNumber(first) ? "from " + figure(first) : null, isNumber(training.chance_loss) ? "chance " + figure(training.chance_loss) : null].filter(Boolean).join(" · ")),
    tile("Steps", count(job.step), "of " + count(job.step_count)),
    tile("Windows per second", figure(speeds[Math.floor(speeds.length / 2)]), "median"),
    tile("Embedding spread", figure(last("embedding_std")), "0 collapsed, 1 spread")];
}

// What the figures allow to say, and no more.
function verdict(probe) {
  const best = probe.evaluations[0];
  if (!best || best.key !== "trained" || !isNumber(best.map)) return null;
  const compared = probe.evaluations.slice(1).filter((one) => isNumber(one.map));
  if (!compared.length) return null;
  const ends = best.map_interval;
  const texts = compared.map((one) => signed(best.map - one.map) + " against " + (one.key === "untrained" ? "the untrained encoder" : one.label));
  const unsure = ends ? compared.filter((one) => one.map >= ends[0] && one.map <= ends[1]) : [];
  const names = listed(unsure.map((one) => (one.key === "untrained" ? "the untrained encoder" : one.label)));
  return "The trained encoder's mAP is " + score(best.map) + ": " + texts.join(", ") + "." + (unsure.length
    ? " The mAP of " + names + " lies within its interval: these test tracks do not tell them apart." : "");
}

function head() {
  const job = data.job;
  const facts = [el("span", { class: "state " + job.state }, job.state.toLowerCase()), el("span", {}, shortName(job.name))];
  if (job.display_name) facts.push(el("span", {}, job.display_name));
  if (isNumber(job.seconds)) facts.push(el("span", {}, "took " + duration(job.seconds)));
  facts.push(el("span", {}, time(job.ended || job.started || job.created)));
  if (job.restarts > 0) facts.push(el("span", {}, "resumed " + count(job.restarts) + "×"));
  const header = el("header", {}, el("div", { class: "brand" }, "Timbre"), el("h1", {}, data.title), el("div", { class: "facts" }, facts));
  if (job.error) header.append(el("p", { class: "notice bad" }, "It failed: " + job.error));
  const words = data.probe ? verdict(data.probe) : null;
  if (words) header.append(el("p", { class: "verdict" }, words));
  for (const note of data.notes) header.append(el("p", { class: "notice" }, note));
  const tiles = data.probe ? probeTiles(data.probe) : data.training ? trainingTiles() : [];
  header.append(el("div", { class: "tiles" }, tiles));
  page.append(header);
}

function build() {
  head();
  const probe = data.probe && data.probe.evaluations.length ? data.probe : null;
  if (probe) {
    scorePlots(probe);
    mapPlot(probe);
  }
  trainingPlots();
  if (probe) scoreTables(probe);
  originTables();
  page.append(el("footer", {}, "Written by " + data.program + ". Plots: Chart.js, MIT licence."));
}

function redraw() {
  drawAll();
  verifyAll();
}

build();
drawAll();
requestAnimationFrame(() => setTimeout(verifyAll, 0));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
// On paper: dark ink on white, and nothing folded away.
window.addEventListener("beforeprint", () => {
  document.documentElement.dataset.print = "";
  document.querySelectorAll("details").forEach((one) => one.setAttribute("open", ""));
  drawAll();
});
window.addEventListener("afterprint", () => {
  delete document.documentElement.dataset.print;
  redraw();
});
