import type { MsdState } from '@crashcart/api';
import { type ReadonlyCell, StateCell } from '../../core/state.ts';

/** No virtual drive and no storage. */
export class DisabledMsd {
  readonly state: ReadonlyCell<MsdState> = new StateCell({
    enabled: false,
    online: false,
    busy: false,
    storage: null,
    drive: null,
  });
}
