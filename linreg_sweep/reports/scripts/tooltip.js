// A box of words beside what is pointed at or focused.

/** Returns { show(lines, left, top), hide() } of a place; pixels are counted from its upper left corner. */
function tooltip(place) {
  const box = element("div", { class: "tip", role: "tooltip", hidden: "" });
  place.classList.add("tipped");
  return {
    show(lines, left, top) {
      if (!box.isConnected) place.append(box); // a chart that is drawn again empties its place
      box.replaceChildren(...lines.map((line) => element("div", {}, line)));
      box.hidden = false;
      const room = place.clientWidth - box.offsetWidth;
      box.style.left = `${Math.max(0, Math.min(left + 14, room))}px`;
      box.style.top = `${top + 14}px`;
    },
    hide() {
      box.hidden = true;
    },
  };
}

/** Returns where an event is [left, top], in the pixels of a place. */
function within(place, event) {
  const { left, top } = place.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}
