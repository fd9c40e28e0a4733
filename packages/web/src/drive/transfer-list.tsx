import type { ComponentChildren } from 'preact';
import { msd } from '../state/machine.ts';
import type { Refusal } from '../state/refusal.ts';
import { secondsLeft } from '../state/speed.ts';
import { bytesText, timeLeftText } from '../state/units.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { connected, eject } from './drive.ts';
import { drivePage } from './drive-view.ts';
import { transferName, transfers } from './image-transfers.ts';
import { allowedName, freeName, visibleName } from './images.ts';
import type { Transfer, TransferState } from './transfers.ts';

/** Images on their way: those of this page, and what others do. */
export function Transfers() {
  const list = transfers.list.value;
  const running = list.some(({ state }) => state.kind === 'running');
  return (
    <ul class="transfers" aria-label="Transfers">
      {!running && <OfOthers />}
      {list.map((transfer) => (
        <Row key={transfer.id} transfer={transfer} />
      ))}
    </ul>
  );
}

function Row({ transfer }: { readonly transfer: Transfer }) {
  const { id, state } = transfer;
  const name = transferName(transfer);
  const drop = () => transfers.cancel(id);
  switch (state.kind) {
    case 'waiting':
      return (
        <Item name={name} text={waitingText()} close={{ label: `Cancel ${name}`, press: drop }}>
          {connected.value && <Button label="Eject" onPress={() => void eject()} />}
        </Item>
      );
    case 'running':
      return (
        <Item
          name={name}
          text={progressText(state)}
          bar={state}
          close={{ label: `Cancel ${name}`, press: drop }}
        />
      );
    case 'failed':
      return (
        <Item name={name} trouble={state.refusal} close={{ label: `Dismiss ${name}`, press: drop }}>
          <RemedyButton transfer={transfer} refusal={state.refusal} />
        </Item>
      );
    case 'done':
      return (
        <Item
          name={name}
          text="It is in the storage."
          close={{ label: `Dismiss ${name}`, press: drop }}
        >
          <Button
            label="Use it"
            onPress={() => {
              drop();
              drivePage.value = { kind: 'image', name: transfer.name };
            }}
          />
        </Item>
      );
  }
}

interface ItemProps {
  readonly name: string;
  readonly text?: string;
  readonly trouble?: Refusal;
  readonly bar?: { readonly done: number; readonly total: number | undefined };
  readonly close?: { readonly label: string; readonly press: () => void };
  readonly children?: ComponentChildren;
}

function Item({ name, text, trouble, bar, close, children }: ItemProps) {
  return (
    <li class="transfer" data-failed={trouble !== undefined}>
      <p class="image-name" title={name}>
        {name}
      </p>
      {close !== undefined && (
        <Button label={close.label} icon="close" iconOnly look="bar" onPress={close.press} />
      )}
      {bar !== undefined && (
        <progress aria-label={name} max={bar.total} value={bar.total && bar.done} />
      )}
      {trouble === undefined ? (
        <p class="note">{text}</p>
      ) : (
        <p class="trouble" role="alert">
          <Icon name="alert" />
          <span>{trouble.text}</span>
        </p>
      )}
      {children}
    </li>
  );
}

function RemedyButton({
  transfer,
  refusal,
}: {
  readonly transfer: Transfer;
  readonly refusal: Refusal;
}) {
  const { id, name } = transfer;
  switch (refusal.remedy) {
    case 'retry':
      return <Button label="Try again" onPress={() => transfers.retry(id)} />;
    case 'eject':
      return (
        <Button
          label="Eject and try again"
          onPress={() => void eject().then((done) => done && transfers.retry(id))}
        />
      );
    case 'replace':
      return <Button label="Replace" onPress={() => void transfers.replace(id)} />;
    case 'rename': {
      const taken = msd.value?.storage?.images ?? {};
      const isTaken = (candidate: string) => Object.hasOwn(taken, candidate);
      const allowed = allowedName(name);
      const other = allowed !== name && !isTaken(allowed) ? allowed : freeName(allowed, isTaken);
      return (
        <Button
          label={`Save as ${visibleName(other)}`}
          onPress={() => transfers.retry(id, other)}
        />
      );
    }
    case 'none':
      return null;
  }
}

/** What another session moves: visible, so that nobody wonders why the drive is busy. */
function OfOthers() {
  const { uploading, downloading } = msd.value?.storage ?? {};
  return (
    <>
      {uploading && (
        <Item
          name={visibleName(uploading.name)}
          text={`Somebody else brings it in: ${shareText(uploading.written, uploading.size)}`}
          bar={{ done: uploading.written, total: uploading.size }}
        />
      )}
      {downloading && (
        <Item
          name={visibleName(downloading.name)}
          text={`It is being downloaded: ${shareText(downloading.readed, downloading.size)}`}
          bar={{ done: downloading.readed, total: downloading.size }}
        />
      )}
    </>
  );
}

function waitingText(): string {
  if (msd.value === undefined) return 'Waits for the connection.';
  if (connected.value) return 'Waits until the drive is empty. Eject the image to go on.';
  return 'Waits for its turn.';
}

function progressText({ done, total, speed }: Extract<TransferState, { kind: 'running' }>): string {
  if (total !== undefined && done >= total) return 'All is sent; the server finishes it.';
  const left = secondsLeft(done, total, speed);
  return [
    shareText(done, total),
    ...(speed === undefined ? [] : [`${bytesText(speed)}/s`]),
    ...(left === undefined ? [] : [timeLeftText(left)]),
  ].join(' · ');
}

function shareText(done: number, total: number | undefined): string {
  if (!total) return bytesText(done);
  return `${Math.floor((100 * done) / total)} % of ${bytesText(total)}`;
}
