import { useRef, useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { driveFolder, drivePage } from './drive-view.ts';
import { fetchImage } from './image-transfers.ts';
import { visibleName } from './images.ts';
import { SubPage } from './sub-page.tsx';

/** Lets the server fetch an image from another one. */
export function FromUrl() {
  const url = useRef<HTMLInputElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const submit = () => {
    const given = url.current?.value.trim() ?? '';
    if (!/^https?:\/\/[^/]/i.test(given) || !URL.canParse(given)) {
      setTrouble('This is no address. It begins with http:// or https://.');
      url.current?.focus();
      return;
    }
    fetchImage(given, driveFolder.peek(), name.current?.value.trim() ?? '');
    drivePage.value = { kind: 'list' };
  };
  return (
    <SubPage title="Download from a URL">
      <form
        class="from-url"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <label class="field">
          <span>Address of the image</span>
          <input
            ref={url}
            type="url"
            class="mono"
            placeholder="https://"
            autocapitalize="off"
            spellcheck={false}
            aria-invalid={trouble !== undefined}
          />
        </label>
        <label class="field">
          <span>Name (or as the address calls it)</span>
          <input ref={name} class="mono" autocapitalize="off" spellcheck={false} />
        </label>
        <p class="note">
          The server fetches it itself, into {folderText()}. Keep this page open meanwhile.
        </p>
        {trouble !== undefined && (
          <p class="trouble" role="alert">
            <Icon name="alert" />
            <span>{trouble}</span>
          </p>
        )}
        <button type="submit" class="button primary">
          <Icon name="download" />
          <span class="label">Download</span>
        </button>
      </form>
    </SubPage>
  );
}

function folderText(): string {
  return driveFolder.value === ''
    ? 'the top folder'
    : `the folder ${visibleName(driveFolder.value)}`;
}
