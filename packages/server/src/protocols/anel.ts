/**
 * ANEL NET-PwrCtrl outlets over HTTP.
 *
 *     GET  /strg.cfg            fields by `;`: outlet p (0..7) is on when field 1 + 5 p is `1`
 *     POST /ctrl.htm  Fp=1|0    switches outlet p
 */

/** Outlets of the largest model. */
export const ANEL_OUTLETS = 8;
const FIRST_FIELD = 1;
const FIELDS_PER_OUTLET = 5;

/** The outlets of strg.cfg, only those that it has; undefined when the text is something else. */
export function anelOutlets(text: string): readonly boolean[] | undefined {
  const fields = text.split(';', FIRST_FIELD + FIELDS_PER_OUTLET * ANEL_OUTLETS);
  const outlets: boolean[] = [];
  for (let outlet = 0; outlet < ANEL_OUTLETS; outlet += 1) {
    const field = fields[FIRST_FIELD + FIELDS_PER_OUTLET * outlet]?.trim();
    if (field !== '0' && field !== '1') break;
    outlets.push(field === '1');
  }
  return outlets.length > 0 ? outlets : undefined;
}

/** Body of the request that switches an outlet. */
export function anelCommand(outlet: number, on: boolean): string {
  return `F${outlet}=${on ? 1 : 0}`;
}
