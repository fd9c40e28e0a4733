import { useState } from 'preact/hooks';
import { driveFolder } from './drive-view.ts';
import { visibleName } from './images.ts';

/** No folder can be called so: `//` is in no name. */
const NEW = '//new';

/** Which folder is shown and takes uploads; a new one is made by the first upload into it. */
export function FolderChoice({ folders }: { readonly folders: readonly string[] }) {
  const [isNew, setNew] = useState(false);
  const folder = driveFolder.value;
  if (isNew) {
    return (
      <label>
        <span class="hidden">New folder</span>
        <input
          ref={(input) => input?.focus()}
          class="mono"
          placeholder="New folder"
          value={folder}
          onChange={({ currentTarget }) => {
            driveFolder.value = tidy(currentTarget.value);
            setNew(false);
          }}
          onBlur={() => setNew(false)}
        />
      </label>
    );
  }
  const known = folder === '' || folders.includes(folder) ? folders : [folder, ...folders];
  return (
    <label>
      <span class="hidden">Folder</span>
      <select
        value={folder}
        onChange={({ currentTarget }) => {
          if (currentTarget.value === NEW) {
            driveFolder.value = '';
            setNew(true);
          } else driveFolder.value = currentTarget.value;
        }}
      >
        <option value="">All folders</option>
        {known.map((each) => (
          <option key={each} value={each}>
            {visibleName(each)}
          </option>
        ))}
        <option value={NEW}>New folder…</option>
      </select>
    </label>
  );
}

/** The folder as the server will name it. */
function tidy(folder: string): string {
  return folder
    .split('/')
    .map((part) => part.trim())
    .filter(Boolean)
    .join('/');
}
