// The grid: cards are made as they are scrolled to, so that ten thousand images open at once.

const CHUNK = 60;
const PRINTED = 600;
const NAMES = { ok: "ok", uncertain: "uncertain", no_digit: "no digit", unreadable: "unreadable" };

const grid = document.getElementById("grid");
const more = document.getElementById("more");
let shown = images;

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function picture(base64, className) {
  if (base64 === null) return element("span", `missing ${className}`);
  const image = element("img", className);
  image.src = pictureOf(base64);
  image.alt = "";
  return image;
}

function describe(image) {
  const answer = image.digit === null ? NAMES[image.status] : `${image.digit}, ${percent(image.confidence)}, ${NAMES[image.status]}`;
  const truth = EVALUATED ? `, ${isWrong(image) ? "wrong" : "right"}, true ${image.label}` : "";
  const correction = correctionText(image);
  return `${answer}${truth}${correction && `, ${correction}`}: ${image.name}`;
}

// The file's name stays in view, its folders give way; a name from right to left moves nothing around it.
function pathLine(name) {
  const end = name.lastIndexOf("/") + 1;
  const line = element("span", "path", element("bdi", "folder", name.slice(0, end)), element("bdi", "file", name.slice(end)));
  line.title = name;
  return line;
}

function card(image) {
  const button = element("button", "card", element("span", "pictures", picture(image.original, "original"), picture(image.canonical, "pixels")));
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.index = image.index;
  const line = element("span", "line", element("b", "digit", answerOf(image) || "–"));
  if (image.confidence !== null) line.append(element("span", "confidence", percent(image.confidence)));
  if (isWrong(image)) line.append(element("span", "truth", `true ${image.label}`));
  line.append(element("span", "correction"));
  button.append(line, element("span", `state ${image.status}`, element("i", "dot"), NAMES[image.status]));
  if (image.error !== null) button.append(element("span", "error", image.error.replace(/^\w+: /, "")));
  button.append(pathLine(image.name));
  mark(button, image);
  return element("li", "", button);
}

function mark(button, image) {
  const digit = corrections.get(image.path);
  const badge = button.querySelector(".correction");
  badge.textContent = digit === undefined ? "" : isChanged(image) ? `→ ${digit || "none"}` : "✓";
  button.classList.toggle("corrected", digit !== undefined);
  button.setAttribute("aria-label", describe(image));
}

function grow(count = CHUNK) {
  const from = grid.childElementCount;
  grid.append(...shown.slice(from, from + count).map(card));
  more.hidden = grid.childElementCount >= shown.length;
}

function show(list) {
  shown = list;
  grid.replaceChildren();
  grow();
  grid.querySelector(".card")?.setAttribute("tabindex", "0");
  if (!shown.length) grid.append(element("li", "nothing", "No image is like that. Clear the filter to see all."));
}

function cardAt(position) {
  while (grid.childElementCount <= position && grid.childElementCount < shown.length) grow();
  return grid.children[position]?.querySelector(".card") ?? null;
}

// One card is in the tab order, the others are reached with the arrows.
function focusCard(position) {
  const target = cardAt(position);
  if (!target) return;
  grid.querySelector(".card[tabindex='0']")?.setAttribute("tabindex", "-1");
  target.tabIndex = 0;
  target.focus();
}

const positionOf = (button) => [...grid.children].indexOf(button.parentElement);

function cardsInARow() {
  const cards = [...grid.children];
  const next = cards.findIndex((item) => item.offsetTop > cards[0].offsetTop);
  return next < 0 ? cards.length : next;
}

function moveInGrid(event, button) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -cardsInARow(), ArrowDown: cardsInARow() };
  const position = positionOf(button);
  const target = event.key === "Home" ? 0 : event.key === "End" ? grid.childElementCount - 1 : position + steps[event.key];
  if (Number.isNaN(target)) return;
  event.preventDefault();
  if (target >= 0 && target < shown.length) focusCard(target);
}

new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && grow(), { rootMargin: "1200px" }).observe(more);
addEventListener("beforeprint", () => grow(Math.max(0, PRINTED - grid.childElementCount)));
