// Writes ../ANSWERS.md from the results of the sweeps beside this file: node answers.mjs UFFDSIM RESULTS
// Everything on that page is a number of a result or follows from one, so it says the same on every machine.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [uffdsim, results] = process.argv.slice(2);
const runsOf = (name) => JSON.parse(readFileSync(join(results, `${name}.json`), 'utf8')).runs;

const name = (path) => path.replace(/^.*\//, '').replace(/\.uft$/, '');
const brief = (text) => text.replace(/:.*/, '');
const own = (m) => m.trace_ns + m.idle_ns;
const share = (m, ...fields) => fields.reduce((sum, field) => sum + m[field], 0) / own(m);
const percent = (ratio) => `${(ratio * 100).toFixed(Math.abs(ratio) >= 1 ? 0 : Math.abs(ratio) >= 0.1 ? 1 : 2)} %`;
const whole = (n) => Math.round(n).toLocaleString('en-US');
const micro = (ns) => (ns / 1000).toFixed(1);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const unique = (runs, key) => [...new Set(runs.map((run) => run.config[key]))];
const table = (head, rows) => [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
const sweep = (spec) => `    uffdsim sweep workloads/sweeps/${spec}.json --csv ${spec}.csv`;
const lines = [];
// Prose is wrapped at 120 columns; tables and commands are left alone.
const wrap = (text) => (/^([|]| {4}|#)/.test(text) ? text
  : text.split(' ').reduce((out, word) => {
    const last = out.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 120) out[out.length - 1] = `${last} ${word}`;
    else out.push(word);
    return out;
  }, []).join('\n'));
const say = (...texts) => texts.forEach((text) => lines.push(wrap(text), ''));

say('# Answers', 'What the simulator says about the questions that users of userfaultfd and writers of VMMs ask, on the bundled ' +
  'traces (`traces/samples`: real guests of 512 MiB, one vCPU). `./dev answers` runs everything again and writes this page; the ' +
  'numbers are the same on every machine. Costs are the built-in ones (`uffdsim list costs`): on other hardware, ' +
  'calibrate and run again. *Own time* is the virtual time that the guest would need if memory never made it wait.');

{
  const runs = runsOf('trackers');
  say('## What does RWP cost, and what does it see, against each other tracker?', sweep('trackers'));
  for (const dram of ['all', '50%']) {
    const rows = unique(runs, 'tracker').map((tracker) => {
      const some = runs.filter((run) => run.config.tracker === tracker && run.config.dram === dram).map((run) => run.metrics);
      return { tracker, lost: mean(some.map((m) => share(m, 'lost_to_tracking_ns'))), cpu: mean(some.map((m) => share(m, 'tracker_busy_ns', 'handler_busy_ns'))),
        error: mean(some.map((m) => m.wss_error_rate)), refetched: mean(some.map((m) => m.refetched_pages)), slow: mean(some.map((m) => m.slowdown)),
        p99: Math.max(...some.map((m) => m.stall_ns_p99)), lostWrites: some.reduce((sum, m) => sum + m.lost_updates, 0) };
    });
    const evicts = dram !== 'all';
    say(evicts ? '**With half of what the guest touches in memory** (policy age, NVMe store), means over redis, pg and sqlite:'
      : '**Tracking alone, everything fits**, an interval of 50 ms, means over redis, pg and sqlite:',
    table(['tracker', 'vCPU time lost to tracking', 'VMM CPU', 'working set error', ...(evicts ? ['pages fetched back', 'slow-down', 'stop P99, worst, us', 'lost writes'] : [])],
      rows.map((row) => [row.tracker, percent(row.lost), percent(row.cpu), percent(row.error),
        ...(evicts ? [whole(row.refetched), percent(row.slow), micro(row.p99), row.lostWrites] : [])])));
    const of = (tracker) => rows.find((row) => row.tracker === tracker);
    if (!evicts) {
      say(`RWP loses ${percent(of('rwp').lost)} of the guest's own time to first touches that the kernel resolves, and errs by ${percent(of('rwp').error)}. ` +
        `Zapping and refaulting sees the same and loses ${percent(of('zap').lost)}, ${(of('zap').lost / of('rwp').lost).toFixed(1)} times as much, because every first touch is a round trip to the VMM. ` +
        `Write protection is blind to reads: it misjudges the working set by ${percent(of('wp-async').error)}. Accessed bits lose the guest ${percent(of('accessed-bit').lost)} ` +
        `and err by ${percent(of('accessed-bit').error)} here, where nobody else consumes them (see below); DAMON errs by ${percent(of('damon').error)}.`);
    } else {
      const best = rows.filter((row) => row.tracker !== 'oracle').reduce((a, b) => (b.slow < a.slow ? b : a));
      say(`Least slow of the real ones is ${best.tracker} (${percent(best.slow)}); RWP's workflow stands at ${percent(of('rwp').slow)}. No run loses a write.`);
    }
  }
}

{
  const runs = runsOf('policies');
  const of = (policy, tracker, trace) => runs.find((run) => brief(run.config.policy) === policy && run.config.tracker === tracker && name(run.config.trace) === trace).metrics;
  const traces = unique(runs, 'trace').map(name);
  const policies = [...new Set(runs.map((run) => brief(run.config.policy)))];
  say('## How wrong is one bit per interval, against every access, per policy?', sweep('policies'),
    'Pages fetched back with half of the footprint in memory: the policy sees one bit per page and 50 ms (RWP), or every access in order (oracle).',
    table(['policy', ...traces.flatMap((trace) => [`${trace}, RWP`, 'oracle', 'difference'])],
      policies.map((policy) => [policy, ...traces.flatMap((trace) => {
        const [bits, all] = [of(policy, 'rwp', trace).refetched_pages, of(policy, 'oracle', trace).refetched_pages];
        return [whole(bits), whole(all), all === 0 ? '-' : `${bits >= all ? '+' : ''}${percent(bits / all - 1)}`];
      })])));
  // Each trace counts the same: pages fetched back, relative to the policy that fetches fewest.
  const least = (tracker, trace) => Math.min(...policies.map((policy) => of(policy, tracker, trace).refetched_pages));
  const score = (policy, tracker) => mean(traces.map((trace) => of(policy, tracker, trace).refetched_pages / least(tracker, trace)));
  const best = (tracker) => [...policies].sort((a, b) => score(a, tracker) - score(b, tracker)).slice(0, 3).join(', ');
  const gaps = policies.flatMap((policy) => traces.map((trace) => of(policy, 'rwp', trace).refetched_pages / of(policy, 'oracle', trace).refetched_pages - 1)).sort((a, b) => a - b);
  const apart = policies.flatMap((policy) => traces.map((trace) => [policy, trace, of(policy, 'rwp', trace).refetched_pages / of(policy, 'oracle', trace).refetched_pages - 1]))
    .sort((a, b) => Math.abs(b[2]) - Math.abs(a[2])).slice(0, 3);
  const small = gaps.filter((gap) => Math.abs(gap) <= 0.1).length;
  say(`All traces counted alike, the best three with every access are ${best('oracle')}, with one bit per interval ${best('rwp')}. ` +
    `The median difference is ${percent(gaps[Math.floor(gaps.length / 2)])}, and ${small} of ${gaps.length} are within 10 %: one bit per interval is nearly enough for most. ` +
    `Furthest apart are ${apart.map(([policy, trace, gap]) => `${policy} on ${trace} (${gap > 0 ? '+' : ''}${percent(gap)})`).join(', ')}. ` +
    'Both evict in the background, so a policy has more than one page to choose from; "every access" is a page per epoch of the trace here.');
}

{
  const runs = runsOf('arming');
  say('## Which interval and which arming strategy should a VMM start from?', sweep('arming'),
    'RWP with three quarters of the footprint in memory. Each cell: vCPU time lost to tracking plus the tracker\'s CPU time, of the guest\'s own time / error of the working set; means over redis and pg.');
  const arming = unique(runs, 'arming').map(brief);
  const intervals = unique(runs, 'interval');
  const some = (strategy, interval) => runs.filter((run) => brief(run.config.arming) === strategy && run.config.interval === interval).map((run) => run.metrics);
  const price = (strategy, interval) => mean(some(strategy, interval).map((m) => share(m, 'lost_to_tracking_ns', 'tracker_busy_ns')));
  const error = (strategy, interval) => mean(some(strategy, interval).map((m) => m.wss_error_rate));
  const slow = (strategy, interval) => mean(some(strategy, interval).map((m) => m.slowdown));
  say(table(['arming', ...intervals], arming.map((strategy) => [strategy, ...intervals.map((interval) =>
    `${percent(price(strategy, interval))} / ${percent(error(strategy, interval))}`)])));
  say('Slow-down of the guest, all causes:', table(['arming', ...intervals], arming.map((strategy) => [strategy, ...intervals.map((interval) => percent(slow(strategy, interval)))])));
  const all = arming.flatMap((strategy) => intervals.map((interval) => ({ strategy, interval, slow: slow(strategy, interval), error: error(strategy, interval), price: price(strategy, interval) })));
  const exact = all.filter((one) => one.error <= 0.1);
  const fastest = (some_of) => some_of.reduce((a, b) => (b.slow < a.slow ? b : a));
  const start = fastest(exact);
  const every = fastest(exact.filter((one) => ['all', 'touched', 'back-off'].includes(one.strategy)));
  say(`Start from ${start.strategy} every ${start.interval}: of what errs by at most 10 %, it slows the guest least (${percent(start.slow)}, error ${percent(start.error)}). ` +
    `Where each page must be watched, ${every.strategy} every ${every.interval} (${percent(every.slow)}, error ${percent(every.error)}). ` +
    `A page costs a fault in every interval in which it is touched: with all pages armed, tracking falls from ${percent(price('all', intervals[0]))} at ${intervals[0]} to ${percent(price('all', intervals.at(-1)))} at ${intervals.at(-1)}. ` +
    `A budget (1 % of a core) that cannot pay for a look in each interval looks less often: at ${intervals[0]} the guest slows by ${percent(slow('budget', intervals[0]))}, where arming all that was touched slows it by ${percent(slow('touched', intervals[0]))}.`);
}

{
  const runs = runsOf('eviction');
  say('## How long does sync eviction stall vCPUs?', sweep('eviction'),
    'Three quarters of the footprint in memory, 50 ms. `rwp` holds victims under sync mode, the others unmap them and hold them by MINOR faults. Under sync mode every armed page that is touched in the window sleeps until the VMM answers (*messages*); *kept* are victims touched in time.',
    table(['trace', 'tracker', 'pages a batch', 'evicted', 'messages', 'kept', 'lost to eviction', 'stop P99, us', 'longest, us'],
      runs.map((run) => [name(run.config.trace), run.config.tracker, run.config.evict_batch, whole(run.metrics.evicted_pages),
        whole(run.metrics.faults_rwp_sync + run.metrics.faults_minor_sync), whole(run.metrics.evictions_revoked), percent(share(run.metrics, 'lost_to_eviction_ns')), micro(run.metrics.stall_ns_p99), micro(run.metrics.stall_ns_max)])));
  const rwp = runs.filter((run) => run.config.tracker === 'rwp');
  const range = (values) => `${percent(Math.min(...values))} to ${percent(Math.max(...values))}`;
  const lost = (tracker) => range(runs.filter((run) => run.config.tracker === tracker).map((run) => share(run.metrics, 'lost_to_eviction_ns')));
  const messages = rwp.map((run) => run.metrics.faults_rwp_sync / run.metrics.evicted_pages);
  say(`Eviction under sync mode costs ${lost('rwp')} of the guest's own time, where unmapping costs ${lost('rwp-async')}: the mode concerns all armed pages, so it takes ${Math.min(...messages).toFixed(2)} to ${Math.max(...messages).toFixed(2)} messages per evicted page, few of them about victims. ` +
    `Larger batches keep the window shorter. No vCPU stops for longer than ${(Math.max(...rwp.map((run) => run.metrics.stall_ns_max)) / 1e6).toFixed(1)} ms.`);
}

{
  const runs = runsOf('reclaim');
  say('## What if the host\'s own reclaim consumes the accessed bits?', sweep('reclaim'),
    'The question of QEMU\'s and DAMON\'s developers. MGLRU ages so many pages a second beside the tracker; half of the footprint in memory, 50 ms.',
    table(['trace', 'tracker', 'pages aged a second', 'bits consumed', 'working set error', 'pages fetched back'],
      runs.map((run) => [name(run.config.trace), run.config.tracker, whole(Number(run.config.reclaim_aging)), whole(run.metrics.pages_aged),
        percent(run.metrics.wss_error_rate), whole(run.metrics.refetched_pages)])));
  const worst = (tracker) => Math.max(...runs.filter((run) => run.config.tracker === tracker).map((run) => run.metrics.wss_error_rate));
  say(`At worst accessed bits err by ${percent(worst('accessed-bit'))}, DAMON by ${percent(worst('damon'))}, RWP by ${percent(worst('rwp'))}: ` +
    'a mark in the page table is taken by nobody but an access.');
}

{
  const runs = runsOf('stores');
  const stores = [...new Set(runs.map((run) => brief(run.config.store)))];
  const blocks = unique(runs, 'read_ahead');
  const some = (store, block) => runs.filter((run) => brief(run.config.store) === store && run.config.read_ahead === block).map((run) => run.metrics);
  const useful = (block) => {
    const all = stores.flatMap((store) => some(store, block));
    return all.reduce((sum, m) => sum + m.read_ahead_useful, 0) / all.reduce((sum, m) => sum + m.read_ahead_pages, 0);
  };
  say('## What does the store make of it, and does read-ahead help?', sweep('stores'),
    'RWP, half of the footprint in memory, 50 ms. A fault on a page that the store has fetches also what the store has of the aligned block around it. Each cell: slow-down / bytes read, MiB; means over redis, pg and sqlite.',
    table(['store', ...blocks.map((block) => (block === '0' ? 'no read-ahead' : `blocks of ${block} pages`))],
      stores.map((store) => [store, ...blocks.map((block) => `${percent(mean(some(store, block).map((m) => m.slowdown)))} / ${whole(mean(some(store, block).map((m) => m.store_bytes_read)) / 2 ** 20)}`)])));
  const gain = (store, block) => mean(some(store, '0').map((m) => m.slowdown)) - mean(some(store, block).map((m) => m.slowdown));
  const [small, large] = [blocks[1], blocks.at(-1)];
  const helped = (block) => stores.filter((store) => gain(store, block) > 0).join(', ') || 'none';
  say(`Of the pages read ahead ${percent(useful(small))} are touched before they go again with blocks of ${small} and ${percent(useful(large))} with blocks of ${large}. Read-ahead pays on average for: ${helped(small)} (blocks of ${small}); ${helped(large)} (blocks of ${large}). ` +
    'What it brings counts as touched until the next look, so it also pushes out pages that were in use.');
}

{
  const runs = runsOf('trackers').filter((run) => run.config.dram === '50%');
  say('## One mode flip, or system calls per cold set?', sweep('trackers'),
    'What one interval takes with half of the footprint in memory, means over redis, pg and sqlite: mode switches, pages that RWPROTECT or WRITEPROTECT armed, pages unmapped to hold them still, messages.',
    table(['tracker', 'SET_MODE', 'pages armed', 'pages unmapped', 'messages'], ['rwp', 'rwp-async', 'wp-async', 'zap'].map((tracker) => {
      const some = runs.filter((run) => run.config.tracker === tracker).map((run) => run.metrics);
      const per = (field) => mean(some.map((m) => m[field] / m.intervals));
      return [tracker, per('mode_switches').toFixed(1), whole(per('pages_armed')), whole(per('pages_unmapped')), whole(per('messages'))];
    })));
}

{
  const PAGES = 512;
  const arm = (kind, flags = '') => `swapon\nmap A ${kind} ${PAGES}\n${flags}write A 0 17 ${PAGES}\nuffd U features=rwp\nregister U A 0 ${PAGES} rwp\nrwprotect U A 0 ${PAGES} on\n`;
  const events = [
    ['reclaim to swap, private memory', arm('anon') + `madvise A 0 ${PAGES} PAGEOUT\n`],
    ['reclaim to swap, shared memory (shmem)', arm('shmem') + `madvise A 0 ${PAGES} PAGEOUT\n`],
    ['swapped out and read back by swapoff', arm('anon') + `madvise A 0 ${PAGES} PAGEOUT\nswapoff\n`],
    ['KSM merges equal pages', arm('anon') + `madvise A 0 ${PAGES} MERGEABLE\nksm run\n`],
    ['collapse into a huge page is asked for', arm('anon') + `madvise A 0 ${PAGES} COLLAPSE\n`],
    ['a huge page is split by arming one page', `map A anon ${PAGES}\nmadvise A 0 ${PAGES} HUGEPAGE\nwrite A 0 17 ${PAGES}\nuffd U features=rwp\nregister U A 0 ${PAGES} rwp\nrwprotect U A 0 ${PAGES} on\nrwprotect U A 3 1 on\n`],
    ['moved to another node', arm('anon') + `migrate A 0 ${PAGES} 1\n`],
    ['mprotect to read-only and back', arm('anon') + `mprotect A 0 ${PAGES} r\nmprotect A 0 ${PAGES} rw\n`],
  ];
  const rows = events.map(([what, text]) => {
    const records = execFileSync(uffdsim, ['scenario', 'run', '--json', '-'], { input: `${text}scan A 0 ${PAGES}\n` }).toString().trim().split('\n').map((line) => JSON.parse(line));
    const scan = records.find((record) => record.op === 'scan');
    const armed = scan.regions.filter(({ categories }) => /[ps]/.test(categories) && !categories.endsWith('A')).reduce((sum, { count }) => sum + count, 0);
    return [what, armed, PAGES - armed];
  });
  say('## How many marks do kernel reclaim, THP and KSM cost?', '    uffdsim scenario run FILE     # the texts are in workloads/sweeps/answers.mjs; tests/scenario/paths has annotated ones',
    `${PAGES} pages armed, then the event, then one PAGEMAP_SCAN:`, table(['event', 'still armed', 'marks lost'], rows));
  const lost = rows.filter(([, , gone]) => gone > 0).map(([what]) => what);
  say(`Marks are lost by: ${lost.join('; ')}. A file page that leaves the page table has no place for its mark, so a workflow on shared memory needs MINOR beside RWP, or memory that the kernel does not reclaim. Of equal pages KSM keeps the mark of one: merged pages are reported as touched.`);
}

writeFileSync(join(here, '..', 'ANSWERS.md'), `${lines.join('\n').trimEnd()}\n`);
