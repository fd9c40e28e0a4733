import { signal } from '@preact/signals';

/** The panels beside the screen; one is open at a time. */
export type PanelName =
  | 'power'
  | 'log'
  | 'settings'
  | 'drive'
  | 'text'
  | 'keys'
  | 'sessions'
  | 'health'
  | 'screen'
  | 'more';

/** The open panel, if any. */
export const openPanel = signal<PanelName | undefined>(undefined);

/** Opens the panel, or closes it when it is open. */
export function togglePanel(name: PanelName): void {
  if (openPanel.peek() === name) closePanel();
  else openPanel.value = name;
}

/** Closes the open panel; the focus goes back to its button, or to that of all the others. */
export function closePanel(): void {
  const name = openPanel.peek();
  openPanel.value = undefined;
  if (name === undefined) return;
  const buttons = [`open-${name}`, 'open-more'].map((id) => document.getElementById(id));
  // A narrow bar hides some.
  buttons.find((button) => button !== null && button.offsetParent !== null)?.focus();
}
