// The map of the test embeddings, coloured by tag.

const MOST_COMMON = 8;

function mapGroups(map, chosen) {
  const sizes = map.tags.map((_, tag) => map.points.filter((point) => point[2].includes(tag)).length);
  if (chosen >= 0) {
    return { names: [map.tags[chosen]], groupOf: (point) => (point[2].includes(chosen) ? 0 : -1), inks: ["trained"] };
  }
  const common = map.tags.map((_, tag) => tag).filter((tag) => sizes[tag] > 0)
    .sort((a, b) => sizes[b] - sizes[a]).slice(0, MOST_COMMON);
  // Of several tags the rarest says most.
  const groupOf = (point) => point[2].map((tag) => common.indexOf(tag)).reduce((best, group) => Math.max(best, group), -1);
  return { names: common.map((tag) => map.tags[tag]), groupOf, inks: common.map((_, i) => "c" + i) };
}

function mapConfig(map, chosen) {
  const { names, groupOf, inks } = mapGroups(map, chosen);
  const groups = [...names.map(() => []), []];
  for (const point of map.points) {
    const group = groupOf(point);
    if (!isNumber(point[0]) || !isNumber(point[1])) continue;
    groups[group < 0 ? names.length : group].push({ x: point[0], y: point[1], point });
  }
  const radius = map.points.length > 800 ? 3 : 4.5;
  const datasets = groups.map((points, i) => {
    const colour = i < names.length ? colours[inks[i]] : colours.faint;
    return { label: i < names.length ? names[i] : "other clips", data: points, ink: colour, order: i < names.length ? 0 : 1,
      backgroundColor: faded(colour, i < names.length ? 0.78 : 0.6), pointRadius: radius, pointHoverRadius: radius + 2, borderWidth: 0 };
  }).filter((dataset) => dataset.data.length);
  const axis = (at) => ({ grace: "4%", ticks: { display: false }, title: { display: true, text: "component " + (at + 1) +
    (isNumber(map.variance[at]) ? " (" + percent(map.variance[at]) + " of the variance)" : "") } });
  return {
    type: "scatter",
    data: { datasets },
    options: {
      scales: { x: axis(0), y: axis(1) },
      plugins: { tooltip: { callbacks: {
        title: (items) => items.slice(0, 1).map((item) => shorten(item.raw.point[3], 60)),
        label: (item) => item.raw.point[2].map((tag) => map.tags[tag]).join(", ") || "no tag",
      } } },
    },
  };
}

function mapPlot(probe) {
  const map = probe.map;
  if (!map || !map.points.some((point) => isNumber(point[0]) && isNumber(point[1]))) return;
  part("Where the clips lie", "The test embeddings on their two principal components: near clips sound alike to the encoder.", (section) => {
    const select = el("select", { id: "map-tag" }, el("option", { value: "-1" }, "the most common tags"),
      map.tags.map((tag, i) => el("option", { value: String(i) }, tag)));
    const label = el("label", { for: "map-tag" }, "Colour by");
    let chosen = -1;
    const shownNote = map.points.length < map.clip_count ? count(map.points.length) + " of " + count(map.clip_count) + " test clips. " : "";
    addPlot(section, {
      id: "plot-map", title: "Map of the embeddings", height: 460, choice: el("div", { class: "choice" }, label, select),
      note: shownNote + "A clip with several of the tags has the colour of the rarest.",
      legend: () => mapConfig(map, chosen).data.datasets.map((dataset) => [dataset.label, dataset.ink]),
      config: () => mapConfig(map, chosen),
    });
    const plot = plots[plots.length - 1];
    select.addEventListener("change", () => {
      chosen = Number(select.value);
      draw(plot);
      verifyAll();
    });
  });
}
