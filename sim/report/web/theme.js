// Light and dark, and the charts that follow them.
const theme = (() => {
  const root = document.documentElement;
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const button = document.getElementById('theme');
  let chosen = null;
  let changed = () => {};
  const apply = () => {
    const name = chosen || (dark.matches ? 'dark' : 'light');
    root.dataset.theme = name;
    button.textContent = name === 'dark' ? 'Light' : 'Dark';
    changed();
  };
  button.addEventListener('click', () => {
    chosen = root.dataset.theme === 'dark' ? 'light' : 'dark';
    apply();
  });
  dark.addEventListener('change', apply);
  apply();
  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  return {
    color,
    palette: () => [1, 2, 3, 4, 5, 6, 7, 8].map((i) => color(`c${i}`)),
    onChange(callback) { changed = callback; },
  };
})();

// Every chart of the page: where it stands, and how its option is made from the present theme.
const charts = (() => {
  const all = [];
  const exporting = new URLSearchParams(location.hash.slice(1)).get('export');
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
  const base = () => ({
    animation: false,
    color: theme.palette(),
    backgroundColor: exporting ? theme.color('card') : 'transparent',
    textStyle: { fontFamily: font, color: theme.color('ink') },
    aria: { enabled: true },
    grid: { left: 8, right: 24, top: 50, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    legend: { top: 0, left: 0, padding: 6, type: 'scroll', itemWidth: 18, itemHeight: 10, itemGap: 14,
      textStyle: { color: theme.color('ink'), fontSize: 12.5 }, pageTextStyle: { color: theme.color('soft') },
      pageIconColor: theme.color('soft'), inactiveColor: theme.color('off') },
    tooltip: { trigger: 'axis', confine: true, backgroundColor: theme.color('card'),
      borderColor: theme.color('line'), textStyle: { color: theme.color('ink'), fontSize: 12.5 },
      axisPointer: { lineStyle: { color: theme.color('soft') }, crossStyle: { color: theme.color('soft') } } },
  });
  const axis = (name, more = {}) => ({
    name, nameLocation: 'middle', nameGap: 30, nameTextStyle: { color: theme.color('soft'), fontSize: 12.5 },
    axisLine: { lineStyle: { color: theme.color('line') } }, axisTick: { lineStyle: { color: theme.color('line') } },
    splitLine: { lineStyle: { color: theme.color('line'), opacity: 0.6 } },
    minorSplitLine: { show: false }, ...more,
    axisLabel: { color: theme.color('soft'), fontSize: 12, hideOverlap: true, ...(more.axisLabel || {}) },
  });
  // `make()` gives the option that goes over base(), or null when there is nothing to draw.
  const add = (id, title, about, make, height = () => 380) => {
    const tools = element('div', { class: 'tools' });
    const place = element('div', { class: 'chart', id: `chart-${id}` });
    const card = element('section', { class: 'card', id, 'aria-label': title },
      element('div', { class: 'head' }, element('div', {}, element('h2', {}, title),
        element('p', { class: 'about' }, about)), tools), place);
    document.getElementById('charts').append(card);
    const chart = { id, card, place, tools, make, height, instance: null };
    all.push(chart);
    return chart;
  };
  const draw = (chart) => {
    const option = chart.make();
    chart.card.hidden = option === null;
    if (chart.instance) chart.instance.dispose();
    chart.instance = null;
    if (option === null) return;
    chart.place.style.height = `${chart.height()}px`;
    chart.instance = echarts.init(chart.place, null, { renderer: exporting === 'svg' ? 'svg' : 'canvas' });
    const merged = base();
    for (const [key, value] of Object.entries(option)) {
      const plain = value !== null && typeof value === 'object' && !Array.isArray(value);
      merged[key] = plain ? { ...merged[key], ...value } : value;
    }
    chart.instance.setOption(merged);
  };
  window.addEventListener('resize', () => {
    for (const chart of all) if (chart.instance) chart.instance.resize();
  });
  return { all, add, axis, draw, exporting, drawAll: () => all.forEach(draw) };
})();
