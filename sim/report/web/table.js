// The comparison: a row per run, sorted by the column whose head is clicked.
const COLUMNS = [
  // field, title, unit, how to print, which is best
  ['slowdown', 'slow-down', 'of own time', format.percent, 'least'],
  ['lost_to_tracking_ns', 'tracking', 'vCPU time lost', format.time, 'least'],
  ['tracker_busy_ns', 'tracker', 'VMM CPU time', format.time, 'least'],
  ['lost_to_refetch_ns', 'fetching back', 'vCPU time lost', format.time, 'least'],
  ['wss_true_mean_pages', 'working set', 'pages, mean', format.whole, ''],
  ['wss_error_rate', 'set error', 'of working set', format.percent, 'least'],
  ['evicted_pages', 'evicted', 'pages', format.whole, ''],
  ['refetched_pages', 'fetched back', 'pages', format.whole, 'least'],
  ['false_hot_rate', 'false hot', 'of called touched', format.percent, 'least'],
  ['missed_hot_rate', 'missed', 'of touched', format.percent, 'least'],
  ['false_cold_rate', 'false cold', 'of evicted', format.percent, 'least'],
  ['stall_ns_p50', 'stop P50', '', format.time, 'least'],
  ['stall_ns_p99', 'stop P99', '', format.time, 'least'],
  ['stall_ns_p999', 'stop P99.9', '', format.time, 'least'],
  ['stall_ns_max', 'stop max', '', format.time, 'least'],
  ['store_bytes_written', 'written', 'to the store', format.bytes, 'least'],
  ['lost_updates', 'lost writes', '', format.whole, 'zero'],
];

const table = (() => {
  let sorted = null;  // index among all columns
  let ascending = true;
  const place = document.getElementById('table');

  const columns = () => {
    const keys = model.varying.length > 0 ? model.varying : ['tracker', 'policy', 'dram'];
    return [
      ...keys.map((key) => ({ title: key.replace('_', '-'), unit: '', text: true,
        value: (run) => run.config[key], print: (value) => model.short(key, value) })),
      // Results of older versions lack some figures.
      ...COLUMNS.filter(([field]) => model.runs.every((run) => field in run.metrics)).map(([field, title, unit, print, best]) => ({ title, unit, print, best, field,
        value: (run) => run.metrics[field] })),
    ];
  };

  // Texts that begin with a number (25%, 10ms) go by it.
  const compare = (a, b) => {
    if (typeof a === 'number') return a - b;
    return String(a).localeCompare(String(b), 'en', { numeric: true });
  };

  const draw = () => {
    const all = columns();
    const runs = [...model.chosen()];
    if (sorted !== null) {
      const value = all[sorted].value;
      runs.sort((a, b) => (ascending ? 1 : -1) * compare(value(a), value(b)));
    }
    const best = all.map((column) => (column.best === 'least' && runs.length > 1
      ? Math.min(...runs.map(column.value)) : null));
    const head = element('tr', {}, ...all.map((column, i) => {
      const cell = element('th', { scope: 'col', tabindex: '0', class: column.text ? 'text' : '',
        'aria-sort': sorted !== i ? 'none' : ascending ? 'ascending' : 'descending' }, column.title);
      if (column.unit) cell.append(element('small', {}, column.unit));
      const sort = () => {
        ascending = sorted === i ? !ascending : true;
        sorted = i;
        draw();
        place.querySelectorAll('th')[i].focus();
      };
      cell.addEventListener('click', sort);
      cell.addEventListener('keydown', (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); sort(); } });
      return cell;
    }));
    const body = runs.map((run) => element('tr', {}, ...all.map((column, i) => {
      const value = column.value(run);
      const wrong = column.best === 'zero' && value !== 0;
      const kind = column.text ? 'text' : wrong ? 'wrong' : best[i] !== null && value === best[i] ? 'best' : '';
      const attributes = { class: kind, 'data-value': value };
      if (column.field) attributes['data-field'] = column.field;
      return element('td', attributes, column.print(value));
    })));
    place.replaceChildren(
      element('h2', {}, runs.length === 1 ? 'Figures' : 'Comparison'),
      element('p', { class: 'about' }, `${format.whole(runs.length)} ${runs.length === 1 ? 'run' : 'runs'}; a click on a head sorts. Times are of the whole replay.`),
      element('div', { class: 'scroll' }, element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))));
  };
  return { draw, show: model.runs.length > 0 };
})();
