import { expect, it } from 'vitest';
import { choosePath, PATH_CHOICES, PATHS } from './paths.ts';

const LAST = { tiles: 'not offered', h264: 'not drawn', webrtc: 'not offered' } as const;
const ALL = { isSecure: true, hasDecoder: true, hasWebRtc: true };

it('takes tiles first and goes on to the next way for each that fails', () => {
  expect(choosePath('automatic', {}, ALL).path).toBe('tiles');
  expect(choosePath('automatic', { tiles: 'not offered' }, ALL).path).toBe('h264');
  const both = { tiles: 'not offered', h264: 'not drawn' } as const;
  expect(choosePath('automatic', both, ALL).path).toBe('webrtc');
  const last = choosePath('automatic', LAST, ALL);
  expect(last.path).toBe('mjpeg');
  expect(last.reason).toMatch(/^MJPEG: .*Not Tiles: the server .*Not H\.264: this browser could/);
});

it('never decodes on a page that is not secure or without a decoder, and says so', () => {
  const tried = { tiles: 'refused' } as const;
  const insecure = choosePath('automatic', tried, {
    isSecure: false,
    hasDecoder: false,
    hasWebRtc: false,
  });
  expect(insecure).toMatchObject({ path: 'mjpeg', reason: expect.stringContaining('HTTPS only') });
  expect(insecure.reason).toMatch(/Not Tiles: the connection was refused\. A proxy/);
  const old = choosePath('h264', {}, { isSecure: true, hasDecoder: false, hasWebRtc: false });
  expect(old).toMatchObject({ path: 'tiles', reason: expect.stringContaining('no WebCodecs') });
});

it('keeps to the way that a person chose while it works', () => {
  for (const path of PATHS) {
    const chosen = choosePath(path, {}, ALL);
    expect(chosen.path).toBe(path);
    expect(chosen.reason).toContain('You chose this way.');
  }
  const failed = choosePath('h264', { h264: 'not offered' }, ALL);
  expect(failed.path).toBe('tiles');
  expect(failed.reason).toContain('Not H.264: the server does not offer it');
});

it('takes whole tiles only where nothing packs them', () => {
  const whole = { tiles: 'whole' } as const;
  expect(choosePath('automatic', whole, ALL)).toMatchObject({
    path: 'h264',
    reason: expect.stringMatching(/Not Tiles: the capture device gives whole pictures\./),
  });
  expect(choosePath('automatic', { ...whole, h264: 'not drawn' }, ALL).path).toBe('webrtc');
  const none = { ...whole, h264: 'not drawn', webrtc: 'no packets' } as const;
  expect(choosePath('automatic', none, ALL)).toMatchObject({
    path: 'tiles',
    reason: expect.stringMatching(/^Tiles: whole pictures.* Not H\.264.* Not WebRTC/),
  });
  expect(choosePath('tiles', whole, ALL)).toMatchObject({ path: 'tiles' });
  expect(choosePath('mjpeg', none, ALL)).toMatchObject({ path: 'mjpeg' });
});

it('gives each reason once', () => {
  for (const wanted of PATH_CHOICES) {
    const { reason } = choosePath(wanted, { tiles: 'refused', h264: 'not drawn' }, ALL);
    expect(reason.match(/Not Tiles/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(reason.match(/Not H\.264/g)?.length ?? 0).toBeLessThanOrEqual(1);
  }
});
