// Joins the page, the style, the chart library and the scripts into one HTML text with one hole for
// the data. Usage: node build.mjs ECHARTS OUT
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [library, out] = process.argv.slice(2);
const read = (name) => readFileSync(join(here, name), 'utf8');

const scripts = ['format.js', 'runs.js', 'theme.js', 'curves.js', 'time.js', 'costs.js', 'table.js',
  'main.js'];
const parts = {
  css: read('page.css'),
  echarts: readFileSync(library, 'utf8'),
  js: scripts.map(read).join('\n'),
};
let page = read('page.html');
for (const [name, text] of Object.entries(parts)) {
  const hole = `/*${name}*/`;
  if (page.split(hole).length !== 2) throw new Error(`page.html: expected ${hole} once`);
  if (/<\/script/i.test(text)) throw new Error(`${name}: would end its element`);
  page = page.split(hole).join(text);
}
writeFileSync(out, page);
