/** Ends of µStreamer's errors about a device that cannot be used, and what to do about them. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /: No such (file or directory|device)$/,
    'is it plugged in? crashcart doctor tells what is there',
  ],
  [/: Permission denied$/, 'add the user of the server to the group video'],
  [/: Device or resource busy$/, 'it is used by another program'],
];

/** What to do about an error of µStreamer; undefined for one that says it, as of a lost signal. */
export function captureRemedy(complaint: string): string | undefined {
  return REMEDIES.find(([error]) => error.test(complaint))?.[1];
}
