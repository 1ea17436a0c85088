// The images, and what a reviewer says of them.

const SOURCE = document.getElementById("data");
const COLUMNS = ["path", "shown", "status", "digit", "confidence", "score", "probabilities", "label", "error", "original", "canonical"];
const EVALUATED = document.querySelector("[name=label]") !== null;

const images = JSON.parse(SOURCE.textContent).map((row, index) => {
  const image = Object.fromEntries(COLUMNS.map((name, i) => [name, row[i]]));
  return Object.assign(image, { index, name: image.shown ?? image.path });
});

const pictureOf = (base64) => `data:image/webp;base64,${base64}`;

// A confidence, rounded down and never to 100%, as in the table.
function percent(confidence, digits = 1) {
  const parts = 100 * 10 ** digits;
  return `${((100 * Math.min(Math.floor(confidence * parts + 1e-6), parts - 1)) / parts).toFixed(digits)}%`;
}

// --- corrections: path to digit, "" for no digit. They outlive a reload where the browser lets a file keep something.

const KEPT = `mnistcls-corrections-${SOURCE.dataset.key}`;
const corrections = new Map(restore());
let undownloaded = corrections.size > 0;

function restore() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}

function keep() {
  try {
    if (corrections.size) localStorage.setItem(KEPT, JSON.stringify([...corrections]));
    else localStorage.removeItem(KEPT);
  } catch {
    // without storage, leaving the page asks first
  }
}

function correct(image, digit) {
  if (digit === null) corrections.delete(image.path);
  else corrections.set(image.path, digit);
  undownloaded = corrections.size > 0;
  keep();
}

const answerOf = (image) => (image.digit === null ? "" : String(image.digit));
const isChanged = (image) => corrections.has(image.path) && corrections.get(image.path) !== answerOf(image);
const isWrong = (image) => EVALUATED && (image.status === "unreadable" || String(image.digit ?? "none") !== image.label);

function correctionText(image) {
  if (!corrections.has(image.path)) return "";
  const digit = corrections.get(image.path);
  if (!isChanged(image)) return "confirmed";
  return digit === "" ? "corrected to no digit" : `corrected to ${digit}`;
}

// --- corrections.csv (RFC 4180, lines end in \n), with every path byte for byte as in the results

const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// Bytes of a path that are no UTF-8 are single surrogates U+DC80 to U+DCFF here, as in Python.
const utf8 = (text) =>
  text.split(/([\udc80-\udcff])/u).map((part, i) => (i % 2 ? Uint8Array.of(part.charCodeAt(0) & 0xff) : part));

function csv() {
  const paths = new Set(images.map((image) => image.path).filter((path) => corrections.has(path)));
  const lines = [...paths].map((path) => `${cell(path)},${corrections.get(path)}\n`);
  return new Blob(utf8(["path,digit\n", ...lines].join("")), { type: "text/csv;charset=utf-8" });
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(csv());
  link.download = "corrections.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  undownloaded = false;
}
