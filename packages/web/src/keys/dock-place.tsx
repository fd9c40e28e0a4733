import { useLazy } from '../ui/use-lazy.ts';
import { keyboardDocked } from './dock.ts';

const load = async () => (await import('./keyboard-dock.tsx')).KeyboardDock;

/** Where the on-screen keyboard stands: below the screen, which gives room for it. */
export function DockPlace() {
  const { loaded: KeyboardDock } = useLazy(load, { wanted: keyboardDocked.value });
  if (!keyboardDocked.value || KeyboardDock === undefined) return null;
  return <KeyboardDock />;
}
