import type { InfoEventState, ServerEvent } from '@crashcart/api';
import { signal } from '@preact/signals';

/** What the server tells of itself and its box; a category is missing until it has told. */
export const info = signal<Partial<InfoEventState>>({});

/** Takes the categories of an info event; the others stay. */
export function noteInfo(change: InfoEvent): void {
  info.value = { ...info.peek(), ...change } as Partial<InfoEventState>;
}

type InfoEvent = Extract<ServerEvent, { event_type: 'info' }>['event'];
