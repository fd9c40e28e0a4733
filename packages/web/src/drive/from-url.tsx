import { useRef, useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { RadioGroup } from '../ui/radio-group.tsx';
import { driveActs, linkImage } from './drive.ts';
import { DriveFailure } from './drive-failure.tsx';
import { driveFolder, drivePage } from './drive-view.ts';
import { fetchImage } from './image-transfers.ts';
import { visibleName } from './images.ts';
import { SubPage } from './sub-page.tsx';

type Use = 'copy' | 'link';

const ADDRESS: Readonly<Record<Use, RegExp>> = {
  copy: /^https?:\/\/[^/]/i,
  link: /^(https?|nbds?|sftp|smb):\/\/[^/]|^nbd\+unix:\/\/\//i,
};
const BEGINNINGS: Readonly<Record<Use, string>> = {
  copy: 'http:// or https://',
  link: 'http://, https://, nbd://, sftp:// or smb://',
};

/** Lets the server fetch an image from another one, or use it there. */
export function FromUrl() {
  const url = useRef<HTMLInputElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [use, setUse] = useState<Use>('copy');
  const submit = async () => {
    const given = url.current?.value.trim() ?? '';
    if (!ADDRESS[use].test(given) || !URL.canParse(given)) {
      setTrouble(`This is no address. It begins with ${BEGINNINGS[use]}.`);
      url.current?.focus();
      return;
    }
    setTrouble(undefined);
    const image = name.current?.value.trim() ?? '';
    if (use === 'copy') fetchImage(given, driveFolder.peek(), image);
    else if (!(await linkImage(given, driveFolder.peek(), image))) return;
    drivePage.value = { kind: 'list' };
  };
  return (
    <SubPage title="Image from a URL">
      <form
        class="from-url"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
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
        <RadioGroup
          name="url-use"
          legend="Use it"
          value={use}
          choices={[
            { value: 'copy', label: 'As a copy' },
            { value: 'link', label: 'From there' },
          ]}
          onChoose={setUse}
        />
        <p class="note">
          {use === 'copy'
            ? `The server fetches it itself, into ${folderText()}. Keep this page open meanwhile.`
            : 'Nothing is copied: the machine reads it there while it is in the drive. ' +
              'Web servers, NBD, sftp and smb will do.'}
        </p>
        <DriveFailure />
        {trouble !== undefined && (
          <p class="trouble" role="alert">
            <Icon name="alert" />
            <span>{trouble}</span>
          </p>
        )}
        <button type="submit" class="button primary" disabled={driveActs.value}>
          <Icon name={use === 'copy' ? 'download' : 'link'} />
          <span class="label">{use === 'copy' ? 'Download' : 'Link'}</span>
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
