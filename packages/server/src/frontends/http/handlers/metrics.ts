import { exposition } from '../../metrics/exposition.ts';
import { machineMetrics } from '../../metrics/machine-metrics.ts';
import { pikvmMetrics } from '../../metrics/pikvm-metrics.ts';
import { processMetrics } from '../../metrics/process-metrics.ts';
import { Reply, TEXT_TYPE } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

/** GET /export/prometheus/metrics: of the states as they are now, never of a cache. */
export const metricsHandlers: HandlersOf<'exportPrometheusMetrics'> = {
  exportPrometheusMetrics(_args, { host }) {
    const { machine, info, events } = host;
    const families = [
      ...pikvmMetrics({
        atx: machine.atx.state.value,
        gpio: machine.gpio.state.value.state,
        health: info.value.health,
        fan: info.value.fan,
      }),
      ...machineMetrics({
        id: machine.id,
        hid: machine.hid.state.value,
        atx: machine.atx.state.value,
        msd: machine.msd.state.value,
        streamer: machine.streamer.state.value,
        clients: events.clients.value,
      }),
      ...processMetrics(info.value.system),
    ];
    return new Reply(200, { 'content-type': TEXT_TYPE }, Buffer.from(exposition(families)));
  },
};
