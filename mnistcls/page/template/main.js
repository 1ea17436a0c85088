// Filters, keys, and the count of corrections.

const filter = document.getElementById("filter");
const setters = [...document.querySelectorAll("[data-sets]")];

function matches() {
  const value = Object.fromEntries(new FormData(filter));
  const text = value.text.toLowerCase();
  const low = value.low === "" ? -Infinity : value.low / 100;
  const high = value.high === "" ? Infinity : value.high / 100;
  const bounded = value.low !== "" || value.high !== "";
  return (image) =>
    (!value.digit || (value.digit === "none" ? image.digit === null : image.digit === Number(value.digit))) &&
    (!value.label || image.label === value.label) &&
    (!value.status || hasStatus(image, value.status)) &&
    (!bounded || (image.confidence !== null && image.confidence >= low && (image.confidence < high || high >= 1))) &&
    (!text || image.name.toLowerCase().includes(text));
}

function hasStatus(image, status) {
  if (status === "wrong") return isWrong(image);
  if (status === "reviewed") return corrections.has(image.path);
  return image.status === status;
}

function refilter() {
  show(images.filter(matches()));
  const all = images.length.toLocaleString("en");
  document.getElementById("count").textContent =
    shown.length === images.length ? `${all} ${images.length === 1 ? "image" : "images"}` : `${shown.length.toLocaleString("en")} of ${all} images`;
  for (const button of setters) button.setAttribute("aria-pressed", String(isSet(button)));
  document.getElementById("clear").disabled = [...new FormData(filter).values()].every((value) => value === "");
}

// Tiles, bars and cells of the matrix are short cuts to the filter's fields; pressed again, they let go.
const fieldsOf = (button) => button.dataset.sets.split(" ");
const isSet = (button) => fieldsOf(button).every((name) => filter.elements[name].value === button.dataset[name]);

function press(button) {
  const value = isSet(button) ? () => "" : (name) => button.dataset[name];
  for (const name of fieldsOf(button)) filter.elements[name].value = value(name);
  refilter();
  if (isSet(button)) document.getElementById("images").scrollIntoView();
}

function countReviewed() {
  const reviewed = images.filter((image) => corrections.has(image.path));
  const changed = reviewed.filter(isChanged).length;
  document.getElementById("reviewed").textContent = reviewed.length ? `${reviewed.length.toLocaleString("en")} reviewed, ${changed.toLocaleString("en")} corrected` : "";
  document.getElementById("download").disabled = !reviewed.length;
}

// What a key says of the image: a digit, "" for no digit, null to undo; undefined for any other key.
function meaning(key) {
  if (/^[0-9]$/.test(key)) return key;
  if (["x", "X", "-", "Delete"].includes(key)) return "";
  return ["u", "U", "Backspace"].includes(key) ? null : undefined;
}

function review(image, key) {
  const digit = meaning(key);
  if (digit === undefined) return false;
  correct(image, digit);
  for (const button of grid.querySelectorAll(".card")) {
    const other = images[button.dataset.index];
    if (other.path === image.path) mark(button, other);
  }
  countReviewed();
  if (viewer.open) markViewer();
  else document.getElementById("said").textContent = correctionText(image) || "undone";
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const button = event.target.closest?.(".card");
  if (viewer.open) {
    if (event.key === "ArrowLeft") look(position - 1);
    else if (event.key === "ArrowRight") look(position + 1);
    else if (!review(shown[position], event.key)) return;
    event.preventDefault();
  } else if (button) {
    if (review(images[button.dataset.index], event.key)) event.preventDefault();
    else moveInGrid(event, button);
  }
});

grid.addEventListener("click", (event) => {
  const button = event.target.closest(".card");
  if (button) look(positionOf(button));
});
for (const button of viewer.querySelectorAll("[data-key]")) button.addEventListener("click", () => review(shown[position], button.dataset.key));
for (const button of setters) button.addEventListener("click", () => press(button));
filter.addEventListener("input", refilter);
filter.addEventListener("reset", () => setTimeout(refilter));
filter.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("download").addEventListener("click", download);
addEventListener("beforeunload", (event) => undownloaded && event.preventDefault());

refilter();
countReviewed();
