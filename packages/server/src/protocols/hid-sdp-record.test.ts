import { expect, it } from 'vitest';
import { hidSdpRecord } from './hid-sdp-record.ts';

const record = (names: Partial<Parameters<typeof hidSdpRecord>[0]> = {}) =>
  hidSdpRecord({
    ...{ product: 'HID Device', description: 'Keyboard', manufacturer: 'PiKVM' },
    reportDescriptor: Uint8Array.of(0x05, 0x01, 0xc0),
    ...names,
  });

/** Each attribute, in few words: what is in brackets is a sequence. */
function attributes(xml: string): Record<string, string> {
  const found = xml.matchAll(/<attribute id="0x(\w{4})">(.*)<\/attribute>/g);
  return Object.fromEntries(
    [...found].map(([, id = '', value = '']) => [
      id,
      value
        .replaceAll('<sequence>', '[')
        .replaceAll('</sequence>', ']')
        .replaceAll(/<(\w+)(?: encoding="\w+")? value="([^"]*)" \/>/g, '$1 $2 ')
        .replaceAll(' ]', ']'),
    ]),
  );
}

it('says what PiKVM says of its keyboard and mouse', () => {
  expect(attributes(record())).toEqual({
    '0001': '[uuid 0x1124]',
    '0004': '[[uuid 0x0100 uint16 0x0011][uuid 0x0011]]',
    '0005': '[uuid 0x1002]',
    '0006': '[uint16 0x656e uint16 0x006a uint16 0x0100]',
    '0009': '[[uuid 0x1124 uint16 0x0100]]',
    '000d': '[[[uuid 0x0100 uint16 0x0013][uuid 0x0011]]]',
    '0100': 'text HID Device ',
    '0101': 'text Keyboard ',
    '0102': 'text PiKVM ',
    '0200': 'uint16 0x0100 ',
    '0201': 'uint16 0x0111 ',
    '0202': 'uint8 0xc0 ',
    '0203': 'uint8 0x00 ',
    '0204': 'boolean false ',
    '0205': 'boolean false ',
    '0206': '[[uint8 0x22 text 0501c0]]',
    '0207': '[[uint16 0x0409 uint16 0x0100]]',
    '020b': 'uint16 0x0100 ',
    '020c': 'uint16 0x0c80 ',
    '020d': 'boolean false ',
    '020e': 'boolean false ',
    '020f': 'uint16 0x0640 ',
    '0210': 'uint16 0x0320 ',
  });
});

it('stays XML with any name', () => {
  const xml = record({ product: `a"<b>&\u0000'`, description: 'Tastatur für drüben' });
  expect(attributes(xml)).toMatchObject({
    '0100': "text a&quot;&lt;b&gt;&amp; ' ",
    '0101': 'text Tastatur für drüben ',
  });
});
