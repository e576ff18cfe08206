// Opens reports in a headless Chromium and compares what stands there with the JSON they are made of.
// Usage: node report_test.mjs PLAYWRIGHT UFFDSIM SOURCE_DIR CHROMIUM
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [playwright, uffdsim, source, executablePath] = process.argv.slice(2);
const { chromium } = (await import(pathToFileURL(playwright))).default;
const folder = mkdtempSync(join(tmpdir(), 'uffdsim-browser-'));
const path = (name) => join(folder, name);
const run = (...args) => execFileSync(uffdsim, args, { cwd: source, stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const json = (name) => JSON.parse(readFileSync(path(name), 'utf8'));

const trace = path('small.uft');
run('trace', 'convert', 'traces/samples/boot.uft', trace, '--limit', '1500');
run('replay', trace, '--dram', '50%', '--interval', '10ms', '--heat-map', '96',
  '--json', path('replay.json'));
run('mrc', trace, '--policy', 'clock,min', '--shards', '0.2', '--json', path('mrc.json'));
writeFileSync(path('spec.json'), JSON.stringify({ axes: { trace: [trace], tracker: ['rwp', 'oracle'],
  dram: ['25%', '50%', '75%'] }, options: { interval: '10ms' } }));
run('sweep', path('spec.json'), '--db', path('s.db'), '--json', path('sweep.json'));
run('report', path('replay.json'), path('mrc.json'), '-o', path('one.html'));
run('report', path('sweep.json'), '-o', path('many.html'));

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const complaints = [];

async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(`${name}: ${message.text()}`); });
  page.on('pageerror', (error) => complaints.push(`${name}: ${error.message}`));
  page.on('request', (request) => { if (/^(https?|wss?):/.test(request.url())) complaints.push(`${name}: asks for ${request.url()}`); });
  await page.goto(pathToFileURL(path(name)).href);
  return page;
}

// Shown charts, and how many colours each canvas has: an empty one has one.
const drawn = (page) => page.$$eval('.card:not([hidden]) .chart', (places) => places.map((place) => {
  const colours = new Set();
  for (const canvas of place.querySelectorAll('canvas')) {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4 * 7) colours.add(`${data[i]},${data[i + 1]},${data[i + 2]},${data[i + 3]}`);
  }
  return [place.id, colours.size];
}));
const seriesOf = (page, id, name) => page.evaluate(([chart, wanted]) => {
  const option = echarts.getInstanceByDom(document.getElementById(`chart-${chart}`)).getOption();
  return option.series.find((one) => one.name === wanted).data;
}, [id, name]);
const figures = (page, field) => page.$$eval(`td[data-field="${field}"]`, (all) => all.map((cell) => Number(cell.dataset.value)));
const noOverflow = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

const tests = {
  async 'every chart is drawn, without a network and without a complaint'() {
    const one = await open('one.html');
    const charts = Object.fromEntries(await drawn(one));
    for (const id of ['chart-mrc', 'chart-wss', 'chart-heat', 'chart-traffic', 'chart-stalls', 'chart-costs']) assert.ok(charts[id] > 8, `${id}: ${charts[id]} colours`);
    const many = await open('many.html');
    const others = Object.fromEntries(await drawn(many));
    for (const id of ['chart-size', 'chart-costs', 'chart-seeing']) assert.ok(others[id] > 8, `${id}: ${others[id]} colours`);
  },

  async 'numbers are those of the JSON'() {
    const page = await open('one.html');
    const replay = json('replay.json');
    for (const field of ['slowdown', 'evicted_pages', 'stall_ns_p99', 'lost_updates', 'wss_error_rate']) {
      assert.deepEqual(await figures(page, field), [replay.metrics[field]], field);
    }
    const seen = await seriesOf(page, 'wss', 'seen by the tracker');
    assert.equal(seen.length, replay.intervals.length);
    seen.forEach(([, mib], i) => assert.equal(mib * 256, replay.intervals[i].wss_estimate_pages));
    const mrc = json('mrc.json');
    const exact = mrc.curves.find((curve) => curve.name === 'lru');
    const line = await seriesOf(page, 'mrc', 'LRU');
    assert.equal(line.length, exact.pages.length);
    line.forEach(([mib, percent], i) => {
      assert.equal(mib * 256, exact.pages[i]);
      assert.equal(percent, exact.miss_ratio[i] * 100);
    });
    const text = await page.textContent('#tiles');
    assert.ok(text.includes(replay.metrics.evicted_pages.toLocaleString('en-US')), text);
    const stalls = await seriesOf(page, 'stalls', 'rwp');
    assert.deepEqual(stalls.at(-1), [replay.metrics.stall_ns_max, 100]);
    const cells = await seriesOf(page, 'heat', 'touched by the guest');
    const touched = cells.reduce((sum, [, , share]) => sum + share * replay.heat_map.pages_per_row / 100, 0);
    assert.equal(Math.round(touched), replay.intervals.reduce((sum, row) => sum + row.wss_true_pages, 0));
  },

  async 'the verdict says what the figures say'() {
    const page = await open('many.html');
    const runs = json('sweep.json').runs;
    const least = runs.filter((one) => one.config.tracker !== 'oracle').reduce((a, b) => (b.metrics.slowdown < a.metrics.slowdown ? b : a));
    const first = await page.textContent('#verdict p');
    assert.match(first, new RegExp(`^Of ${runs.length / 2} runs with a real tracker, ${least.config.dram}, ${least.config.tracker} slows the guest least`));
    assert.match(first, /none loses a write/);
  },

  async 'the table sorts by the column that is clicked, both ways'() {
    const page = await open('many.html');
    const wanted = json('sweep.json').runs.map((one) => one.metrics.slowdown);
    assert.deepEqual(await figures(page, 'slowdown'), wanted);
    const ascending = [...wanted].sort((a, b) => a - b);
    const head = page.locator('th', { hasText: 'slow-down' });
    await head.click();
    assert.deepEqual(await figures(page, 'slowdown'), ascending);
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    await head.click();
    assert.deepEqual(await figures(page, 'slowdown'), ascending.reverse());
    await page.locator('th', { hasText: 'dram' }).press('Enter');
    const sizes = await page.$$eval('tbody tr td:first-child', (all) => all.map((cell) => cell.dataset.value));
    assert.deepEqual(sizes, ['25%', '25%', '50%', '50%', '75%', '75%']);
  },

  async 'filters choose runs'() {
    const page = await open('many.html');
    await page.locator('#filters label', { hasText: 'tracker' }).locator('select').selectOption('oracle');
    const runs = json('sweep.json').runs.filter((one) => one.config.tracker === 'oracle');
    assert.deepEqual(await figures(page, 'slowdown'), runs.map((one) => one.metrics.slowdown));
  },

  async 'light and dark: as the system says, and by the button'() {
    const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await open('one.html', { colorScheme: 'light' });
    const dark = await open('one.html', { colorScheme: 'dark' });
    const [white, black] = [await background(light), await background(dark)];
    assert.notEqual(white, black);
    await light.click('#theme');
    assert.equal(await background(light), black);
    assert.ok((await drawn(light)).every(([, colours]) => colours > 8));
    await light.click('#theme');
    assert.equal(await background(light), white);
  },

  async 'nothing sticks out at 1280 and 800 pixels'() {
    for (const width of [1280, 800]) {
      for (const name of ['one.html', 'many.html']) {
        const page = await open(name, { viewport: { width, height: 900 } });
        assert.ok(await noOverflow(page), `${name} at ${width}`);
      }
    }
  },

  async 'a logarithmic axis can be a linear one'() {
    const page = await open('one.html');
    const type = () => page.evaluate(() => echarts.getInstanceByDom(document.getElementById('chart-mrc')).getOption().yAxis[0].type);
    assert.equal(await type(), 'log');
    await page.click('text=Linear axis');
    assert.equal(await type(), 'value');
  },

  async 'charts as files for papers'() {
    const printed = run('report', path('replay.json'), path('mrc.json'), '-o', path('again.html'), '--svg', path('figures'),
      '--png', path('figures'), '--chromium', executablePath);
    assert.match(printed, /figures\/mrc\.svg/);
    assert.match(readFileSync(path('figures/mrc.svg'), 'utf8'), /^<svg [^>]*>[\s\S]*misses \(% of references\)[\s\S]*<\/svg>$/);
    const png = readFileSync(path('figures/costs.png'));
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.ok(png.length > 4000, `${png.length} bytes`);
    assert.equal(readFileSync(path('again.html'), 'utf8'), readFileSync(path('one.html'), 'utf8'));
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
await browser.close();
for (const complaint of complaints) console.log(`FAILED  the console: ${complaint}`);
if (process.env.KEEP) console.log(`kept ${folder}`);
else rmSync(folder, { recursive: true });
process.exit(failed + complaints.length === 0 ? 0 : 1);
