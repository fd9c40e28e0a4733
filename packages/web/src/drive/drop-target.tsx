import { useEffect, useState } from 'preact/hooks';
import { msd } from '../state/machine.ts';
import { driveFolder, showDrive } from './drive-view.ts';

/** What the page says while files hang over it, or after a drop that it did not take. */
type Hint = { readonly text: string; readonly isTrouble: boolean };

/** How long a drop that was not taken is explained, in ms. */
const TOLD_MS = 6_000;

/** Takes files that are dropped anywhere onto the page. */
export function DropTarget() {
  const [hint, setHint] = useState<Hint | undefined>(undefined);
  useEffect(() => followDrops(setHint), []);
  useEffect(() => {
    if (hint?.isTrouble !== true) return;
    const timer = setTimeout(() => setHint(undefined), TOLD_MS);
    return () => clearTimeout(timer);
  }, [hint]);
  if (hint === undefined) return null;
  return (
    <div
      class="drop-target"
      data-trouble={hint.isTrouble}
      role={hint.isTrouble ? 'alert' : undefined}
    >
      <p>{hint.text}</p>
    </div>
  );
}

function followDrops(show: (hint: Hint | undefined) => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const on = (
    type: 'dragenter' | 'dragover' | 'dragleave' | 'drop',
    take: (event: DragEvent) => void,
  ) =>
    window.addEventListener(
      type,
      (event) => {
        if (event.dataTransfer?.types.includes('Files') === true) take(event);
      },
      { signal },
    );
  on('dragenter', (event) => {
    event.preventDefault();
    void loadTransfers().catch(() => undefined);
    show({ text: overText(), isTrouble: false });
  });
  // Without this the browser would leave the page for the file.
  on('dragover', (event) => event.preventDefault());
  on('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) show(undefined);
  });
  on('drop', (event) => {
    event.preventDefault();
    show(undefined);
    const files = filesOf(event.dataTransfer);
    void take(files).then((trouble) => trouble && show({ text: trouble, isTrouble: true }));
  });
  return () => listening.abort();
}

const loadTransfers = () => import('./image-transfers.ts');

/** Uploads the files; gives the reason where it does not. */
async function take(files: readonly File[]): Promise<string | undefined> {
  if (msd.peek()?.enabled === false) return NO_DRIVE;
  if (files.length === 0) return 'Folders are not taken. Drop the image files themselves.';
  try {
    const { uploadFiles } = await loadTransfers();
    uploadFiles(files, driveFolder.peek());
  } catch {
    return 'Nothing was uploaded, as the server was not reached. Drop the files again later.';
  }
  showDrive({ kind: 'list' });
  return undefined;
}

const NO_DRIVE = 'This machine has no drive. Set up `msd` in the configuration to use one.';

function overText(): string {
  if (msd.peek()?.enabled === false) return NO_DRIVE;
  const folder = driveFolder.peek();
  return folder === '' ? 'Drop to upload' : `Drop to upload to ${folder}`;
}

/** The files without the folders, which cannot be read as files. */
function filesOf(data: DataTransfer | null): readonly File[] {
  return [...(data?.items ?? [])].flatMap((item) => {
    if (item.kind !== 'file' || item.webkitGetAsEntry()?.isDirectory === true) return [];
    return item.getAsFile() ?? [];
  });
}
