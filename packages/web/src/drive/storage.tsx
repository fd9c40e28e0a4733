import { msd } from '../state/machine.ts';
import { bytesText } from '../state/units.ts';
import { Button } from '../ui/button.tsx';
import { HoldButton } from '../ui/hold-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { resetDrive } from './drive.ts';
import { driveFolder, drivePage } from './drive-view.ts';
import { uploadFiles } from './image-transfers.ts';
import { visibleName } from './images.ts';

/** Ways to bring images in, the room for them, and what helps a drive that hangs. */
export function Storage() {
  return (
    <section class="storage" aria-label="Storage">
      <div class="button-row">
        <label class="button primary">
          <Icon name="upload" />
          <span class="label">Upload</span>
          <input
            type="file"
            class="hidden"
            multiple
            aria-describedby="upload-note"
            onChange={({ currentTarget }) => {
              uploadFiles([...(currentTarget.files ?? [])], driveFolder.peek());
              // So that the same file can be chosen again.
              currentTarget.value = '';
            }}
          />
        </label>
        <Button
          label="From a URL"
          icon="link"
          onPress={() => {
            drivePage.value = { kind: 'url' };
          }}
        />
      </div>
      <p id="upload-note" class="note">
        {roomText()} <span class="by-mouse">Files can be dropped anywhere on the page.</span>
      </p>
      <details>
        <summary>The drive hangs?</summary>
        <div class="act">
          <HoldButton
            label="Reset the drive"
            icon="reset"
            describedBy="drive-reset-note"
            onHeld={() => void resetDrive()}
          />
          <p id="drive-reset-note">
            Hold for 1 s. Takes the image out by force, even if the machine is using it.
          </p>
        </div>
      </details>
    </section>
  );
}

/** `120 GB of 200 GB are free.`; by name where the storage has several parts. */
function roomText(): string {
  const parts = Object.entries(msd.value?.storage?.parts ?? {});
  const rooms = parts.map(([prefix, { free, size, writable }]) => {
    const where =
      parts.length > 1 ? ` in ${prefix === '' ? 'the top folder' : visibleName(prefix)}` : '';
    return `${bytesText(free)} of ${bytesText(size)} are free${where}${writable ? '' : ', read only'}.`;
  });
  return rooms.join(' ');
}
