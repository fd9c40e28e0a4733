/**
 * Philips Hue bridge, its version 1 API.
 *
 *     GET /api/TOKEN/lights               {"1": {"state": {"on": true, ...}, ...}, ...}
 *     PUT /api/TOKEN/lights/ID/state      {"on": true}
 *
 * A bridge answers errors with 200, too: `[{"error": {"description": ..., ...}}]`.
 */

/** Path of the list of lights. */
export function hueLightsPath(token: string): string {
  return `/api/${encodeURIComponent(token)}/lights`;
}

/** Path of the state of one light. */
export function hueStatePath(token: string, light: string): string {
  return `${hueLightsPath(token)}/${encodeURIComponent(light)}/state`;
}

/** Body that switches a light. */
export function hueCommand(on: boolean): string {
  return JSON.stringify({ on });
}

/** The bridge answered with an error, or with something else than lights. */
export class HueError extends Error {
  override readonly name = 'HueError';
}

/** Which lights are on, by id. Throws HueError. */
export function hueLights(text: string): ReadonlyMap<string, boolean> {
  const value = parse(text);
  if (!isRecord(value)) throw new HueError('The bridge did not answer with lights');
  const lights = new Map<string, boolean>();
  for (const [id, light] of Object.entries(value)) {
    const state = isRecord(light) ? light.state : undefined;
    if (isRecord(state) && typeof state.on === 'boolean') lights.set(id, state.on);
  }
  return lights;
}

/** Throws HueError when the answer to a command says that it failed. */
export function checkHueAnswer(text: string): void {
  parse(text);
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HueError('The bridge did not answer with JSON', { cause: error });
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  for (const item of items) {
    const failure = isRecord(item) ? item.error : undefined;
    if (isRecord(failure)) throw new HueError(`The bridge refused: ${String(failure.description)}`);
  }
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
