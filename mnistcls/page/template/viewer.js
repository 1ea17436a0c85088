// The dialog: one image, larger, with all ten probabilities.

const viewer = document.getElementById("viewer");
const part = (name) => document.getElementById(`viewer-${name}`);
let position = 0;

function look(at) {
  if (at < 0 || at >= shown.length) return;
  position = at;
  const image = shown[at];
  part("place").textContent = `${(at + 1).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`;
  part("path").replaceChildren(element("bdi", "", image.name));
  part("answer").replaceChildren(...answerLine(image));
  for (const name of ["original", "canonical"]) {
    part(name).parentElement.hidden = image[name] === null;
    if (image[name] !== null) part(name).src = pictureOf(image[name]);
  }
  part("original").alt = `The image as it came: ${image.name}`;
  part("canonical").alt = "Its 28 by 28 form, as the network saw it";
  part("bars").replaceChildren(...image.probabilities.map(probabilityBar));
  part("error").textContent = image.error ?? "";
  document.getElementById("previous").disabled = at === 0;
  document.getElementById("next").disabled = at === shown.length - 1;
  markViewer();
  if (!viewer.open) viewer.showModal();
}

function answerLine(image) {
  const parts = [element("span", `state ${image.status}`, element("i", "dot"), NAMES[image.status])];
  if (image.digit !== null) parts.unshift(element("b", "digit", String(image.digit)), percent(image.confidence, 2));
  if (EVALUATED) parts.push(element("span", isWrong(image) ? "truth" : "", `true ${image.label}`));
  if (image.score !== null) parts.push(element("span", "score", `digit score ${image.score.toFixed(2)}`));
  return parts;
}

function probabilityBar(tenThousandths, digit) {
  const fill = element("i", "fill");
  fill.style.width = `${tenThousandths / 100}%`;
  const row = element("li", "", element("b", "", String(digit)), element("span", "track", fill), element("span", "number", `${(tenThousandths / 100).toFixed(2)}%`));
  row.classList.toggle("likeliest", digit === shown[position].digit);
  return row;
}

function markViewer() {
  const image = shown[position];
  const digit = corrections.get(image.path);
  for (const button of viewer.querySelectorAll("[data-key]")) {
    const pressed = button.dataset.key === (digit === "" ? "x" : digit);
    button.setAttribute("aria-pressed", String(pressed));
    if (button.dataset.key === "u") {
      button.removeAttribute("aria-pressed");
      button.disabled = digit === undefined;
    }
  }
  part("said").textContent = correctionText(image) || "0 to 9 sets the digit, x no digit; ← and → move on";
}

viewer.addEventListener("close", () => focusCard(position));
viewer.addEventListener("click", (event) => event.target === viewer && viewer.close());
document.getElementById("close").addEventListener("click", () => viewer.close());
document.getElementById("previous").addEventListener("click", () => look(position - 1));
document.getElementById("next").addEventListener("click", () => look(position + 1));
