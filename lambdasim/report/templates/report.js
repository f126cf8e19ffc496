// Values under the pointer, one cursor in all figures along time, and a zoom of their time axis.
// The page says the same without it. It loads nothing, and what it writes into the page is text.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];
  const views = [];
  let from = 0, until = 0, end = 0, cursor = null;

  const part = (name, attributes, parent) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return parent ? parent.appendChild(made) : made;
  };
  const short = (value, digits = 3) => {
    const whole = Math.max(digits, Math.abs(value) >= 1 ? Math.floor(Math.log10(Math.abs(value))) + 1 : 0);
    return Number(value.toPrecision(Math.min(whole, 15))).toLocaleString("en", { maximumSignificantDigits: Math.min(whole, 15) });
  };
  const long = (ms) => ms >= 36e6 ? short(ms / 36e5) + " h" : ms >= 6e5 ? short(ms / 6e4) + " min" : ms >= 1e4 ? short(ms / 1e3) + " s" : short(ms) + " ms";
  const words = (value, unit, currency) => {
    if (value === null) return "none";
    if (unit === "ms") return long(value);
    if (unit === "s") return long(value * 1e3);
    if (unit === "share") return short(value * 100) + " %";
    if (unit === "money") return (currency === "USD" ? "$" : currency + " ") + short(value);
    return short(value);
  };
  const two = (value) => String(value).padStart(2, "0");
  const time = (data, seconds, fine) => {
    if (!data.clock) return short(seconds / data.unit[1], 4) + (fine ? " " + data.unit[0] : "");
    const at = new Date((data.clock[0] + data.clock[1] + seconds) * 1e3);
    const day = end > 86400 ? at.getUTCDate() + " " + at.toLocaleString("en", { month: "short", timeZone: "UTC" }) + " " : "";
    return day + two(at.getUTCHours()) + ":" + two(at.getUTCMinutes()) + (fine || until - from < 600 ? ":" + two(at.getUTCSeconds()) : "");
  };

  // One figure: its plot areas, and what of them moves with the time axis.
  const open = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const svg = figure.querySelector("svg");
    const every = [...svg.querySelectorAll("g.axes")];
    const areas = (data.axes === null ? every : every.slice(0, data.axes)).map((group) => {
      const { x, y, width, height } = group.querySelector("path").getBBox();
      const moved = [...group.querySelectorAll("[clip-path]")].filter((one) => !one.closest("g.xtick"));
      const inner = moved.map((one) => {
        const window = part("g", { "clip-path": one.getAttribute("clip-path") });
        one.replaceWith(window);
        one.removeAttribute("clip-path");
        const mover = part("g", { class: "moved" }, window);
        mover.append(one);
        return mover;
      });
      const ticks = [...group.querySelectorAll("g.xtick")];
      const labelled = ticks.some((tick) => tick.querySelector("text"));
      const line = part("line", { class: "cursor", y1: y, y2: y + height, visibility: "hidden" }, svg);
      const chosen = part("rect", { class: "chosen-time", y, height, width: 0, visibility: "hidden" }, svg);
      return { x, y, width, height, inner, ticks, labelled, line, chosen, own: part("g", { class: "own" }, svg) };
    });
    const bar = document.createElement("div");
    bar.className = "reading";
    const told = bar.appendChild(document.createElement("output"));
    const tools = bar.appendChild(document.createElement("span"));
    for (const [label, name, act] of [
      ["−", "show more time", () => zoom(2)], ["+", "show less time", () => zoom(0.5)], ["whole run", "show the whole run", () => show(0, end)],
    ]) {
      const button = tools.appendChild(document.createElement("button"));
      button.type = "button";
      button.textContent = label;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", act);
    }
    figure.querySelector(".wide").after(bar);
    end = Math.max(end, data.edges[data.edges.length - 1]);
    const view = { data, svg, areas, told, strips: [...svg.querySelectorAll(".strip")] };
    views.push(view);
    listen(figure.querySelector(".wide"), view);
  };

  // Where the pointer is, as seconds of the run; null beside the plot areas.
  const moment = (view, event) => {
    const matrix = view.svg.getScreenCTM();
    if (!matrix) return null;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const area = view.areas.find((one) => at.x >= one.x - 4 && at.x <= one.x + one.width + 4 && at.y >= one.y - 30 && at.y <= one.y + one.height + 20);
    if (!area) return null;
    return from + Math.min(Math.max((at.x - area.x) / area.width, 0), 1) * (until - from);
  };

  const listen = (frame, view) => {
    let began = null;
    frame.addEventListener("pointermove", (event) => {
      const at = moment(view, event);
      if (at !== null) point(at);
      if (began !== null && at !== null) mark(began, at);
    });
    frame.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0) return;
      began = moment(view, event);
    });
    window.addEventListener("pointerup", (event) => {
      if (began === null) return;
      const at = moment(view, event) ?? cursor;
      const [first, last] = [Math.min(began, at), Math.max(began, at)];
      began = null;
      mark(null);
      if (last - first > (until - from) / 100) show(first, last);
    });
    frame.addEventListener("pointerleave", () => { if (began === null && document.activeElement !== frame) point(null); });
    frame.addEventListener("dblclick", () => show(0, end));
    frame.addEventListener("blur", () => point(null));
    frame.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = Math.max((until - from) / (event.shiftKey ? 10 : 100), least());
      const at = cursor ?? from;
      const acts = {
        ArrowRight: () => point(Math.min(at + step, end)), ArrowLeft: () => point(Math.max(at - step, 0)),
        Home: () => point(from), End: () => point(until), "+": () => zoom(0.5), "-": () => zoom(2), Escape: () => show(0, end),
      };
      if (!acts[event.key]) return;
      event.preventDefault();
      acts[event.key]();
      if (cursor !== null && (cursor < from || cursor > until)) show(...around(cursor, until - from));
    });
  };

  const least = () => Math.min(...views.map((view) => (view.data.edges[1] - view.data.edges[0]) || end));
  const around = (at, wide) => {
    const begin = Math.min(Math.max(at - wide / 2, 0), Math.max(end - wide, 0));
    return [begin, Math.min(begin + wide, end)];
  };
  const zoom = (factor) => show(...around(cursor ?? (from + until) / 2, Math.min((until - from) * factor, end)));

  const point = (at) => {
    cursor = at;
    for (const view of views) {
      for (const area of view.areas) {
        const x = area.x + (at - from) / (until - from) * area.width;
        const inside = at !== null && at >= from && at <= until;
        area.line.setAttribute("visibility", inside ? "visible" : "hidden");
        if (inside) { area.line.setAttribute("x1", x); area.line.setAttribute("x2", x); }
      }
      view.told.textContent = at === null ? "" : read(view.data, at);
    }
  };
  const read = (data, at) => {
    const edges = data.edges;
    let row = edges.findIndex((edge) => edge > at) - 1;
    if (row < 0) row = edges.length - 2;
    const said = data.columns.filter((one) => one.values[row] !== null)
      .map((one) => one.name + " " + words(one.values[row], one.unit, data.currency));
    const meanwhile = data.marks.filter(([first, last]) => first < edges[row + 1] && last >= edges[row]).map((one) => one[2]);
    return time(data, edges[row], true) + " to " + time(data, edges[row + 1], true) + ": " + (said.join(", ") || "nothing")
      + (meanwhile.length ? " (" + meanwhile.join(", ") + ")" : "");
  };
  const mark = (first, last) => {
    for (const view of views) for (const area of view.areas) {
      area.chosen.setAttribute("visibility", first === null ? "hidden" : "visible");
      if (first === null) continue;
      area.chosen.setAttribute("x", area.x + (Math.min(first, last) - from) / (until - from) * area.width);
      area.chosen.setAttribute("width", Math.abs(last - first) / (until - from) * area.width);
    }
  };

  const show = (first, last) => {
    const wide = Math.max(last - first, Math.min(4 * least(), end));
    [from, until] = around((first + last) / 2, wide);
    const whole = from === 0 && until >= end;
    for (const view of views) {
      for (const strip of view.strips) strip.setAttribute("visibility", whole ? "visible" : "hidden");
      for (const area of view.areas) {
        const scale = end / (until - from);
        const move = area.x - (area.x + from / end * area.width) * scale;
        for (const one of area.inner) one.setAttribute("transform", "matrix(" + scale + " 0 0 1 " + move + " 0)");
        for (const tick of area.ticks) tick.setAttribute("visibility", whole ? "visible" : "hidden");
        area.own.replaceChildren();
        if (!whole) label(view, area);
      }
    }
    point(cursor);
  };
  const label = (view, area) => {
    const step = STEPS.find((one) => (until - from) / one <= 8) ?? (until - from) / 6;
    const shift = view.data.clock ? (view.data.clock[0] + view.data.clock[1]) % step : 0;
    for (let at = Math.ceil((from + shift) / step) * step - shift; at <= until; at += step) {
      const x = area.x + (at - from) / (until - from) * area.width, y = area.y + area.height;
      part("line", { x1: x, x2: x, y1: y, y2: y + 3.5, class: "tick" }, area.own);
      if (area.labelled) part("text", { x, y: y + 14, class: "tick" }, area.own).textContent = time(view.data, at, false);
    }
  };

  document.querySelectorAll("figure.readable").forEach(open);
  if (views.length) show(0, end);
})();
