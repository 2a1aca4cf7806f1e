// The plots: each is made anew for each theme, and afterwards found on its canvas or reported missing.

const plots = [];
const style = () => getComputedStyle(document.documentElement);
let colours = {};

function readColours() {
  const read = style();
  colours = new Proxy({}, { get: (_, name) => read.getPropertyValue("--" + name).trim() });
}

const faded = (colour, alpha) => colour + Math.round(255 * alpha).toString(16).padStart(2, "0");

// options: id, title, note, legend [[name, colour] or [name, null, class of a line]], height, wide, long,
// choice (an element above the canvas), config: () => Chart.js's configuration. A dataset's `ink` is the
// colour by which it is found on the canvas.
function addPlot(parent, options) {
  const canvas = el("canvas", { id: options.id, role: "img", "aria-label": options.title });
  const holder = el("div", { class: "canvas", style: "height:" + (options.height || 230) + "px" }, canvas);
  const classes = ["plot", options.wide ? "wide" : "", options.long ? "long" : ""].join(" ").trim();
  const legend = el("div", { class: "legend" });
  parent.append(el("figure", { class: classes }, el("h3", {}, options.title),
    options.note ? el("p", { class: "note" }, options.note) : null, options.choice || null, legend, holder));
  plots.push({ ...options, canvas, legendBox: legend, chart: null });
}

function drawLegend(plot) {
  const entries = plot.legend ? plot.legend() : [];
  plot.legendBox.replaceChildren(...entries.map(([name, colour, line]) => {
    const mark = el("i", colour ? {} : { class: line });
    if (colour) mark.style.background = colour;
    return el("span", {}, mark, name);
  }));
}

function draw(plot) {
  if (plot.chart) plot.chart.destroy();
  plot.chart = null;
  try {
    drawLegend(plot);
    plot.chart = new Chart(plot.canvas, plot.config());
  } catch (error) {
    fault(plot.title + ": " + error.message);
  }
}

function drawAll() {
  readColours();
  Chart.defaults.color = colours.soft;
  Chart.defaults.borderColor = colours.grid;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.plugins.legend.display = false;
  plots.forEach(draw);
}

// Pixels of the chart's area in each dataset's ink.
function inkOf(plot) {
  const chart = plot.chart;
  const ratio = chart.currentDevicePixelRatio;
  const area = chart.chartArea;
  const size = [area.right - area.left, area.bottom - area.top].map((x) => Math.max(1, Math.round(x * ratio)));
  const left = Math.round(area.left * ratio), top = Math.round(area.top * ratio);
  const pixels = plot.canvas.getContext("2d").getImageData(left, top, size[0], size[1]).data;
  return chart.data.datasets.filter((dataset) => dataset.ink).map((dataset) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(dataset.ink.slice(at, at + 2), 16));
    let found = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      if (pixels[i + 3] > 60 && Math.abs(pixels[i] - r) < 9 && Math.abs(pixels[i + 1] - g) < 9 &&
          Math.abs(pixels[i + 2] - b) < 9) ++found;
    }
    return [dataset.label, found];
  });
}

function verify(plot) {
  let series = [];
  try {
    series = plot.chart ? inkOf(plot) : [];
  } catch (error) {
    fault(plot.title + ": " + error.message);
  }
  const drawn = series.some(([, found]) => found >= 4);
  plot.canvas.dataset.drawn = String(drawn);
  plot.canvas.dataset.series = series.map(([label, found]) => label + "=" + found).join(", ");
  return drawn;
}

function verifyAll() {
  const drawn = plots.filter(verify).length;
  document.documentElement.dataset.plots = String(plots.length);
  document.documentElement.dataset.drawn = String(drawn);
}

// Whiskers at the ends of horizontal bars: dataset.intervals = [[low, high] or null, ...].
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    const context = chart.ctx, scale = chart.scales.x;
    context.save();
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.2;
    chart.data.datasets.forEach((dataset, at) => {
      if (!dataset.intervals || !chart.isDatasetVisible(at)) return;
      chart.getDatasetMeta(at).data.forEach((bar, i) => {
        const ends = dataset.intervals[i];
        if (!ends) return;
        const [from, to] = ends.map((value) => scale.getPixelForValue(value));
        const cap = Math.min(4, bar.height / 2);
        context.beginPath();
        context.moveTo(from, bar.y);
        context.lineTo(to, bar.y);
        for (const x of [from, to]) {
          context.moveTo(x, bar.y - cap);
          context.lineTo(x, bar.y + cap);
        }
        context.stroke();
      });
    });
    context.restore();
  },
};

// A dotted line across each row of horizontal bars: options.values, one a row.
const chanceMarks = {
  id: "chanceMarks",
  afterDatasetsDraw(chart, _, options) {
    const context = chart.ctx, x = chart.scales.x, y = chart.scales.y;
    const rows = options.values || [];
    const half = rows.length > 1 ? Math.abs(y.getPixelForValue(1) - y.getPixelForValue(0)) * 0.44 : y.height * 0.44;
    context.save();
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.6;
    context.setLineDash([1.6, 2.6]);
    rows.forEach((value, row) => {
      if (!isNumber(value)) return;
      const at = x.getPixelForValue(value), middle = y.getPixelForValue(row);
      context.beginPath();
      context.moveTo(at, middle - half);
      context.lineTo(at, middle + half);
      context.stroke();
    });
    context.restore();
  },
};

// Vertical lines at steps: options.marks = [{step, colour}, ...].
const stepMarks = {
  id: "stepMarks",
  beforeDatasetsDraw(chart, _, options) {
    const context = chart.ctx, x = chart.scales.x, area = chart.chartArea;
    context.save();
    context.setLineDash([4, 3]);
    for (const mark of options.marks || []) {
      const at = x.getPixelForValue(mark.step);
      if (at < area.left || at > area.right) continue;
      context.strokeStyle = mark.colour;
      context.beginPath();
      context.moveTo(at, area.top);
      context.lineTo(at, area.bottom);
      context.stroke();
    }
    context.restore();
  },
};
