// What the documents hold, in one shape: runs (of replays and sweeps) and curves.
const data = JSON.parse(document.getElementById('data').textContent);

const model = (() => {
  const runs = [];
  for (const result of data.results.filter((one) => one.command === 'replay')) {
    runs.push({
      config: result.config, metrics: result.metrics, intervals: result.intervals,
      stalls: result.stall_distribution, heat: result.heat_map, pageBytes: result.inputs[0].page_bytes,
    });
  }
  // A run of a sweep that was also replayed alone is there already: only its picture may differ.
  const identity = (config) => JSON.stringify({ ...config, heat_map: '' });
  const replayed = new Set(runs.map((run) => identity(run.config)));
  for (const result of data.results.filter((one) => one.command === 'sweep')) {
    const bytes = new Map(result.inputs.map((input) => [input.path, input.page_bytes]));
    for (const run of result.runs) {
      if (replayed.has(identity(run.config))) continue;
      runs.push({ config: run.config, metrics: run.metrics, pageBytes: bytes.get(run.config.trace) });
    }
  }
  const keys = runs.length === 0 ? [] : Object.keys(runs[0].config);
  const valuesOf = (key) => [...new Set(runs.map((run) => run.config[key]))];
  // What a tracker chooses itself does not tell runs apart, nor what a result only shows.
  const followsTracker = (key) => valuesOf('tracker').every((tracker) =>
    new Set(runs.filter((run) => run.config.tracker === tracker).map((run) => run.config[key])).size === 1);
  const varying = keys.filter((key) => valuesOf(key).length > 1 && key !== 'heat_map' &&
    !(key === 'arming' && followsTracker(key)));
  // "clock:bits=1" is called clock unless another clock is there.
  const alone = (key, name) => valuesOf(key).filter((one) => one.split(':')[0] === name).length <= 1;
  const short = (key, value) => {
    const text = String(value);
    const name = text.split(':')[0];
    if (['policy', 'store', 'tracker', 'arming'].includes(key) && alone(key, name)) return name;
    if (key === 'trace') return text.replace(/^.*\//, '').replace(/\.uft$/, '');
    return text === '' ? `no ${key.replace('_', '-')}` : text;
  };
  const labelOf = (run, without = []) => {
    const parts = varying.filter((key) => !without.includes(key))
      .map((key) => short(key, run.config[key]));
    return parts.length > 0 ? parts.join(' · ') : short('tracker', run.config.tracker);
  };
  for (const run of runs) {
    run.label = labelOf(run);
    run.own = run.metrics.trace_ns + run.metrics.idle_ns;  // the guest's own time, ns
  }
  return {
    runs, varying, valuesOf, short, labelOf,
    curves: data.results.filter((result) => result.command === 'mrc'),
    filters: new Map(),
    chosen() {
      return runs.filter((run) => [...this.filters].every(
        ([key, value]) => value === '' || run.config[key] === value));
    },
  };
})();
