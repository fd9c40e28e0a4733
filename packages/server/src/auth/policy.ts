import type { Permission } from '@crashcart/api';

/** What the policy looks at. */
export interface Subject {
  readonly user: string;
  /** Aborted when the login behind it has ended. */
  readonly ended: AbortSignal;
}

/**
 * The one check point: whether this subject may do what needs `permission`. There are no roles yet:
 * whoever is logged in may do everything, whoever no longer is only what is public.
 */
export function may(subject: Subject, permission: Permission): boolean {
  return permission === 'public' || !subject.ended.aborted;
}
