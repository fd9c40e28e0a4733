import type { SystemInfo } from '@crashcart/api';
import type { MetricFamily } from './exposition.ts';

/** Our own metrics of the server as a program. */
export function processMetrics(system: SystemInfo): readonly MetricFamily[] {
  const { user, system: kernel } = process.cpuUsage();
  const version = system.crashcart.version;
  return [
    {
      ...{ name: 'crashcart_build_info', type: 'gauge' },
      help: 'Always 1; the versions are labels.',
      samples: [{ labels: { version, pikvm: system.kvmd.version }, value: 1 }],
    },
    {
      ...{ name: 'crashcart_process_start_time_seconds', type: 'gauge' },
      help: 'When the server was started, seconds since the epoch.',
      samples: [{ value: Math.round(performance.timeOrigin) / 1000 }],
    },
    {
      ...{ name: 'crashcart_process_cpu_seconds_total', type: 'counter' },
      help: 'Processor time of the server, seconds.',
      samples: [{ value: (user + kernel) / 1e6 }],
    },
    {
      ...{ name: 'crashcart_process_resident_memory_bytes', type: 'gauge' },
      help: 'Memory of the server, bytes.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
  ];
}
