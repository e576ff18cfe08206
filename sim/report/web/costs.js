// What each configuration costs, and what it sees for that.
const COSTS = [
  ['lost_to_first_touch_ns', 'first touches', 'c7'],
  ['lost_to_tracking_ns', 'tracking', 'c1'],
  ['lost_to_eviction_ns', 'eviction', 'c2'],
  ['lost_to_refetch_ns', 'fetching back', 'c5'],
];
const VMM_COSTS = [
  ['tracker_busy_ns', 'VMM, background thread', 'c6'],
  ['handler_busy_ns', 'VMM, fault handler', 'c4'],
];
const MOST_BARS = 24;

charts.add('costs', 'What it costs',
  'The upper bar is time that vCPUs lost, the lower one CPU time that the VMM used; both in percent of the guest\'s own time. ' +
  `At most ${MOST_BARS} runs: choose with the filters above.`,
  () => {
    const runs = model.chosen().slice(0, MOST_BARS);
    if (runs.length === 0) return null;
    const bar = (stack) => ([field, name, color]) => ({
      name, type: 'bar', stack, barMaxWidth: 16, barGap: '12%', itemStyle: { color: theme.color(color) },
      emphasis: { focus: 'series' }, data: runs.map((run) => run.metrics[field] / run.own * 100),
    });
    const widest = Math.max(...runs.map((run) => run.label.length));
    return {
      xAxis: charts.axis('of the guest\'s own time (%)', { type: 'value', min: 0 }),
      yAxis: charts.axis('', { type: 'category', inverse: true, data: runs.map((run) => run.label),
        axisLabel: { width: Math.min(330, widest * 7 + 8), overflow: 'truncate', interval: 0, hideOverlap: false } }),
      tooltip: { axisPointer: { type: 'shadow' }, valueFormatter: (v) => `${format.number(v)} %` },
      series: [...COSTS.map(bar('vCPUs')), ...VMM_COSTS.map(bar('VMM'))],
    };
  }, () => 120 + 44 * Math.min(MOST_BARS, Math.max(1, model.chosen().length)));

charts.add('seeing', 'What tracking sees for its price',
  'Each dot is a run. Left is cheap, low is exact: the error is of the working set\'s size, averaged over intervals.',
  () => {
    const runs = model.chosen();
    if (runs.length < 2) return null;
    const key = model.varying.includes('tracker') ? 'tracker' : model.varying.find((one) => one !== 'trace') || 'tracker';
    const groups = new Map();
    for (const run of runs) {
      const name = model.short(key, run.config[key]);
      if (!groups.has(name)) groups.set(name, []);
      const price = (run.metrics.lost_to_tracking_ns + run.metrics.tracker_busy_ns) / run.own * 100;
      groups.get(name).push({ value: [price, run.metrics.wss_error_rate * 100], label: run.label });
    }
    return {
      xAxis: charts.axis('tracking: vCPU time lost and CPU time used (% of the guest\'s own time)', { type: 'value', min: 0 }),
      yAxis: charts.axis('error of the working set (%)', { type: 'value', min: 0, nameGap: 44 }),
      tooltip: { trigger: 'item', formatter: (item) =>
        `${item.marker} ${format.escape(item.data.label)}<br>costs <b>${format.percent(item.value[0] / 100)}</b>, errs by <b>${format.percent(item.value[1] / 100)}</b>` },
      series: [...groups].map(([name, points]) => ({
        name, type: 'scatter', symbolSize: 11, itemStyle: { opacity: 0.8 },
        data: points.map((point) => ({ value: point.value, label: undefined, ...point, name: point.label })),
      })),
    };
  });
