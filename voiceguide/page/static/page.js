"use strict";
// Shows the pictures that the guide sends, and sends the name of what is touched. It keeps nothing.

const at = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
let drawn = "";
let ends = 0;

function put(id, text) {
  if (at(id).textContent !== text) at(id).textContent = text;
}

async function draw(name, title) {
  const wanted = name && (still.matches ? "/still/" : "/drawing/") + name;
  if (wanted !== drawn) {
    drawn = wanted;
    if (!wanted) return at("drawing").replaceChildren();
    const answer = await fetch(wanted);
    if (!answer.ok || drawn !== wanted) return;
    const svg = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    at("drawing").replaceChildren(document.importNode(svg, true));
  }
  at("drawing").firstElementChild?.setAttribute("aria-label", title);
}

function offer(offers) {
  const names = offers.map((one) => one.name).join();
  if (at("offers").dataset.names === names) return;
  at("offers").dataset.names = names;
  at("offers").replaceChildren(...offers.map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.touch = one.name;
    button.textContent = one.label;
    return button;
  }));
}

function show(picture) {
  if (!picture.state) return;
  for (const id of ["part", "title", "place", "mood", "saying", "understood"]) put(id, picture[id]);
  document.body.dataset.state = picture.state;
  draw(picture.drawing, picture.title);
  offer(picture.offers);
  at("left").hidden = !picture.stroke;
  if (picture.stroke) {
    at("left").max = Math.max(picture.stroke.of, picture.stroke.left, 0.1);
    ends = performance.now() + 1000 * picture.stroke.left;
    tick();
  }
  for (const id of ["stop", "crying"]) at(id).disabled = picture.over;
  if (picture.over) stream.close();
}

function tick() {
  const left = Math.max(0, (ends - performance.now()) / 1000);
  at("left").value = left;
  at("left").setAttribute("aria-valuetext", Math.round(left));
}

document.addEventListener("click", (event) => {
  const name = event.target.closest?.("[data-touch]")?.dataset.touch;
  if (name) fetch("/touch", { method: "POST", body: name }).catch(() => put("lost", at("lost").dataset.lost));
});

const stream = new EventSource("/events");
stream.onmessage = (event) => {
  put("lost", "");
  show(JSON.parse(event.data));
};
stream.onerror = () => put("lost", stream.readyState === EventSource.CLOSED ? at("lost").dataset.full : at("lost").dataset.lost);
setInterval(tick, 500);
navigator.wakeLock?.request("screen").catch(() => {});
