import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Finger, Gestures, pointerGain, type TouchMode } from './gestures.ts';

/** Fingers on a screen, and what came of it. */
function touchOf(mode: TouchMode) {
  const told: string[] = [];
  let held: (() => void) | undefined;
  const round = (value: number) => Math.round(value * 100) / 100;
  const gestures = new Gestures(
    {
      moveTo: ({ x, y }) => told.push(`to ${round(x)},${round(y)}`),
      moveBy: (x, y) => told.push(`by ${round(x)},${round(y)}`),
      button: (button, state) => told.push(`${state ? '+' : '-'}${button}`),
      scroll: (x, y) => told.push(`scroll ${x},${y}`),
      zoom: (factor, { x, y }) => told.push(`zoom ${round(factor)} at ${x},${y}`),
      pan: (x, y) => told.push(`pan ${round(x)},${round(y)}`),
      felt: () => told.push('felt'),
      later: (_ms, then) => {
        held = then;
        return () => {
          held = undefined;
        };
      },
    },
    () => mode,
  );
  const fingers = (...points: [number, number][]): Finger[] =>
    points.map(([x, y], id) => ({ id, x, y }));
  return {
    told,
    down: (at: number, ...points: [number, number][]) => gestures.down(fingers(...points), at),
    move: (at: number, ...points: [number, number][]) => gestures.move(fingers(...points), at),
    up: (at: number, ...points: [number, number][]) => gestures.up(fingers(...points), at),
    cancel: () => gestures.cancel(),
    /** The finger rested long enough. */
    hold: () => held?.(),
    tap(at: number, x: number, y: number) {
      gestures.down(fingers([x, y]), at);
      gestures.up([], at + 50);
    },
  };
}

describe('direct touch', () => {
  it('clicks where it is tapped, though the finger trembles', () => {
    const touch = touchOf('direct');
    touch.down(0, [10, 20]);
    touch.move(20, [13, 22]);
    touch.up(90);
    expect(touch.told).toEqual(['to 10,20', '+left', '-left']);
  });

  it('drags from where the finger came down', () => {
    const touch = touchOf('direct');
    touch.down(0, [10, 20]);
    touch.move(20, [40, 20]);
    touch.move(40, [60, 30]);
    touch.up(60);
    expect(touch.told).toEqual(['to 10,20', '+left', 'to 40,20', 'to 60,30', '-left']);
  });

  it('clicks right when held, once', () => {
    const touch = touchOf('direct');
    touch.down(0, [10, 20]);
    touch.hold();
    touch.move(600, [80, 80]);
    touch.up(700);
    expect(touch.told).toEqual(['felt', 'to 10,20', '+right', '-right']);
  });

  it('does not take a moved finger for a held one', () => {
    const touch = touchOf('direct');
    touch.down(0, [10, 20]);
    touch.move(20, [40, 20]);
    touch.hold();
    touch.up(900);
    expect(touch.told).not.toContain('+right');
  });

  it('clicks right and middle with two and three fingers', () => {
    const touch = touchOf('direct');
    touch.down(0, [100, 100]);
    touch.down(20, [100, 100], [200, 100]);
    touch.up(80, [100, 100]);
    touch.up(100);
    expect(touch.told).toEqual(['to 150,100', '+right', '-right']);
    touch.down(1000, [0, 0]);
    touch.down(1010, [0, 0], [30, 0]);
    touch.down(1020, [0, 0], [30, 0], [60, 0]);
    touch.up(1100);
    expect(touch.told.slice(3)).toEqual(['to 30,0', '+middle', '-middle']);
  });

  it('does nothing when two fingers rest and go', () => {
    const touch = touchOf('direct');
    touch.down(0, [100, 100]);
    touch.down(20, [100, 100], [200, 100]);
    touch.up(2000);
    expect(touch.told).toEqual([]);
  });

  it('scrolls with two fingers, and what is under them follows', () => {
    const touch = touchOf('direct');
    touch.down(0, [100, 100]);
    touch.down(10, [100, 100], [200, 100]);
    touch.move(20, [100, 115], [200, 115]);
    touch.move(40, [100, 150], [200, 150]);
    touch.up(60, [100, 150]);
    touch.move(70, [300, 300]);
    touch.up(80);
    // 50 px are two steps and a rest; the finger that stayed a little longer does nothing.
    expect(touch.told).toEqual(['to 150,100', 'scroll 0,2']);
    touch.down(200, [100, 100]);
    touch.down(210, [100, 100], [200, 100]);
    touch.move(220, [40, 100], [140, 100]);
    expect(touch.told.at(-1)).toBe('scroll -3,0');
  });

  it('pinches the view and moves it with the fingers', () => {
    const touch = touchOf('direct');
    touch.down(0, [100, 100]);
    touch.down(10, [100, 100], [200, 100]);
    touch.move(20, [50, 100], [250, 100]);
    touch.move(40, [50, 120], [250, 120]);
    touch.up(60);
    expect(touch.told).toEqual(['zoom 2 at 150,100', 'pan 0,0', 'zoom 1 at 150,120', 'pan 0,20']);
  });

  it('moves the view with three fingers', () => {
    const touch = touchOf('direct');
    touch.down(0, [0, 0]);
    touch.down(5, [0, 0], [30, 0]);
    touch.down(10, [0, 0], [30, 0], [60, 0]);
    touch.move(20, [12, 0], [42, 0], [72, 0]);
    touch.up(30);
    expect(touch.told).toEqual(['pan 12,0']);
  });

  it('lets go when a second finger comes into a drag, or the browser takes over', () => {
    const touch = touchOf('direct');
    touch.down(0, [10, 20]);
    touch.move(20, [40, 20]);
    touch.down(30, [40, 20], [100, 20]);
    touch.move(40, [60, 60], [120, 60]);
    touch.up(60);
    expect(touch.told).toEqual(['to 10,20', '+left', 'to 40,20', '-left']);
    touch.down(1000, [10, 20]);
    touch.move(1020, [40, 20]);
    touch.cancel();
    expect(touch.told.at(-1)).toBe('-left');
  });
});

describe('the trackpad', () => {
  it('moves the pointer without a button', () => {
    const touch = touchOf('trackpad');
    touch.down(0, [10, 20]);
    touch.move(100, [20, 20]);
    touch.move(200, [20, 25]);
    touch.up(300);
    expect(touch.told).toEqual(['by 10,0', 'by 0,5']);
  });

  it('clicks where the pointer is, right when held', () => {
    const touch = touchOf('trackpad');
    touch.tap(0, 300, 300);
    touch.down(2000, [10, 20]);
    touch.hold();
    touch.up(2600);
    expect(touch.told).toEqual(['+left', '-left', 'felt', '+right', '-right']);
  });

  it('double clicks with two taps', () => {
    const touch = touchOf('trackpad');
    touch.tap(0, 300, 300);
    touch.tap(150, 302, 300);
    expect(touch.told).toEqual(['+left', '-left', '+left', '-left']);
  });

  it('drags with a tap and a finger that stays', () => {
    const touch = touchOf('trackpad');
    touch.tap(0, 300, 300);
    touch.down(150, [300, 300]);
    touch.move(250, [320, 300]);
    touch.up(350);
    expect(touch.told).toEqual(['+left', '-left', '+left', 'by 20,0', '-left']);
    touch.tap(1000, 300, 300);
    touch.down(1150, [300, 300]);
    touch.hold();
    expect(touch.told.at(-1)).toBe('+left');
    touch.up(1900);
    expect(touch.told.at(-1)).toBe('-left');
  });

  it('does not drag when the tap was long ago', () => {
    const touch = touchOf('trackpad');
    touch.tap(0, 300, 300);
    touch.down(900, [300, 300]);
    touch.move(1200, [330, 300]);
    expect(touch.told.slice(2)).toEqual(['by 30,0']);
  });
});

it('takes a fast finger farther', () => {
  expect(pointerGain(1, 16)).toBe(1);
  expect(pointerGain(20, 16)).toBeGreaterThan(2);
  expect(pointerGain(500, 1)).toBe(3);
});

it('leaves no button down, whatever fingers do', () => {
  const place = fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 99 }));
  const step = fc.record({ fingers: fc.array(place, { maxLength: 3 }), hold: fc.boolean() });
  fc.assert(
    fc.property(fc.constantFrom('direct', 'trackpad'), fc.array(step), (mode, steps) => {
      const touch = touchOf(mode);
      let [at, before] = [0, 0];
      for (const { fingers, hold } of [...steps, { fingers: [], hold: false }]) {
        at += 40;
        if (fingers.length > before) touch.down(at, ...fingers);
        else if (fingers.length < before) touch.up(at, ...fingers);
        else if (before > 0) touch.move(at, ...fingers);
        before = fingers.length;
        if (hold) touch.hold();
      }
      const buttons = touch.told.filter((each) => /^[+-]/.test(each));
      for (let n = 0; n < buttons.length; n += 2) {
        expect(buttons[n + 1]).toBe(buttons[n]?.replace('+', '-'));
      }
    }),
  );
});
