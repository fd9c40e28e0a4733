import './drive.css';
import { msd } from '../state/machine.ts';
import { images } from './drive.ts';
import { DriveFailure } from './drive-failure.tsx';
import { drivePage } from './drive-view.ts';
import { FromUrl } from './from-url.tsx';
import { ImageList } from './image-list.tsx';
import { ImagePage } from './image-page.tsx';
import { InDrive } from './in-drive.tsx';
import { Storage } from './storage.tsx';
import { Transfers } from './transfer-list.tsx';

/** The virtual drive: what is in it, the images, and how they get there. */
export function DrivePanel() {
  const state = msd.value;
  if (state === undefined) return <p class="note">Waiting for the server.</p>;
  if (!state.enabled) {
    return <p>This machine has no drive. Set up `msd` in the configuration to use one.</p>;
  }
  const page = drivePage.value;
  switch (page.kind) {
    case 'image':
      return (
        <ImagePage
          key={page.name}
          name={page.name}
          image={images.value.find(({ name }) => name === page.name)}
        />
      );
    case 'url':
      return <FromUrl />;
    case 'list':
      return (
        <>
          <InDrive />
          <DriveFailure />
          <Transfers />
          <Storage />
          <ImageList />
        </>
      );
  }
}
