/** Kinds of functions, in the order of PiKVM's gadget. */
const KINDS = ['hid', 'mass_storage', 'ecm', 'eem', 'ncm', 'rndis', 'acm', 'uac2', 'uvc'];

/**
 * Names of functions (`hid.usb0`) in the order in which they are linked: the machine sees them so, and
 * there is firmware that takes only the first one, which is the keyboard. Unknown kinds come last.
 */
export function inGadgetOrder(names: readonly string[]): readonly string[] {
  const rank = (name: string) => {
    const at = KINDS.indexOf(name.split('.')[0] ?? '');
    return at < 0 ? KINDS.length : at;
  };
  const compare = (a: string, b: string) =>
    rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true });
  return [...names].sort(compare);
}
