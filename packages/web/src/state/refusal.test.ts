import { ERRORS } from '@crashcart/api';
import { describe, expect, it } from 'vitest';
import { RefusedError, UnreachableError } from '../api.ts';
import { driveRefusal, foreseenRefusal } from './refusal.ts';

const refused = (status: number, name: string, message = 'as the server says') =>
  driveRefusal(new RefusedError(status, name, message));

describe('a refusal of the drive', () => {
  it('has words of its own for every name that the drive can answer', () => {
    const names = Object.keys(ERRORS).filter((name) => /^(Msd|Client|Server|TooMany)/.test(name));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const { text } = refused(400, name, 'TEXT OF THE WIRE');
      if (name !== 'MsdLinkError') expect(text, name).not.toContain('TEXT OF THE WIRE');
      // A fact and a step.
      expect(text, name).toMatch(/^[A-Z].+\.$/s);
    }
  });

  it('offers the step that helps', () => {
    expect(refused(409, 'MsdIsBusyError').remedy).toBe('retry');
    expect(refused(400, 'MsdConnectedError').remedy).toBe('eject');
    expect(refused(400, 'MsdImageExistsError').remedy).toBe('rename');
    expect(refused(507, 'HTTP 507').text).toContain('full');
    expect(refused(403, 'ForbiddenError').remedy).toBe('none');
    expect(driveRefusal(new UnreachableError()).remedy).toBe('retry');
    expect(driveRefusal(new TypeError()).remedy).toBe('retry');
  });

  it('tells what the server says of a source that cannot be linked', () => {
    const { text } = refused(400, 'MsdLinkError', 'sftp needs rclone: apt install rclone');
    expect(text).toBe(
      'The image cannot be used from there. sftp needs rclone: apt install rclone.',
    );
  });

  it('tells names from addresses', () => {
    const validator = (message: string) => refused(400, 'ValidatorError', message).text;
    expect(validator("The argument '.x' is not a valid MSD image name")).toContain('name');
    expect(validator("The argument 'nope' is not a valid HTTP(S) URL")).toContain('http://');
    expect(validator('None argument is not a valid int')).toContain('valid int');
  });

  it('tells what the other server answers', () => {
    const text = "404, message='Not Found', url=URL('http://127.0.0.1/404')";
    expect(refused(400, 'ClientResponseError', text).text).toContain('(it answers 404)');
    expect(refused(400, 'ClientResponseError', 'gone').text).toContain('give the image. Check');
  });
});

describe('what is foreseen', () => {
  const nothing = { existing: undefined, free: 1_000 };

  it('goes on where all is well or nothing is known', () => {
    expect(foreseenRefusal('iso/a.iso', 1_000, nothing)).toBeUndefined();
    expect(foreseenRefusal('a', undefined, nothing)).toBeUndefined();
    expect(foreseenRefusal('a', 5, { existing: undefined, free: undefined })).toBeUndefined();
  });

  it('stops what has no room', () => {
    expect(foreseenRefusal('a', 1_001, nothing)?.text).toContain('1.00 kB are free');
  });

  it('stops what is there already, and replaces what is broken', () => {
    expect(foreseenRefusal('a', 1, { ...nothing, existing: { complete: true } })?.remedy).toBe(
      'rename',
    );
    expect(foreseenRefusal('a', 1, { ...nothing, existing: { complete: false } })?.remedy).toBe(
      'replace',
    );
  });

  it.each(['.hidden', 'a/.b/c', '../x', 'lost+found', ' .x', `${'ä'.repeat(121)}`])(
    'stops the name %s',
    (name) => {
      expect(foreseenRefusal(name, 1, nothing)?.text).toContain('name is not allowed');
    },
  );
});
