import { effect } from '@preact/signals';
import { endAct, showAct } from '../state/long-acts.ts';
import { imageSender } from './image-sender.ts';
import { visibleName } from './images.ts';
import { type Transfer, TransferQueue } from './transfers.ts';

/** The images that this page is bringing into the storage. */
export const transfers = new TransferQueue(imageSender);

/** Uploads files into a folder, one after another. */
export function uploadFiles(files: readonly File[], folder: string): void {
  transfers.add(
    files.map((file) => ({ source: { kind: 'file', file }, name: within(folder, file.name) })),
  );
}

/** Lets the server fetch an image; an empty name = as the other server calls it. */
export function fetchImage(url: string, folder: string, name: string): void {
  transfers.add([{ source: { kind: 'url', url }, name: name && within(folder, name) }]);
}

/** What a transfer is called before the server has named it. */
export function transferName({ name, source }: Transfer): string {
  return visibleName(name || (source.kind === 'url' ? source.url : source.file.name));
}

function within(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

let shown: readonly string[] = [];

effect(() => {
  const running = transfers.list.value.filter(({ state }) => state.kind === 'running');
  for (const id of shown) if (!running.some((transfer) => transfer.id === id)) endAct(id);
  shown = running.map(({ id }) => id);
  for (const transfer of running) {
    if (transfer.state.kind !== 'running') continue;
    const verb = transfer.source.kind === 'file' ? 'Uploading' : 'Downloading';
    showAct({
      ...transfer.state,
      id: transfer.id,
      title: `${verb} ${transferName(transfer)}`,
      unit: 'bytes',
      panel: 'drive',
      cancel: () => transfers.cancel(transfer.id),
    });
  }
});

// What leaves with the page is broken off, so the browser asks before.
window.addEventListener('beforeunload', (event) => {
  const active = transfers.list.peek().some(({ state: { kind } }) => ACTIVE.has(kind));
  if (active) event.preventDefault();
});

const ACTIVE: ReadonlySet<string> = new Set(['waiting', 'running']);
