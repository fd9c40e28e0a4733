import type { GpioState } from '@crashcart/api';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';

/** No user lines: an empty scheme under PiKVM's default title. */
export class DisabledGpio {
  readonly state: ReadonlyCell<GpioState> = new StateCell<GpioState>({
    model: {
      scheme: { inputs: {}, outputs: {} },
      view: { header: { title: [{ type: 'label', text: 'GPIO' }] }, table: [] },
    },
    state: { inputs: {}, outputs: {} },
  });
}
