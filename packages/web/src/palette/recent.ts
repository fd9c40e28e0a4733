import { rememberedAs } from '../state/remembered.ts';
import type { Action } from './actions.ts';

/** So many of the last used actions come first. */
const KEPT = 5;
/** What is wanted most often; other groups come after these. */
const GROUPS = ['Panel', 'Drive', 'Power', 'Screen', 'Keys', 'Shortcut', 'Image', 'Setting'];

const recent = rememberedAs<readonly string[]>('recent', [], {
  write: (ids) => ids.join('\n'),
  read: (stored) => stored.split('\n').filter(Boolean).slice(0, KEPT),
});

/** Notes that the action was used. */
export function noteUse(id: string): void {
  recent.value = [id, ...recent.peek().filter((other) => other !== id)].slice(0, KEPT);
}

/** The same actions as they are shown before anything is searched: those used last first. */
export function likelyFirst(actions: readonly Action[]): readonly Action[] {
  const rank = ({ id, group = '' }: Action) => {
    const used = recent.peek().indexOf(id);
    if (used >= 0) return used;
    const at = GROUPS.indexOf(group);
    return KEPT + (at < 0 ? GROUPS.length : at);
  };
  return [...actions].sort((one, other) => rank(one) - rank(other));
}
