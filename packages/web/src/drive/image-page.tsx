import { useState } from 'preact/hooks';
import { atx, msd } from '../state/machine.ts';
import { closePanel } from '../state/panels.ts';
import { bytesText, dateText } from '../state/units.ts';
import { Button } from '../ui/button.tsx';
import { HoldButton } from '../ui/hold-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { RadioGroup } from '../ui/radio-group.tsx';
import {
  bootFrom,
  connected,
  driveActs,
  eject,
  type InsertMode,
  imageAddress,
  inDrive,
  insertImage,
  lockedReason,
  removeImage,
} from './drive.ts';
import { DriveFailure } from './drive-failure.tsx';
import { drivePage } from './drive-view.ts';
import { type Image, isDisc, linkTrouble, visibleName } from './images.ts';
import { SubPage } from './sub-page.tsx';

/** From this size on a CD-ROM drive cannot take an image, in bytes (PiKVM's limit). */
const DISC_LIMIT = 33_957_083_136;

/** One image: what it is, and all that can be done with it. */
export function ImagePage({
  name,
  image,
}: {
  readonly name: string;
  readonly image: Image | undefined;
}) {
  return (
    <SubPage title={<span class="image-name">{visibleName(name)}</span>} from={name}>
      {image === undefined ? (
        <p>This image is no longer in the storage. Go back and choose another one.</p>
      ) : (
        <>
          <p class="note">{factsText(image)}</p>
          <LinkNote image={image} />
          {!isUsable(image) && (
            <p class="trouble">
              <Icon name="alert" />
              <span>
                {image.complete ? 'There is nothing in it.' : 'Its upload broke off.'} Remove it and
                upload it again.
              </span>
            </p>
          )}
          <DriveFailure />
          {inDrive.value?.name === name && connected.value ? <Inside /> : <Insert image={image} />}
          <Keeping image={image} />
        </>
      )}
    </SubPage>
  );
}

/** Where a linked image is, and what is wrong there. */
function LinkNote({ image: { link } }: { readonly image: Image }) {
  if (link === undefined) return null;
  const trouble = linkTrouble(link);
  return (
    <>
      <p class="note">It stays at {visibleName(link.url)} and is read from there.</p>
      {trouble !== undefined && (
        <p class="trouble">
          <Icon name="alert" />
          <span>
            {trouble}: {visibleName(link.reason)}
          </span>
        </p>
      )}
    </>
  );
}

function Inside() {
  return (
    <div class="act">
      <Button
        label="Eject"
        icon="eject"
        disabled={driveActs.value || msd.value?.busy === true}
        onPress={() => void eject()}
      />
      <p>It is in the drive now.</p>
    </div>
  );
}

function Insert({ image }: { readonly image: Image }) {
  const [mode, setMode] = useState<InsertMode>(() => ({ cdrom: isDisc(image.name), rw: false }));
  const disabled = driveActs.value || msd.value?.busy === true || !isUsable(image);
  const isOn = atx.value?.leds.power === true;
  const isWritable = image.writable && !isDisc(image.name);
  const boot = async () => {
    if (!(await bootFrom(image.name, mode))) return;
    closePanel();
    document.getElementById('screen')?.focus();
  };
  return (
    <>
      <RadioGroup
        name="insert-as"
        legend="Insert as"
        value={mode.cdrom ? 'cdrom' : 'flash'}
        choices={[
          { value: 'cdrom', label: 'CD-ROM' },
          { value: 'flash', label: 'Flash drive' },
        ]}
        onChoose={(value) => setMode({ cdrom: value === 'cdrom', rw: false })}
      />
      {isWritable && (
        <RadioGroup
          name="insert-rw"
          legend="The machine may"
          value={mode.rw ? 'rw' : 'ro'}
          choices={[
            { value: 'ro', label: 'Only read it' },
            { value: 'rw', label: 'Read and write it' },
          ]}
          disabled={mode.cdrom}
          onChoose={(value) => setMode({ ...mode, rw: value === 'rw' })}
        />
      )}
      <p class="note">{modeNote(mode, image)}</p>
      <div class="act">
        <Button
          label="Insert"
          icon="disc"
          look="primary"
          disabled={disabled}
          onPress={() => void insertImage(image.name, mode)}
        />
        {connected.value && inDrive.value !== undefined && (
          <p>Takes {visibleName(inDrive.value.name)} out first.</p>
        )}
      </div>
      {atx.value?.enabled === true && (
        <div class="act">
          {isOn ? (
            <HoldButton
              label="Boot from it"
              icon="reset"
              describedBy="boot-note"
              disabled={disabled || atx.value.busy}
              onHeld={() => void boot()}
            />
          ) : (
            <Button
              label="Boot from it"
              icon="power"
              disabled={disabled || atx.value.busy}
              onPress={() => void boot()}
            />
          )}
          <p id="boot-note">
            {isOn
              ? 'Hold for 1 s. Inserts it and restarts the machine at once; unsaved work is lost.'
              : 'Inserts it and starts the machine.'}
          </p>
        </div>
      )}
    </>
  );
}

function Keeping({ image }: { readonly image: Image }) {
  const locked = lockedReason.value;
  const remove = async () => {
    if (await removeImage(image.name)) drivePage.value = { kind: 'list' };
  };
  return (
    <>
      <div class="act">
        {locked === undefined ? (
          <a class="button plain" href={imageAddress(image.name)} download={image.file}>
            <Icon name="download" />
            <span class="label">Download</span>
          </a>
        ) : (
          <Button label="Download" icon="download" disabled onPress={() => undefined} />
        )}
      </div>
      <div class="act">
        <HoldButton
          label="Remove"
          icon="trash"
          describedBy="remove-note"
          disabled={locked !== undefined || driveActs.value || !image.removable}
          onHeld={() => void remove()}
        />
        <p id="remove-note">{removeNote(image, locked)}</p>
      </div>
    </>
  );
}

function isUsable({ complete, size }: Image): boolean {
  return complete && size > 0;
}

function factsText({ size, modifiedMs, folder }: Image): string {
  const where = folder === '' ? '' : ` · in ${visibleName(folder)}`;
  return `${bytesText(size)} · ${dateText(modifiedMs)}${where}`;
}

function modeNote({ cdrom, rw }: InsertMode, image: Image): string {
  if (cdrom && image.size >= DISC_LIMIT) {
    return 'It is too big for a CD-ROM. Insert it as a flash drive.';
  }
  if (cdrom) return 'A CD-ROM is never written.';
  if (isDisc(image.name)) return 'An .iso is never written.';
  if (image.link) return 'A linked image is never written.';
  if (!image.writable) return 'This image is read only.';
  return rw ? 'What the machine writes changes the image for good.' : 'The image stays as it is.';
}

function removeNote({ removable, link }: Image, locked: string | undefined): string {
  if (locked !== undefined) return locked;
  if (link) return 'Hold for 1 s. It goes from this list, and stays where it is.';
  if (!removable) return 'This image cannot be removed here.';
  return 'Hold for 1 s. It cannot be brought back.';
}
