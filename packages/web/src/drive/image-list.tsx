import { computed, signal } from '@preact/signals';
import { msd } from '../state/machine.ts';
import { bytesText, dateText } from '../state/units.ts';
import { Icon } from '../ui/icon.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { imageSort, images, inDrive } from './drive.ts';
import { driveFolder, drivePage } from './drive-view.ts';
import { FolderChoice } from './folder-choice.tsx';
import {
  foldersOf,
  foundImages,
  type Image,
  isDisc,
  linkTrouble,
  sortedImages,
  visibleName,
} from './images.ts';

/** Height of a row in px: two lines and a target for fingers. */
const ROW_PX = 52;

const search = signal('');
const sorted = computed(() => sortedImages(images.value, imageSort.value));
const found = computed(() =>
  foundImages(sorted.value, { folder: driveFolder.value, search: search.value }),
);
const folders = computed(() => foldersOf(images.value));

/** The images in the storage; one is opened by a press. */
export function ImageList() {
  const list = found.value;
  return (
    <section class="images" aria-label="Images">
      <div class="finder">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Search the images</span>
          <input
            type="search"
            placeholder="Search"
            value={search.value}
            onInput={({ currentTarget }) => {
              search.value = currentTarget.value;
            }}
          />
        </label>
        <FolderChoice folders={folders.value} />
        <label>
          <span class="hidden">Order</span>
          <select
            value={imageSort.value}
            onChange={({ currentTarget }) => {
              imageSort.value = currentTarget.value === 'newest' ? 'newest' : 'name';
            }}
          >
            <option value="name">By name</option>
            <option value="newest">Newest first</option>
          </select>
        </label>
      </div>
      <p class="note" role="status">
        {countText(list.length, images.value.length)}
      </p>
      {list.length > 0 && (
        <VirtualList
          label="Images"
          count={list.length}
          rowPx={ROW_PX}
          row={(index, tabIndex) => {
            const image = list[index];
            return image && <ImageRow image={image} tabIndex={tabIndex} />;
          }}
        />
      )}
    </section>
  );
}

function ImageRow({ image, tabIndex }: { readonly image: Image; readonly tabIndex: 0 | -1 }) {
  const isIn = inDrive.value?.name === image.name;
  const isComing = msd.value?.storage?.uploading?.name === image.name;
  const trouble = linkTrouble(image.link);
  const marks = [
    bytesText(image.size),
    ...(image.link ? ['linked'] : [dateText(image.modifiedMs)]),
    // Of a disc it goes without saying.
    ...(image.writable || image.link || isDisc(image.name) ? [] : ['read only']),
  ];
  return (
    <button
      type="button"
      class="image-row"
      tabIndex={tabIndex}
      data-image={image.name}
      title={visibleName(image.name)}
      onClick={() => {
        drivePage.value = { kind: 'image', name: image.name };
      }}
    >
      <span class="image-name">
        {image.folder !== '' && <span class="folder">{visibleName(image.folder)}/</span>}
        <bdi>{visibleName(image.file)}</bdi>
      </span>
      <span class="note">
        {isComing && 'On its way · '}
        {!image.complete && !isComing && (
          <span class="incomplete">
            <Icon name="alert" />
            Incomplete
            {' · '}
          </span>
        )}
        {trouble !== undefined && (
          <span class="incomplete">
            <Icon name="alert" />
            {trouble}
            {' · '}
          </span>
        )}
        {marks.join(' · ')}
      </span>
      {isIn && <span class="mark">In the drive</span>}
    </button>
  );
}

function countText(shown: number, all: number): string {
  if (all === 0) return 'There are no images yet. Upload one.';
  if (shown === all) return all === 1 ? '1 image' : `${all} images`;
  if (shown > 0) return `${shown} of ${all} images`;
  if (search.value !== '') return 'No image has these words. Clear the search to see all.';
  return `No images in ${visibleName(driveFolder.value)} yet. Upload one to make the folder.`;
}
