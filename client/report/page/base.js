"use strict";
// The data, elements and texts of numbers. Every text enters the page as text, never as markup.

const data = JSON.parse(document.getElementById("document").textContent);

function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const score = (value) => (isNumber(value) ? value.toFixed(3) : "–");
const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(3);
const percent = (value) => (isNumber(value) ? Number((100 * value).toPrecision(3)) + " %" : "–");
const count = (value) => (isNumber(value) ? value.toLocaleString("en-US") : "–");

function figure(value) {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  return size >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(4)));
}

function duration(seconds) {
  if (!isNumber(seconds)) return "–";
  const s = Math.round(seconds);
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
}

const interval = (ends) => (ends ? ends[0].toFixed(3) + "–" + ends[1].toFixed(3) : "");
const shortName = (name) => name.replace(/^models\/([^/]+)\/versions\//, "$1/").replace(/^[a-z]+\//, "");
const time = (text) => (text ? text.slice(0, 16).replace("T", " ") + " UTC" : "–");
const shorten = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);
const listed = (texts) => (texts.length < 2 ? texts.join("") : texts.slice(0, -1).join(", ") + " and " + texts[texts.length - 1]);
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

const page = document.getElementById("report");

// A part of the page. What fails in one leaves the others whole.
function part(title, lead, fill) {
  const section = el("section", {});
  if (title) section.append(el("h2", {}, title));
  if (lead) section.append(el("p", { class: "lead" }, lead));
  page.append(section);
  try {
    fill(section);
  } catch (error) {
    fault(title + ": " + error.message);
  }
}

// A table; a cell is a text, an element or null, numbers stand at the right.
function table(columns, rows) {
  const cell = (tag, column, content) =>
    el(tag, column.kind ? { class: column.kind } : {}, content === null || content === undefined ? "–" : content);
  const head = el("tr", {}, columns.map((column) => cell("th", column, column.title)));
  const body = rows.map((row) => {
    const cells = row.cells.map((content, i) => cell(i === 0 ? "th" : "td", columns[i], content));
    return el("tr", row.out ? { class: "out" } : {}, cells);
  });
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, head), el("tbody", {}, body)));
}
