import { INFO_CATEGORIES, type InfoCategory, type InfoState, ValidatorError } from '@crashcart/api';
import { EncodedResult } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

type View = Readonly<Record<string, unknown>>;

/** GET /info: encoded once per state and set of fields. */
export const infoHandlers: HandlersOf<'info'> = {
  info({ fields, legacy }, { host, services }) {
    const wanted = wantedFields(fields, legacy);
    const state = host.info.value;
    const bytes = services.encoded.of(state, `${legacy ? 'hw' : ''}:${wanted.join()}`, () =>
      legacy ? legacyView(state, wanted) : pick(state, wanted as readonly InfoCategory[]),
    );
    return new EncodedResult(bytes);
  },
};

/** Names that a request may have: PiKVM's before 4 had `hw`, and it is still the default. */
function allowedFields(legacy: boolean): readonly string[] {
  return legacy ? [...INFO_CATEGORIES, 'hw'] : INFO_CATEGORIES;
}

/** The asked fields, sorted and unique; all when none is asked. */
function wantedFields(fields: readonly string[], legacy: boolean): readonly string[] {
  const allowed = allowedFields(legacy);
  if (fields.length === 0) return allowed.filter((name) => !(legacy && name === 'health'));
  if (fields.some((name) => !allowed.includes(name))) {
    const shown = fields.map((name) => `'${name}'`).join(', ');
    throw new ValidatorError(`Failed sub-validator on one of the item of [${shown}]`);
  }
  return [...new Set(fields)].sort();
}

function pick(state: InfoState, names: readonly InfoCategory[]): View {
  return Object.fromEntries(names.map((name) => [name, state[name]]));
}

/** With `hw`, health is nowhere else, and the platform is not in `system`. */
function legacyView(state: InfoState, wanted: readonly string[]): View {
  if (!wanted.includes('hw')) return pick(state, wanted as readonly InfoCategory[]);
  const { platform, ...system } = state.system;
  const view: Record<string, unknown> = pick(
    state,
    INFO_CATEGORIES.filter((name) => name !== 'health' && wanted.includes(name)),
  );
  view.hw = { health: state.health, platform };
  if (wanted.includes('system')) view.system = system;
  return view;
}
