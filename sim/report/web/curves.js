// Miss-ratio curves, one chart per trace, and slow-down against memory.
const MIB = 2 ** 20;

function policyName(name) {
  const known = { 'lru': 'LRU', 'lru-shards': 'LRU, sampled (SHARDS)', 'min': 'MIN (the least possible)' };
  return known[name] || name.replace(/:.*/, '');
}

// The area between the bounds of LRU, which a logarithmic axis cannot stack.
function boundsBand(document, pageBytes) {
  const find = (name) => document.curves.find((curve) => curve.name === name);
  const least = find('lru-least');
  const greatest = find('lru-greatest');
  if (!least) return null;
  const from = document.metrics.bounds_valid_from_pages;
  const points = (curve) => curve.pages
    .map((pages, i) => [pages * pageBytes / MIB, curve.miss_ratio[i] * 100, pages])
    .filter(([, , pages]) => pages >= from);
  const outline = [...points(greatest), ...points(least).reverse()];
  return {
    name: 'LRU, any order inside epochs', type: 'custom', silent: true, z: 1, clip: true,
    data: [outline[0]], itemStyle: { color: theme.color('c1'), opacity: 0.18 },
    renderItem: (params, api) => (params.dataIndex !== 0 ? null : {
      type: 'polygon',
      shape: { points: outline.map(([x, y]) => api.coord([x, Math.max(y, 1e-6)])) },
      style: { fill: theme.color('c1'), opacity: 0.18 },
    }),
  };
}

for (const [index, result] of model.curves.entries()) {
  const input = result.inputs[0];
  const footprint = result.metrics.footprint_pages * input.page_bytes;
  const name = input.path.replace(/^.*\//, '');
  let scale = 'log';
  const chart = charts.add(index === 0 ? 'mrc' : `mrc-${index + 1}`, `Misses by memory: ${name}`,
    `Share of the trace's ${format.whole(result.metrics.references)} page references that miss, for each size of memory; ` +
    `the guest touches ${format.bytes(footprint)} in all. ` +
    (input.stream === 'epochs' ? 'The band holds LRU for every order of touches inside the trace\'s epochs.' : ''),
    () => {
      const band = boundsBand(result, input.page_bytes);
      const lines = result.curves.filter((curve) => !/^lru-(least|greatest)$/.test(curve.name));
      const series = lines.map((curve) => ({
        name: policyName(curve.name), type: 'line', symbol: 'circle', symbolSize: 5,
        showSymbol: curve.pages.length < 40, emphasis: { focus: 'series' }, z: 3,
        lineStyle: { width: 2, type: curve.name === 'lru-shards' || curve.name === 'min' ? 'dashed' : 'solid' },
        data: curve.pages.map((pages, i) => [pages * input.page_bytes / MIB, curve.miss_ratio[i] * 100]),
      }));
      return {
        legend: { data: [...(band ? [band.name] : []), ...series.map((one) => one.name)] },
        xAxis: charts.axis('memory (MiB)', { type: 'value', min: 0, max: Math.ceil(footprint / MIB) }),
        yAxis: charts.axis('misses (% of references)', { type: scale, nameGap: 44, min: scale === 'log' ? undefined : 0,
          axisLabel: { formatter: (v) => String(Number(v.toPrecision(6))) } }),
        tooltip: { trigger: 'axis', valueFormatter: (v) => `${format.number(Array.isArray(v) ? v[1] : v)} %`,
          formatter: (items) => {
            const rows = items.filter((item) => item.seriesType === 'line').map((item) =>
              `${item.marker} ${format.escape(item.seriesName)} <b>${format.number(item.value[1])} %</b>`);
            if (rows.length === 0) return '';
            const mib = items[0].axisValue;
            return `<b>${format.number(mib)} MiB</b>, ${format.percent(mib * MIB / footprint)} of the footprint<br>${rows.join('<br>')}`;
          } },
        series: band ? [band, ...series] : series,
      };
    }, () => 420);
  const toggle = element('button', { type: 'button' }, 'Linear axis');
  toggle.addEventListener('click', () => {
    scale = scale === 'log' ? 'value' : 'log';
    toggle.textContent = scale === 'log' ? 'Linear axis' : 'Logarithmic axis';
    charts.draw(chart);
  });
  chart.tools.append(toggle);
}

// Runs that differ in memory alone make one line.
charts.add('size', 'How small before it hurts',
  'Slow-down of the guest (time lost of its own time) against the memory it may occupy.',
  () => {
    const lines = new Map();
    for (const run of model.chosen()) {
      const label = model.labelOf(run, ['dram']);
      if (!lines.has(label)) lines.set(label, []);
      lines.get(label).push([run.metrics.limit_pages * run.pageBytes / MIB, run.metrics.slowdown * 100]);
    }
    const series = [...lines].filter(([, points]) => points.length > 1).slice(0, 24)
      .map(([label, points]) => ({
        name: label, type: 'line', symbol: 'circle', symbolSize: 6, lineStyle: { width: 2 },
        emphasis: { focus: 'series' }, data: points.sort((a, b) => a[0] - b[0]),
      }));
    if (series.length === 0) return null;
    return {
      xAxis: charts.axis('memory (MiB)', { type: 'value', min: 0 }),
      yAxis: charts.axis('slow-down (%)', { type: 'value', min: 0, nameGap: 48 }),
      tooltip: { trigger: 'item', formatter: (item) =>
        `${item.marker} ${format.escape(item.seriesName)}<br><b>${format.percent(item.value[1] / 100)}</b> slower with ${format.number(item.value[0])} MiB` },
      series,
    };
  });
