import type { MsdState } from '@crashcart/api';
import { msd } from '../state/machine.ts';
import { Button } from '../ui/button.tsx';
import { HoldButton } from '../ui/hold-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { connectDrive, driveActs, eject } from './drive.ts';
import { linkTrouble, visibleName } from './images.ts';

type Drive = NonNullable<MsdState['drive']>;

/** What is in the drive now. */
export function InDrive() {
  const drive = msd.value?.drive ?? undefined;
  const image = drive?.image ?? undefined;
  return (
    <section class="in-drive" aria-label="In the drive" data-full={drive?.connected === true}>
      <Icon name="disc" />
      <div role="status">
        {image !== undefined && <p class="image-name">{visibleName(image.name)}</p>}
        <p class={image === undefined ? undefined : 'note'}>{driveText(drive)}</p>
      </div>
      {drive !== undefined && image !== undefined && <DriveButtons drive={drive} />}
    </section>
  );
}

function DriveButtons({ drive }: { readonly drive: Drive }) {
  const disabled = driveActs.value || msd.value?.busy === true;
  if (!drive.connected) {
    return (
      <div class="button-row">
        <Button label="Connect" disabled={disabled} onPress={() => void connectDrive()} />
        <Button label="Clear" disabled={disabled} onPress={() => void eject()} />
      </div>
    );
  }
  if (!drive.rw) {
    return <Button label="Eject" icon="eject" disabled={disabled} onPress={() => void eject()} />;
  }
  // What the machine has not yet written would be lost.
  return (
    <>
      <HoldButton
        label="Eject"
        icon="eject"
        describedBy="eject-note"
        disabled={disabled}
        onHeld={() => void eject()}
      />
      <p id="eject-note" class="note">
        Eject it in the machine first, then hold for 1 s: it may still be writing.
      </p>
    </>
  );
}

function driveText(drive: Drive | undefined): string {
  if (drive === undefined) {
    return 'The drive is not there. Switch the machine on, or reset the drive.';
  }
  const { image, connected } = drive;
  if (image === null) return 'The drive is empty. Choose an image to insert it.';
  if (!connected) return 'Chosen, but the machine does not have it. Connect it to use it.';
  const gone = image.in_storage ? '' : ' It is no longer in the storage.';
  const trouble = linkTrouble(image.link);
  const link = trouble === undefined ? '' : ` ${trouble}.`;
  return `In the drive as a ${modeText(drive)}.${gone}${link}`;
}

function modeText({ cdrom, rw }: Drive): string {
  if (cdrom) return 'CD-ROM';
  return rw ? 'flash drive that the machine may write' : 'flash drive, read only';
}
