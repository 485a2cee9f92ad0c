import { graph } from './panels.mjs';
import { rateOf } from './queries.mjs';

/** What every process tells of itself. `of` selects some by their labels. */
export function processPanels(of) {
  return [
    graph('CPU', 'none', 'Cores, by process. One that stays near 1 is full: a process uses one core.', [
      [rateOf(`process_cpu_seconds_total{${of}}`, 'service, instance'), '{{service}} {{instance}}'],
    ]),
    graph('Memory', 'bytes', 'Resident, by process. See `--max-old-space-size` and the limit of the container.', [
      [`process_resident_memory_bytes{${of}}`, '{{service}} {{instance}}'],
    ]),
    graph(
      'Delay of the event loop',
      's',
      'p99, by process. Above 0.1 s it does too much at once: requests, heartbeats and timers are late.',
      [[`nodejs_eventloop_lag_p99_seconds{${of}}`, '{{service}} {{instance}}']],
    ),
  ];
}
