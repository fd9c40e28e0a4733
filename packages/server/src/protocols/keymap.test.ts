import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { typedText } from './keymap.ts';
import { isKeymapName, KEYMAP_NAMES, loadKeymap } from './keymaps.ts';

const stroke = (key: string, held = '') => ({
  key,
  shift: held.includes('shift'),
  altGr: held.includes('altgr'),
});

describe('a layout', () => {
  test('has keys for plain, shifted and AltGr characters', async () => {
    const de = await loadKeymap('de');
    expect(de.strokesFor('z')).toEqual([stroke('KeyY')]);
    expect(de.strokesFor('Ü')).toEqual([stroke('BracketLeft', 'shift')]);
    expect(de.strokesFor('@')).toEqual([stroke('KeyQ', 'altgr')]);
    expect(de.strokesFor('ẞ')).toEqual([stroke('KeyS', 'shift+altgr')]);
  });

  test('has its own keys for what others have by dead keys, which are the last resort', async () => {
    const fr = await loadKeymap('fr');
    expect(fr.strokesFor('é')).toEqual([stroke('Digit2')]);
    expect(fr.strokesFor('ô')).toEqual([stroke('BracketLeft'), stroke('KeyO')]);
    const us = await loadKeymap('en-us-altgr-intl');
    expect(us.strokesFor("'")).toEqual([stroke('Quote')]);
  });

  test('makes an accent of its own with a dead key and Space, or the key twice', async () => {
    const de = await loadKeymap('de');
    expect(de.strokesFor('^')).toEqual([stroke('Backquote'), stroke('Space')]);
    expect(de.strokesFor('´')).toEqual([stroke('Equal'), stroke('Equal')]);
  });

  test('types typographic signs as look-alikes only where it has none itself', async () => {
    const us = await loadKeymap('en-us');
    expect(us.strokesFor('„')).toEqual(us.strokesFor('"'));
    expect(us.strokesFor('–')).toEqual(us.strokesFor('-'));
    expect(us.replaced).toContain('„');
    const de = await loadKeymap('de');
    expect(de.strokesFor('„')).toEqual([stroke('KeyV', 'altgr')]);
    expect(de.replaced).not.toContain('„');
  });

  test('without Latin letters types ASCII by the place on a US keyboard, where it has no own', async () => {
    const ru = await loadKeymap('ru');
    expect(ru.strokesFor('q')).toEqual([stroke('KeyQ')]);
    expect(ru.strokesFor('.')).toEqual([stroke('Slash')]);
    expect(ru.byPosition).toMatch(/^#.*z.*~$/);
    expect((await loadKeymap('lt')).byPosition).toBe('');
  });

  test('cannot type what it has not', async () => {
    const us = await loadKeymap('en-us');
    for (const char of '中é—…\u0001\u001b😀') expect(us.strokesFor(char)).toBeUndefined();
  });
});

describe('all layouts', () => {
  test('are PiKVM’s', () => {
    expect(KEYMAP_NAMES.join(' ')).toBe(
      'ar bepo cz da de de-ch en-gb en-us en-us-altgr-intl en-us-colemak es et fi fo fr fr-be ' +
        'fr-ca fr-ch hr hu is it ja lt lv mk nl no pl pt pt-br ru sl sv th tr',
    );
    expect(isKeymapName('toString')).toBe(false);
  });

  test.each(KEYMAP_NAMES)('%s tells exactly what it types', async (name) => {
    const keymap = await loadKeymap(name);
    const told = [...keymap.characters, ...keymap.replaced, ...keymap.byPosition];
    expect(new Set(told).size).toBe(told.length);
    for (const char of told) {
      expect(char.normalize('NFC')).toBe(char);
      expect(keymap.strokesFor(char)?.length).toBeGreaterThan(0);
    }
    for (const char of 'abcABC123.,-_/\\|@ \n\t') expect(told).toContain(char);
  });

  test.each(KEYMAP_NAMES)('%s types no two characters in the same way', async (name) => {
    const keymap = await loadKeymap(name);
    const ways = [...keymap.characters].map((char) => JSON.stringify(keymap.strokesFor(char)));
    expect(new Set(ways).size).toBe(ways.length);
  });
});

describe('a typed text', () => {
  test('is composed, cut to its limit, and has one line end', () => {
    expect(typedText('e\u0301a\r\nb\r', 0)).toBe('éa\nb');
    expect(typedText('e\u0301abc', 2)).toBe('éa');
    expect(typedText('😀a', 1)).toBe('😀');
    expect(typedText('a\r\nb', 3)).toBe('a\n');
  });

  test('has at most as many characters as its limit, and those of its beginning', () => {
    const texts = fc.tuple(fc.string({ unit: 'binary' }), fc.nat(20));
    fc.assert(
      fc.property(texts, ([text, limit]) => {
        const typed = typedText(text, limit);
        if (limit > 0) expect([...typed].length).toBeLessThanOrEqual(limit);
        expect(text.normalize('NFC').replaceAll('\r', '').startsWith(typed)).toBe(true);
      }),
    );
  });
});
