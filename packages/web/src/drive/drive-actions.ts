import { type Action, offer } from '../palette/actions.ts';
import { msd } from '../state/machine.ts';
import { connected, driveActs, eject, images, inDrive, resetDrive } from './drive.ts';
import { type DrivePage, showDrive } from './drive-view.ts';
import { visibleName } from './images.ts';

const hasDrive = () => msd.value?.enabled === true;

const page = (id: string, name: string, words: string, shown: DrivePage): Action => ({
  ...{ id: `drive.${id}`, name, words, group: 'Drive', available: hasDrive },
  run: () => showDrive(shown),
});

/** Does it with the panel open, which tells what comes of it. */
const act = (doIt: () => Promise<boolean>) => () => {
  showDrive({ kind: 'list' });
  void doIt();
};

offer(() => [
  page('open', 'Drive', 'open panel images disc media iso usb upload insert', { kind: 'list' }),
  page('url', 'Image from a URL', 'download fetch link web http nbd sftp smb iso', { kind: 'url' }),
  {
    id: 'drive.eject',
    name: `Eject ${visibleName(inDrive.value?.name ?? '')}`,
    words: 'drive disc disconnect take out',
    group: 'Drive',
    // What the machine has not yet written would be lost.
    danger: msd.value?.drive?.rw === true,
    available: () => connected.value && !driveActs.value,
    run: act(eject),
  },
  {
    id: 'drive.reset',
    name: 'Reset the drive',
    words: 'hangs force eject',
    group: 'Drive',
    danger: true,
    available: hasDrive,
    run: act(resetDrive),
  },
]);

offer(() =>
  images.value.map(({ name }) =>
    page(`image.${name}`, visibleName(name), 'image insert boot download remove', {
      kind: 'image',
      name,
    }),
  ),
);
