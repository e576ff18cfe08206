'use strict';
// Numbers and units as people read them. One function per quantity; all take plain numbers.
const format = {
  whole: (n) => Math.round(n).toLocaleString('en-US'),
  number(n) {
    if (n === 0) return '0';
    if (Math.abs(n) >= 1000) return format.whole(n);
    return String(Number(n.toPrecision(3)));
  },
  percent(ratio) {
    const p = ratio * 100;
    if (p === 0) return '0 %';
    if (Math.abs(p) >= 1000) return `${format.whole(p)} %`;
    return `${Number(p.toPrecision(3))} %`;
  },
  time(ns) {
    if (ns === 0) return '0';
    const units = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']];
    const [size, unit] = units.find(([u]) => ns >= u) || units[3];
    return `${format.number(ns / size)} ${unit}`;
  },
  bytes(n) {
    if (n === 0) return '0';
    const units = [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB'], [1, 'B']];
    const [size, unit] = units.find(([u]) => n >= u) || units[4];
    return `${format.number(n / size)} ${unit}`;
  },
  escape: (text) => String(text).replace(/[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]),
};

// An element with attributes and children; a child that is a string is text, never markup.
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
