import type { MsdState, ServerEvent } from '@crashcart/api';
import { afterEach, expect, it } from 'vitest';
import { applyEvent, forgetMachine, msd } from './machine.ts';

const image = { complete: true, removable: true, writable: true, size: 1, mod_ts: 0 };
const whole: MsdState = {
  ...{ enabled: true, online: true, busy: false },
  storage: {
    images: { 'a.iso': image },
    parts: { '': { size: 2, free: 1, writable: true } },
    ...{ downloading: null, uploading: null },
  },
  drive: { image: null, connected: false, cdrom: true, rw: false },
};
// The type asks for whole values where the wire sends parts of the storage.
const tell = (event: object) => applyEvent({ event_type: 'msd', event } as ServerEvent);

afterEach(() => forgetMachine());

it('keeps of the storage what an event does not name', () => {
  tell(whole);
  const before = msd.value?.storage?.images;
  tell({ busy: true, storage: { uploading: { name: 'b', size: 9, written: 3 } } });
  expect(msd.value).toEqual({
    ...whole,
    busy: true,
    storage: { ...whole.storage, uploading: { name: 'b', size: 9, written: 3 } },
  });
  // The same object, so that nothing is made anew for 10,000 images.
  expect(msd.value?.storage?.images).toBe(before);
  tell({ online: false, storage: null, drive: null });
  expect(msd.value).toMatchObject({ online: false, storage: null, drive: null, busy: true });
  tell({ storage: whole.storage });
  expect(msd.value?.storage).toEqual(whole.storage);
});
