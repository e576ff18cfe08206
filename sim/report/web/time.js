// One replay over its virtual time: working set, heat map, evictions; and its stalls.
const replays = model.runs.filter((run) => run.intervals && run.intervals.length > 0);

// A choice among replays in a chart's corner.
function chooser(chart, choose) {
  if (replays.length < 2) return;
  const select = element('select', { 'aria-label': 'run' },
    ...replays.map((run, i) => element('option', { value: i }, run.label)));
  select.addEventListener('change', () => {
    choose(replays[Number(select.value)]);
    charts.draw(chart);
  });
  chart.tools.append(element('label', {}, 'run', select));
}

const seconds = (ns) => ns / 1e9;
const intervalOf = (row) => `${format.time(row.begin_ns)} to ${format.time(row.end_ns)}`;
const timeAxis = () => charts.axis('virtual time (s)', { type: 'value', min: 0, max: 'dataMax',
  axisLabel: { formatter: (v) => String(Number(v.toFixed(3))) } });

if (replays.length > 0) {
  let shown = replays[0];
  const chart = charts.add('wss', 'Working set over time',
    'What the tracker saw in each interval against what the guest really touched. Denning\'s working set over longer ' +
    'windows and the resident pages are in the legend.',
    () => {
      const mib = (pages) => pages * shown.pageBytes / MIB;
      const line = (name, field, more = {}) => ({
        name, type: 'line', showSymbol: false, lineStyle: { width: 2 },
        data: shown.intervals.map((row) => [seconds(row.end_ns), mib(row[field])]), ...more,
      });
      const series = [
        line('touched in the interval', 'wss_true_pages', { areaStyle: { opacity: 0.14 } }),
        line('seen by the tracker', 'wss_estimate_pages', { lineStyle: { width: 2, type: [6, 4] } }),
        line('touched in 2 intervals', 'wss_true_2_pages', { lineStyle: { width: 1.3 } }),
        line('in 4', 'wss_true_4_pages', { lineStyle: { width: 1.3 } }),
        line('in 8', 'wss_true_8_pages', { lineStyle: { width: 1.3 } }),
        line('resident', 'resident_pages', { lineStyle: { width: 1.3, type: 'dotted' } }),
      ];
      return {
        legend: { selected: { 'touched in 2 intervals': false, 'in 4': false, 'in 8': false, resident: false } },
        xAxis: timeAxis(),
        yAxis: charts.axis('memory (MiB)', { type: 'value', min: 0, nameGap: 44 }),
        tooltip: { formatter: (items) => {
          const row = shown.intervals[items[0].dataIndex];
          return `<b>${intervalOf(row)}</b><br>` + items.map((item) =>
            `${item.marker} ${format.escape(item.seriesName)} <b>${format.number(item.value[1])} MiB</b>`).join('<br>');
        } },
        series,
      };
    });
  chooser(chart, (run) => { shown = run; });
}

// Pages x time. Colour is the share of a cell's pages touched; dots say where pages were evicted and came back.
if (replays.some((run) => run.heat)) {
  let shown = replays.find((run) => run.heat);
  let layer = 'touched';
  const layers = {
    touched: 'touched by the guest', armed: 'armed', evicted: 'evicted', refetched: 'fetched back',
  };
  const chart = charts.add('heat', 'Pages over time',
    'Guest memory from bottom to top, time from left to right. Each cell is a group of pages in an interval; its colour says ' +
    'which share of them was touched, armed, evicted or fetched back.',
    () => {
      const heat = shown.heat;
      if (!heat) return null;
      const rows = heat[layer];
      const cells = [];
      let most = 0;
      for (let x = 0; x < rows.length; ++x) {
        for (let y = 0; y < rows[x].length; ++y) {
          if (rows[x][y] === 0) continue;
          const share = rows[x][y] / heat.pages_per_row * 100;
          most = Math.max(most, share);
          cells.push([x, y, share]);
        }
      }
      const address = (y) => y * heat.pages_per_row * shown.pageBytes / MIB;
      return {
        legend: { show: false },
        grid: { top: 12, right: 96 },
        xAxis: charts.axis('virtual time (s)', { type: 'category', splitArea: { show: false }, splitLine: { show: false },
          data: heat.end_ns.map((ns) => Number(seconds(ns).toFixed(2))) }),
        yAxis: charts.axis('guest-physical address (MiB)', { type: 'category', nameGap: 44, splitLine: { show: false },
          data: Array.from({ length: heat.rows }, (_, y) => Math.round(address(y))) }),
        visualMap: { min: 0, max: Math.max(most, 1e-9), calculable: true, orient: 'vertical', right: 4, top: 'middle',
          itemHeight: 180, precision: 0, text: [`${format.number(most)} %`, '0 %'], textStyle: { color: theme.color('soft') },
          inRange: { color: [theme.color('heat0'), theme.color('heat1'), theme.color('heat2'), theme.color('heat3')] } },
        tooltip: { trigger: 'item', formatter: (item) => {
          const [x, y, share] = item.value;
          return `${format.number(address(y))} to ${format.number(address(y + 1))} MiB, until ` +
            `${format.time(heat.end_ns[x])}<br><b>${format.percent(share / 100)}</b> of ${format.whole(heat.pages_per_row)} pages ${layers[layer]}`;
        } },
        series: [{ name: layers[layer], type: 'heatmap', data: cells, progressive: 0, emphasis: { disabled: true } }],
      };
    }, () => 440);
  const select = element('select', { 'aria-label': 'layer' }, ...Object.entries(layers)
    .filter(([name]) => shown.heat[name]).map(([name, text]) => element('option', { value: name }, text)));
  select.addEventListener('change', () => { layer = select.value; charts.draw(chart); });
  chart.tools.append(element('label', {}, 'pages', select));
  chooser(chart, (run) => { shown = run; });
}

if (replays.length > 0) {
  let shown = replays[0];
  const chart = charts.add('traffic', 'Evicted and fetched back',
    'Pages that left memory and came back in each interval.',
    () => {
      const bars = (name, color, value) => ({
        name, type: 'bar', stack: name === 'fetched back' ? 'back' : 'out', barGap: '0%', large: true,
        itemStyle: { color: theme.color(color) },
        data: shown.intervals.map((row) => [seconds(row.end_ns), value(row)]),
      });
      return {
        xAxis: timeAxis(),
        yAxis: charts.axis('pages an interval', { type: 'value', min: 0, nameGap: 52,
          axisLabel: { formatter: (v) => format.whole(v) } }),
        tooltip: { formatter: (items) => `<b>${intervalOf(shown.intervals[items[0].dataIndex])}</b><br>` +
          items.map((item) => `${item.marker} ${format.escape(item.seriesName)} <b>${format.whole(item.value[1])}</b>`).join('<br>') },
        series: [
          bars('evicted, written out', 'c2', (row) => row.evicted_dirty),
          bars('evicted, clean', 'c7', (row) => row.evicted_clean),
          bars('fetched back', 'c1', (row) => row.refetched_pages),
        ],
      };
    }, () => 300);
  chooser(chart, (run) => { shown = run; });
}

// A distribution is [[upper end of a bucket in ns, stalls up to there], ...].
charts.add('stalls', 'How long vCPUs stop',
  'Share of the times a vCPU stopped for memory that were at most so long. The curve to the left is the better one.',
  () => {
    const series = model.chosen().filter((run) => run.stalls && run.stalls.length > 0).slice(0, 16).map((run) => {
      const all = run.stalls[run.stalls.length - 1][1];
      return {
        name: run.label, type: 'line', step: 'start', showSymbol: false, lineStyle: { width: 2 },
        emphasis: { focus: 'series' },
        data: run.stalls.map(([ns, count]) => [Math.max(ns, 1), count / all * 100]),
      };
    });
    if (series.length === 0) return null;
    return {
      xAxis: charts.axis('length of the stop', { type: 'log', axisLabel: { formatter: (v) => format.time(v) },
        min: (range) => 10 ** Math.floor(Math.log10(range.min)) }),
      yAxis: charts.axis('of all stops (%)', { type: 'value', min: 0, max: 100, nameGap: 40 }),
      tooltip: { trigger: 'item', formatter: (item) =>
        `${item.marker} ${format.escape(item.seriesName)}<br><b>${format.number(item.value[1])} %</b> of the stops took at most ${format.time(item.value[0])}` },
      series,
    };
  });
