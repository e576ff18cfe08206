// Puts the page together: verdict, key figures, filters; then draws everything.
(() => {
  const get = (id) => document.getElementById(id);
  get('verdict').append(...data.verdict.map((sentence) =>
    element('p', sentence.bad ? { class: 'bad' } : {}, sentence.text)));

  const single = model.runs.length === 1 ? model.runs : model.runs.filter((run) => run.intervals);
  if (single.length === 1) {
    const { metrics, pageBytes } = single[0];
    const tile = (name, value, more, kind = '') => element('div', { class: `tile ${kind}` },
      element('div', { class: 'name' }, name), element('div', { class: 'value' }, value),
      element('div', { class: 'more' }, more));
    get('tiles').append(
      tile('lost writes', format.whole(metrics.lost_updates), metrics.lost_updates === 0 ? 'none, as it must be' : 'the guest lost writes',
        metrics.lost_updates === 0 ? 'good' : 'bad'),
      tile('memory', format.bytes(metrics.limit_pages * pageBytes), `of ${format.bytes(metrics.footprint_pages * pageBytes)} touched`),
      tile('slow-down', format.percent(metrics.slowdown), 'of the guest\'s own time'),
      tile('working set error', format.percent(metrics.wss_error_rate), 'mean over intervals'),
      tile('stop of a vCPU, P99', format.time(metrics.stall_ns_p99), `longest ${format.time(metrics.stall_ns_max)}`),
      tile('false cold', format.percent(metrics.false_cold_rate), `of ${format.whole(metrics.evicted_pages)} evicted pages`));
  }

  const redraw = () => {
    charts.drawAll();
    if (table.show) table.draw();
    else get('table').hidden = true;
  };

  if (model.runs.length > 4) {
    for (const key of model.varying) {
      const select = element('select', {}, element('option', { value: '' }, 'all'),
        ...model.valuesOf(key).map((value) => element('option', { value }, model.short(key, value))));
      select.addEventListener('change', () => { model.filters.set(key, select.value); redraw(); });
      get('filters').append(element('label', {}, key.replace('_', '-'), select));
    }
  }

  get('footer').append(
    ...data.results.map((result) => element('p', {}, `${result.command}: ` + result.inputs.map((input) =>
      `${input.path} (XXH3-128 ${input.xxh3_128})`).join(', '))),
    element('p', {}, `uffdsim ${data.version}, model of Linux 7.3.4. Charts: Apache ECharts ${echarts.version} (Apache-2.0).`));

  if (charts.exporting) {
    // For papers: each chart as text that the program picks up.
    document.documentElement.dataset.theme = 'light';
    charts.drawAll();
    for (const chart of charts.all) {
      if (!chart.instance) continue;
      const text = charts.exporting === 'svg' ? chart.instance.renderToSVGString()
        : chart.instance.getDataURL({ type: 'png', pixelRatio: 2 });
      document.body.append(element('script', { type: 'text/plain', 'data-export': chart.id }, text));
    }
    return;
  }
  for (const chart of charts.all) {
    for (const [kind, type] of [['PNG', 'png'], ['SVG', 'svg']]) {
      const button = element('button', { type: 'button', title: `save this chart as ${kind}` }, kind);
      button.addEventListener('click', () => save(chart, type));
      chart.tools.append(button);
    }
  }
  theme.onChange(redraw);
  redraw();

  function save(chart, type) {
    let url = null;
    if (type === 'png') {
      url = chart.instance.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: theme.color('card') });
    } else {
      const twin = echarts.init(null, null, { renderer: 'svg', ssr: true, width: chart.place.clientWidth, height: chart.place.clientHeight });
      twin.setOption(chart.instance.getOption());
      url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(twin.renderToSVGString())}`;
      twin.dispose();
    }
    const link = element('a', { href: url, download: `uffdsim-${chart.id}.${type}` });
    link.click();
  }
})();
