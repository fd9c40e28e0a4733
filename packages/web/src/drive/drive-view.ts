import { signal } from '@preact/signals';
import { openPanel } from '../state/panels.ts';

/** What the drive panel shows. */
export type DrivePage =
  | { readonly kind: 'list' }
  | { readonly kind: 'image'; readonly name: string }
  | { readonly kind: 'url' };

/** The page of the drive panel; kept while the panel is closed. */
export const drivePage = signal<DrivePage>({ kind: 'list' });
/** The folder that is shown and that uploads go to; empty = all, and the top. */
export const driveFolder = signal('');

/** Opens the drive panel on a page. */
export function showDrive(page: DrivePage): void {
  drivePage.value = page;
  openPanel.value = 'drive';
}
