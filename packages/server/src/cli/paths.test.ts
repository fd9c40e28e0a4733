import { describe, expect, it } from 'vitest';
import { commandFiles, defaultStateDir } from './paths.ts';

describe('commandFiles', () => {
  it('takes its own options out and leaves the rest', async () => {
    for (const state of [['--state', '/s'], ['--state=/s']]) {
      expect(await commandFiles(['set', ...state, 'admin', '-i'])).toMatchObject({
        rest: ['set', 'admin', '-i'],
        stateDir: '/s',
        htpasswdFile: '/s/htpasswd',
        totpFile: '/s/totp.secret',
      });
    }
  });
});

describe('defaultStateDir', () => {
  it('follows XDG_STATE_HOME when it is absolute', () => {
    expect(defaultStateDir({ XDG_STATE_HOME: '/x' })).toBe('/x/crashcart');
    expect(defaultStateDir({ XDG_STATE_HOME: 'x' })).toMatch(/\.local\/state\/crashcart$/);
  });
});
